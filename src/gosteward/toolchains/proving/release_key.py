"""A newer state of the certificate that Go's archives are signed by: from a file or a server, added to what is known.

That its primary key is the pinned one is seen here. That this key has made a new sub-key its own is judged by gpgv or pysequoia each time a
signature by it is judged: a sub-key that somebody else has put into the file counts for nothing. A revocation in it counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.formats import openpgp_packets
from gosteward.golang.proxyurls import masked
from gosteward.host.own_directory import OwnDirectory
from gosteward.toolchains.origins.web import UnreachableError
from gosteward.toolchains.proving import openpgp

if TYPE_CHECKING:
    from gosteward.host.local import LocalHost
    from gosteward.toolchains.origins.web import Web
    from gosteward.toolchains.proving.openpgp import Ring


class KeyRefreshed(NamedTuple):
    """The certificate as it is known now.  primary, added: fingerprints; of keys that are new.   path: where it is kept, "" if nothing was new."""

    primary: str
    added: tuple[str, ...]
    path: str


def refreshed(source: str, ring: Ring, web: Web, host: LocalHost) -> KeyRefreshed:
    """Add what a file or a server says of the pinned certificate to what is known of it.

    Raises:
        UsageError, UnreachableError: it cannot be had.   SignatureUnjudgedError: it is another certificate, or none.   OSError.
    """
    content = _certificates_of(source, web, host)
    known = ring.certificate()
    both = openpgp_packets.merged(known, ring.pinned(content, masked(source)))
    if len(both.written) > openpgp_packets.SIZE_LIMIT:
        raise UsageError("it is too long for a certificate", subject=masked(source))
    keys = OwnDirectory(f"{ring.state}/keys")
    if both.written != known.written:
        keys.put(openpgp.ADDED, both.written, sync=True)
    added = tuple(key for key in both.keys if key not in known.keys)
    return KeyRefreshed(both.primary, added, f"{keys.path}/{openpgp.ADDED}" if both.written != known.written else "")


def _certificates_of(source: str, web: Web, host: LocalHost) -> bytes:
    limit = openpgp_packets.SIZE_LIMIT
    if source.startswith(("http://", "https://")):
        answer = web.ask(source, limit)
        if answer.status != 200 or answer.cut:
            raise UnreachableError(f"the server answers {answer.status}", subject=masked(source))
        return answer.body
    try:
        return host.read(source, limit + 1)
    except OSError as error:
        raise UsageError(f"it cannot be read ({error.strerror})", subject=source) from error
