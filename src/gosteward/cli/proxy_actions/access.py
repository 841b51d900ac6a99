"""Flags for who may ask a proxy, and for TLS; and whether they are enough for others than this host."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.serve.access import AccessGate, Ways
    from gosteward.serve.own_certificate import ClientAuthorities, OwnCertificate
    from gosteward.serve.rereading import Reread
    from gosteward.serve.tls_listening import Tls, TlsFiles

OPTIONAL, REQUIRED = "optional", "required"


def add_access(parser: ArgumentParser) -> None:
    """--tls-cert, --tls-key, --client-ca, --client-certificates, --htpasswd, --tokens."""
    parser.add_argument(
        "--tls-cert", metavar="FILE", default="", help="speak TLS, with the certificates of this PEM file, and"
    )
    parser.add_argument("--tls-key", metavar="FILE", default="", help="their key; both are read again when they change")
    parser.add_argument(
        "--client-ca", metavar="FILE", default="", help="let in clients with a certificate of these authorities"
    )
    parser.add_argument(
        "--client-certificates", choices=(OPTIONAL, REQUIRED), default="",
        help="whether a certificate is one way to be let in, or what nobody does without, and a password comes on top of it "
        "(default: optional, where there are passwords or tokens; else required)",
    )  # fmt: skip
    parser.add_argument(
        "--htpasswd", metavar="FILE", default="", help="let in the users of this file, which `htpasswd -B` writes"
    )
    parser.add_argument(
        "--tokens", metavar="FILE", default="", help="let in who brings a token, see `gosteward proxy token`"
    )


class Guards(NamedTuple):
    """What decides, None for what was not asked for."""

    tls: Tls | None
    gate: AccessGate | None

    @property
    def reread(self) -> tuple[Reread, ...]:
        """What reads the files again."""
        return tuple(one.reread for one in (self.tls, self.gate) if one is not None)

    def certificate(self) -> OwnCertificate | None:
        """What is shown to clients now; None without TLS."""
        return self.tls.certificate if self.tls is not None else None

    def authorities(self) -> ClientAuthorities | None:
        """Those that sign the certificates of clients; None where none are asked for."""
        return self.tls.authorities if self.tls is not None else None

    def close(self) -> None:
        if self.gate is not None:
            self.gate.close()


class Protection(NamedTuple):
    """What was asked for.  tls: None for none.   ways: to be let in.   certificates_only: TLS alone decides.   insecure: none of it has to be."""

    tls: TlsFiles | None
    ways: Ways
    certificates_only: bool
    insecure: bool

    @property
    def asks(self) -> bool:
        """Whether requests have to bring something."""
        return bool(self.ways.htpasswd or self.ways.tokens or self.ways.certificates)

    def guards(self) -> Guards:
        """What decides, with its files read. Raises StewardError."""
        from gosteward.serve.access import AccessGate
        from gosteward.serve.tls_listening import Tls

        tls = Tls(self.tls) if self.tls is not None else None
        return Guards(tls, AccessGate(self.ways) if self.asks else None)

    def suffices_for(self, address: str) -> None:
        """Raises UsageError: others than this host could ask at an address, in clear, or without being known."""
        if self.insecure or (self.tls is not None and (self.asks or self.certificates_only)):
            return
        if self.tls is None:
            what = "others than this host could ask it, and passwords and modules would travel in clear"
            hint = "say --tls-cert FILE --tls-key FILE; or listen on 127.0.0.1 behind a web server with TLS; or --insecure-listen"
        else:
            what = "others than this host could ask it, whoever they are"
            hint = "say --htpasswd FILE, --tokens FILE or --client-ca FILE; or --insecure-listen"
        raise UsageError(what, subject=address, hint=hint)


def protection_of(options: Namespace) -> Protection:
    """What the flags ask for. Raises UsageError: they contradict each other."""
    from gosteward.serve.access import Ways  # here, as --help needs none of it
    from gosteward.serve.tls_listening import TlsFiles

    if bool(options.tls_cert) != bool(options.tls_key):
        raise UsageError("a certificate and its key belong together", subject=options.tls_cert or options.tls_key,
                         hint="--tls-cert FILE --tls-key FILE")  # fmt: skip
    if options.client_ca and not options.tls_cert:
        raise UsageError(
            "client certificates come with TLS alone", subject=options.client_ca, hint="add --tls-cert and --tls-key"
        )
    if options.client_certificates and not options.client_ca:
        raise UsageError(
            "whose certificates", subject="--client-certificates", hint="name their authorities by --client-ca FILE"
        )
    htpasswd, tokens, authorities = (_absolute(p) for p in (options.htpasswd, options.tokens, options.client_ca))
    wanted = options.client_certificates or (OPTIONAL if htpasswd or tokens else REQUIRED)
    ways = Ways(htpasswd, tokens, certificates=bool(authorities) and wanted == OPTIONAL)
    tls = None
    if options.tls_cert:
        certificate, key = _absolute(options.tls_cert), _absolute(options.tls_key)
        tls = TlsFiles(certificate, key, authorities, required=wanted == REQUIRED)
    return Protection(tls, ways, bool(authorities) and wanted == REQUIRED, options.insecure_listen)


def _absolute(path: str) -> str:
    return os.path.abspath(path) if path else ""
