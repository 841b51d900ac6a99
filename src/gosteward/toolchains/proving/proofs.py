"""What shows that an archive is the release that everybody got, and when that is enough.

log        the h1 of the tree is in the public transparency log: enough alone, as nobody can show one host another log than the rest
openpgp    a signature beside the archive is by the certificate that signs Go's archives: Google made these bytes, as whichever release
pinned     the SHA-256 of the archive is in the table that ships with this program
stated     the source itself states the SHA-256, in its list or beside the file: shows a sound transfer, and no more

The log alone is enough, else two of the others.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import FINDINGS, NOT_JUDGED, StewardError
from gosteward.formats.openpgp_status import SignatureRefusedError, SignatureUnjudgedError
from gosteward.golang import bootstrap, release_index, toolchain_names
from gosteward.golang.distribution import has_module_form
from gosteward.golang.toolchain_names import TOOLCHAIN_MODULE
from gosteward.host.descriptors import beginning
from gosteward.knowledge import release_digests
from gosteward.sumdb.refusals import UnjudgedError
from gosteward.toolchains.origins.web import UnreachableError
from gosteward.toolchains.proving import openpgp

if TYPE_CHECKING:
    from gosteward.sumdb.proof import LoggedHashes
    from gosteward.toolchains.origins.sources import Offer
    from gosteward.toolchains.origins.web import Web
    from gosteward.toolchains.proving.openpgp import Ring
    from gosteward.toolchains.proving.transparency import Log

ENOUGH_OTHERS = 2
DIGEST_LIMIT = 1 << 16


class MismatchError(StewardError):
    """An archive is not what it is said to be: nothing was installed, or built."""

    exit_code = FINDINGS


class UnprovedError(StewardError):
    """Nothing shows what an archive is: nothing was installed, or built."""

    exit_code = NOT_JUDGED


class Proof(NamedTuple):
    """One thing that was verified.

    Attributes:
        kind: "log", "openpgp", "pinned", "stated".   value: the h1 or SHA-256 that it vouches for.   by: who says so, for people.
        text: a proof that can be verified again without network (c2sp.org/tlog-proof), "" where there is none.
    """

    kind: str
    value: str
    by: str
    text: str = ""


class Evidence(NamedTuple):
    """What was found for an archive.  missing: why a proof that is looked for was not had, for people."""

    proofs: tuple[Proof, ...]
    missing: tuple[str, ...] = ()

    @property
    def h1(self) -> str:
        """The h1 that the tree must have, "" if none is known."""
        return next((proof.value for proof in self.proofs if proof.kind == "log"), "")

    @property
    def enough(self) -> bool:
        """Whether the archive may be installed."""
        return bool(self.h1) or len({p.kind for p in self.proofs}) >= ENOUGH_OTHERS


def gathered(offer: Offer, sha256: str, web: Web, log: Log, archive: str = "", ring: Ring | None = None) -> Evidence:
    """All that speaks for an archive.

    Args:
        sha256: of the archive as it is here.   archive: path of the file in a directory of ours that it was downloaded to.
        ring: whose signature is looked for; None for no signature.

    Raises:
        MismatchError: something speaks against it.   ForgeryError: the checksum database is forged.
        PrivilegeError: a directory of ours is not ours alone.   OSError.
    """
    proofs: list[Proof] = []
    missing: list[str] = []
    for found in (
        _of_log(offer, log),
        _signed(offer, sha256, web, archive, ring),
        _pinned(offer, sha256),
        _stated(offer, sha256, web),
    ):
        if isinstance(found, Proof):
            proofs.append(found)
        elif found:
            missing.append(found)
    return Evidence(tuple(proofs), tuple(missing))


def _of_log(offer: Offer, log: Log) -> Proof | str:
    if offer.form == "source":  # no log has it
        return ""
    if offer.form != "module" and not has_module_form(offer.version):
        return f"log: it has module zips only of releases before go1.21, and this is a tarball of {offer.version}"
    version = toolchain_names.module_version(offer.version, offer.platform)
    if offer.proof:
        found = log.accept(TOOLCHAIN_MODULE, version, offer.proof, offer.head)
        return Proof("log", found.zip_h1, shown(log, found), found.proof)
    try:
        found = log.logged(TOOLCHAIN_MODULE, version)
    except (UnjudgedError, UnreachableError) as error:
        return f"log: {error.what}"
    return Proof("log", found.zip_h1, shown(log, found), found.proof)


def shown(log: Log, found: LoggedHashes) -> str:
    """Which record of which log, for people."""
    return f"{log.key.name}, record {found.record}"


def _signed(offer: Offer, sha256: str, web: Web, archive: str, ring: Ring | None) -> Proof | str:
    if offer.form == "module" or not (offer.url or offer.path) or ring is None:
        return ""
    try:
        if offer.url:
            found = openpgp.verified(offer.url, archive, sha256, web, ring)
        else:
            beside = openpgp.verified_beside(offer.path, sha256, ring)
            if beside is None:
                return ""
            found = beside
    except SignatureRefusedError as error:
        hint = "try another source with --from; if that differs too, somebody changes what you download"
        raise MismatchError(
            f"{error}: nothing was {_undone(offer)}", subject=f"{offer.shown}.asc", hint=hint
        ) from error
    except (SignatureUnjudgedError, UnreachableError) as error:
        return f"openpgp: {error}" + (f" ({error.hint})" if error.hint else "")
    day = time.strftime("%Y-%m-%d", time.gmtime(found.made_at))
    return Proof("openpgp", sha256, f"{found.primary}, sub-key {found.signing_key}, {day}")


def _pinned(offer: Offer, sha256: str) -> Proof | str:
    """What the table that ships with us says of the file, or that it does not have it."""
    if offer.form == "module":
        return ""
    archive = offer.form == "archive"
    name = (
        toolchain_names.archive_name(offer.version, offer.platform) if archive else bootstrap.sources_of(offer.version)
    )
    known = release_digests.pinned(name)
    if known is None:
        return f"pinned: the table of {release_digests.AS_OF} does not have {name}"
    _refuse_other(offer, name, "the pinned SHA-256", known.sha256, sha256)
    return Proof("pinned", known.sha256, f"the table of {release_digests.AS_OF}")


def _stated(offer: Offer, sha256: str, web: Web) -> Proof | str:
    if offer.form == "module" or not offer.url:
        return _stated_beside(offer, sha256) if offer.path else ""
    if offer.sha256:
        _refuse_other(offer, offer.shown, "the SHA-256 in the list of releases", offer.sha256, sha256)
        return Proof("stated", offer.sha256, offer.source)
    try:
        answer = web.ask(f"{offer.url}.sha256", DIGEST_LIMIT)
        if answer.status != 200:
            return f"stated: {offer.source} answers {answer.status} for the SHA-256"
        stated = release_index.parse_digest(answer.body.decode("utf-8", "replace"))
    except (UnreachableError, release_index.ReleaseIndexError) as error:
        return f"stated: {error.what}"
    _refuse_other(offer, offer.shown, "the SHA-256 beside it", stated, sha256)
    return Proof("stated", stated, offer.source)


def _stated_beside(offer: Offer, sha256: str) -> Proof | str:
    """What FILE.sha256 beside a local archive says, as a server has it or as sha256sum writes it; "" if there is none."""
    beside = f"{offer.path}.sha256"
    try:
        content = beginning(beside, DIGEST_LIMIT)
        if content is None:
            return ""
        words = content.decode("utf-8", "replace").split()
        named = len(words) == 2 and words[1].lstrip("*").rpartition("/")[2] == offer.path.rpartition("/")[2]
        stated = release_index.parse_digest(words[0] if named else " ".join(words))
    except OSError as error:
        return f"stated: {beside}: {error.strerror}"
    except release_index.ReleaseIndexError as error:
        return f"stated: {beside}: {error.what}"
    _refuse_other(offer, offer.shown, "the SHA-256 beside it", stated, sha256)
    return Proof("stated", stated, beside)


def _refuse_other(offer: Offer, subject: str, what: str, wanted: str, found: str) -> None:
    """Compare two digests.  what: the wanted one, for people. Raises MismatchError."""
    if wanted != found:
        raise MismatchError(
            f"{what} is {wanted}, and the archive has {found}: nothing was {_undone(offer)}",
            subject=subject,
            hint="try another source with --from; if that differs too, somebody changes what you download",
        )


def _undone(offer: Offer) -> str:
    return "built" if offer.form == "source" else "installed"


def unproved(offer: Offer, evidence: Evidence) -> UnprovedError:
    """What to raise where an archive must not be installed."""
    found = ", ".join(f"{proof.kind} ({proof.by})" for proof in evidence.proofs) or "nothing"
    return UnprovedError(
        f"what speaks for it is not enough: {found}; missing: {'; '.join(evidence.missing)}",
        subject=f"{offer.version} from {offer.source}",
        hint="let it reach a module proxy that serves the checksum database, or give a reason with --allow-unverified",
    )
