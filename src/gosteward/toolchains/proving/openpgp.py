"""The signature beside an archive, FILE.asc, on a server or here: go.dev and its mirrors have one for each tar.gz, by Google's certificate.

It says who made these bytes, not which release they are: a mirror can give an old archive with its own signature under a new name. That
the archive is what its name says is seen when it is unpacked (VERSION).

1. The signature is asked for, and taken apart: it is one packet, and nothing else.
2. The ring is what ships with this program, with what `keys/go.asc` of the state directory adds: a newer state of the same certificate.
3. pysequoia judges, where it is installed: its yes counts, if the rules of `formats.openpgp_status` hold.
4. Else gpgv does, which gives reasons; what it says is read by `formats.openpgp_status`.

`gosteward refresh --key` puts a newer certificate there, see `release_key`.
"""

from __future__ import annotations

import importlib
import os
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats import openpgp_packets, openpgp_status
from gosteward.formats.openpgp_packets import PacketError
from gosteward.formats.openpgp_status import (
    GO_RELEASE_KEY,
    Signature,
    SignatureUnjudgedError,
)
from gosteward.golang.proxyurls import masked
from gosteward.host import checking
from gosteward.host.checking import roots_alone
from gosteward.host.descriptors import beginning
from gosteward.host.own_directory import OwnDirectory
from gosteward.knowledge import go_release_key
from gosteward.toolchains.origins.web import digest_of

if TYPE_CHECKING:
    from gosteward.formats.openpgp_packets import Certificate, Packet
    from gosteward.host.own_directory import Growing
    from gosteward.toolchains.origins.web import Web

PROGRAMS = ("/usr/bin/gpgv", "/usr/local/bin/gpgv", "/bin/gpgv")
ANSWER_LIMIT = 1 << 16
SECONDS = 120.0
_PIECE = 1 << 20
ADDED = "go.asc"
# Nothing of the caller's. GNUPGHOME and HOME have no say as the home directory is given.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
_HASHES = {"SHA256", "SHA384", "SHA512"}


class Ring(NamedTuple):
    """Whose signatures count, and who judges them.

    Attributes:
        cache, state: directories of this user, as from `own_directory`.   primary: fingerprint of the pinned primary key.
        shipped: the certificate as this program knows it, armoured or not.   programs: where gpgv may be.   library: "" for none.
    """

    cache: str
    state: str
    primary: str = GO_RELEASE_KEY
    shipped: bytes = b""
    programs: tuple[str, ...] = PROGRAMS
    library: str = "pysequoia"

    def certificate(self) -> Certificate:
        """The pinned certificate, as new as it is known here.

        Raises:
            SignatureUnjudgedError: what was added is another one, or none.
        """
        known = self.pinned(self.shipped or go_release_key.certificate(), "the certificate of this program")
        keys = OwnDirectory(f"{self.state}/keys")
        added = keys.read(ADDED, openpgp_packets.SIZE_LIMIT)
        return known if added is None else openpgp_packets.merged(known, self.pinned(added, f"{keys.path}/{ADDED}"))

    def pinned(self, content: bytes, name: str) -> Certificate:
        """The pinned certificate in a file.  name: of that, for people. Raises SignatureUnjudgedError: it is another one, or none."""
        try:
            found = openpgp_packets.certificates(content)
        except PacketError as error:
            raise SignatureUnjudgedError(error.what, reason="ring", subject=name) from error
        for certificate in found:
            if certificate.primary == self.primary:
                return certificate
        raise SignatureUnjudgedError(f"it is not the certificate {self.primary}", reason="ring", subject=name)


def verified(url: str, archive: str, digest: str, web: Web, ring: Ring) -> Signature:
    """Verify the signature that a server has beside an archive.

    Args:
        url: of the archive.   archive: path of the file in a directory of ours that it was downloaded to.   digest: its SHA-256.

    Raises:
        SignatureRefusedError: it speaks against the archive.   SignatureUnjudgedError, UnreachableError: nothing is known.
        PrivilegeError: a directory of ours is not ours alone.   OSError.
    """
    signature = _asked(f"{url}.asc", web)
    directory, _, name = archive.rpartition("/")
    # Nobody else of ours writes to it meanwhile, so that the bytes that are judged are those that have this digest.
    with OwnDirectory(directory).growing(name) as file:
        return _judged(file, archive, digest, signature, ring)


def verified_beside(archive: str, digest: str, ring: Ring) -> Signature | None:
    """Verify the signature in a file beside an archive that is here, in a directory of anybody; None if there is no such file.

    A copy in a directory of ours is judged, which nobody can change meanwhile. Raises as `verified`.
    """
    beside = f"{archive}.asc"
    content = beginning(beside, ANSWER_LIMIT)
    if content is None:
        return None
    signature = _taken_apart(content, beside)
    ours, name = OwnDirectory(f"{ring.cache}/openpgp"), f"{digest[:32]}.archive"
    try:
        with ours.growing(name) as copy:
            copy.restart()
            _copy(archive, copy)
            return _judged(copy, f"{ours.path}/{name}", digest, signature, ring)
    finally:
        ours.remove(name)


def _judged(file: Growing, archive: str, digest: str, signature: Packet, ring: Ring) -> Signature:
    """What the signature says of a file that only we write, which is open and has this path."""
    certificate = ring.certificate()
    if digest_of(file.descriptor) != digest:
        raise SignatureUnjudgedError("the archive has changed since it was read", reason="changed", subject=archive)
    return _of_library(archive, signature, certificate, ring.library) or _of_gpgv(archive, signature, certificate, ring)


def _asked(url: str, web: Web) -> Packet:
    answer = web.ask(url, ANSWER_LIMIT)
    if answer.status != 200:
        raise SignatureUnjudgedError(f"the server answers {answer.status}", reason="no-signature", subject=masked(url))
    return _taken_apart(answer.body, masked(url))


def _taken_apart(content: bytes, subject: str) -> Packet:  # 1
    try:
        return openpgp_packets.signature(content)
    except PacketError as error:
        raise SignatureUnjudgedError(error.what, reason="no-signature", subject=subject) from error


def _copy(path: str, into: Growing) -> None:
    """Raises OSError."""
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            into.append(piece)


def _of_library(archive: str, signature: Packet, certificate: Certificate, name: str) -> Signature | None:  # 3
    """What pysequoia accepts and our rules do not forbid; None for all else, as it gives no reasons."""
    try:
        library = importlib.import_module(name) if name else None
    except ImportError:
        library = None
    if library is None:
        return None
    try:
        one = library.Sig.from_bytes(signature.written)
        ring = [library.Cert.from_bytes(certificate.written)]
        found = library.verify(file=archive, store=lambda _: ring, signature=one).valid_sigs
        key, primary = found[0].signing_key.upper(), found[0].certificate.upper()
        hash_, binary = (
            str(one.hash_algorithm).rpartition(".")[2],
            str(one.signature_type).rpartition(".")[2] == "Binary",
        )
        made_at = int(one.created.timestamp())
    except BaseException as error:  # it has one error for everything, and panics as BaseException; gpgv is asked next
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        return None
    # Sequoia lets a signature count that is older than a revocation for a harmless reason; gpgv does not, and we do not.
    fine = len(found) == 1 and hash_ in _HASHES and binary and not certificate.revokes(key)
    return Signature(primary, key, made_at, 0, hash_) if fine and primary == certificate.primary else None


def _of_gpgv(archive: str, signature: Packet, certificate: Certificate, ring: Ring) -> Signature:  # 4
    program = _gpgv(ring.programs)
    ours = OwnDirectory(f"{ring.cache}/openpgp")
    names = [f"{sha256(content).hexdigest()[:32]}.gpg" for content in (certificate.written, signature.written)]
    ours.put(names[0], certificate.written)
    ours.put(names[1], signature.written)
    directory = ours.opened(".")
    try:
        # The home directory is one that is not there, in a directory of ours. Descriptor 0 leads to /dev/null: prose goes there.
        options = ("--status-fd", "1", "--logger-fd", "0", "--homedir", "./none", "--keyring", f"./{names[0]}")
        argv = (program, *options, "--", f"./{names[1]}", archive)
        _, said = checking.run_as(None, argv, ENVIRONMENT, directory, SECONDS)
    except OSError as error:
        raise SignatureUnjudgedError(f"gpgv does not start ({error.strerror})", reason="unchecked") from error
    finally:
        os.close(directory)
        ours.remove(names[1])
    status = said.encode("utf-8", "surrogatepass")
    if len(status) >= checking.KEPT:  # its beginning is lost
        raise SignatureUnjudgedError("gpgv said too much", reason="malformed")
    try:
        return openpgp_status.parse(status, ring.primary)
    except SignatureUnjudgedError as error:
        if error.reason == "unknown-key":
            error.hint = "`gosteward refresh --key FILE` takes a newer certificate of Google's"
        raise


def _gpgv(programs: tuple[str, ...]) -> str:
    """A gpgv that nobody but root can change: PATH has no say. Raises SignatureUnjudgedError."""
    for path in programs:
        found = os.path.realpath(path)
        if os.path.exists(found) and roots_alone(found):
            return found
    raise SignatureUnjudgedError(
        "there is no gpgv that only root can change", reason="no-program", hint="install the package gpgv"
    )
