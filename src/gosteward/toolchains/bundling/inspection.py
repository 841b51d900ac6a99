"""What a bundle really holds, found without any network: each claim of it is compared with its bytes, and each proof with a key.

For a release: 1. the SHA-256 of its archive, and the one of the pinned table where that has it, 2. the h1 of what the archive holds,
3. the proof that this h1 is in the log. All tree heads: 4. signed by the key, 5. none excludes another, or one that this host remembers.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import FINDINGS, HEALTHY, NOT_JUDGED, StewardError
from gosteward.finding import Text
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang import toolchain_names
from gosteward.golang.toolchain_names import TOOLCHAIN_MODULE
from gosteward.host import archive_hashing
from gosteward.host.archive_hashing import Part
from gosteward.knowledge import release_digests
from gosteward.sumdb import note, proof, tlog
from gosteward.sumdb.refusals import ForgeryError, RefusalError
from gosteward.toolchains.origins import bundle_file
from gosteward.toolchains.verifying.checks import FAILED, NOTE, OK, UNJUDGED, Check

if TYPE_CHECKING:
    from gosteward.golang.bundle_manifest import BundledRelease
    from gosteward.toolchains.origins.bundle_file import BundleFile
    from gosteward.toolchains.proving.transparency import Log


class Judged(NamedTuple):
    """A release of a bundle, and what was found about it."""

    release: BundledRelease
    checks: tuple[Check, ...]


class Inspection(NamedTuple):
    """What was found.

    Attributes:
        key: name and hash of the key that was believed.   checks: about the bundle as a whole.   hashed: whether the archives were.
    """

    bundle: BundleFile
    key: str
    checks: tuple[Check, ...]
    releases: tuple[Judged, ...]
    hashed: bool

    @property
    def exit_code(self) -> int:
        """1: something is wrong.  3: what this host remembers of the log cannot be read.  0: all is proved, as far as it was looked at."""
        checks = (*self.checks, *(check for judged in self.releases for check in judged.checks))
        found = {check.status for check in checks}
        return FINDINGS if FAILED in found else NOT_JUDGED if UNJUDGED in found else HEALTHY


def inspect(path: str, log: Log, *, quick: bool = False) -> Inspection:
    """Verify a bundle.

    Args:
        log: whose key is believed, and whose remembered heads are compared; it is not asked.   quick: archives are not hashed.
    Raises:
        UsageError: it cannot be read.   DecodeError: it is no bundle.   ArchiveError: it was cut, or its parts do not fit each other.
        PrivilegeError: our state directory is not ours alone.
    """
    bundle = bundle_file.read(path)
    descriptor = bundle_file.opened(path)
    try:
        releases = tuple(
            Judged(release, (*(() if quick else _archive(bundle, release, descriptor)), _proof(release, log)))
            for release in bundle.manifest.releases
        )
    finally:
        os.close(descriptor)
    return Inspection(bundle, log.key.shown, (_head(bundle, log), *_contradictions(bundle, log)), releases, not quick)


def _archive(bundle: BundleFile, release: BundledRelease, descriptor: int) -> tuple[Check, ...]:
    member = bundle.member(release.file)
    start = member.start if member is not None else 0
    part = Part(descriptor, start, release.size)
    try:
        found = archive_hashing.hash_archive(part, release.form, release.version, release.platform.module)
    except ArchiveError as error:
        digest = archive_hashing.digest_of(part)
        damaged = Check("h1", FAILED, Text("the archive is damaged: {reason}", reason=str(error)))
        return (*_digests(release, digest), damaged)
    return (*_digests(release, found.sha256), _compared_h1(release.h1, found.h1))


def _digests(release: BundledRelease, found: str) -> tuple[Check, ...]:
    checks = [_compared_digest(release.sha256, found)]
    if release.form == "archive":
        known = release_digests.pinned(release.file)
        if known is None:
            # The h1 is about what the module zip has, too.
            text = Text("api, doc, misc and test are covered by the SHA-256 of the bundle only: no table has it")
            checks.append(Check("pinned", NOTE, text))
        elif known.sha256 != found:
            text = Text("the pinned SHA-256 is {wanted}, and it has {found}", wanted=known.sha256, found=found)
            checks.append(Check("pinned", FAILED, text))
        else:
            text = Text("its SHA-256 is in the table of {day}", day=release_digests.AS_OF)
            checks.append(Check("pinned", OK, text))
    return tuple(checks)


def _compared_digest(wanted: str, found: str) -> Check:
    if wanted == found:
        return Check("sha256", OK, Text("SHA-256 {value}", value=found))
    text = Text("the bundle says that its SHA-256 is {wanted}, and it is {found}", wanted=wanted, found=found)
    return Check("sha256", FAILED, text)


def _compared_h1(wanted: str, found: str) -> Check:
    if wanted == found:
        return Check("h1", OK, Text("holds the tree {value}", value=found))
    return Check("h1", FAILED, Text("should hold the tree {wanted}, and holds {found}", wanted=wanted, found=found))


def _proof(release: BundledRelease, log: Log) -> Check:
    version = toolchain_names.module_version(release.version, release.platform)
    try:
        found = proof.verified(release.proof, TOOLCHAIN_MODULE, version, (log.key,))
    except StewardError as error:
        return Check("log", FAILED, Text("its proof proves nothing: {reason}", reason=str(error)))
    # The number and the h1 of the manifest are those of the proof: `bundle_file.read` has compared them.
    text = Text("{h1} is record {number} of {log}", h1=found.zip_h1, number=str(found.record), log=log.key.name)
    return Check("log", OK, text)


def _head(bundle: BundleFile, log: Log) -> Check:
    stated = f"{bundle.manifest.log}+{bundle.manifest.key_hash}"
    if stated != log.key.shown:
        text = Text("it is of the log {stated}, and {trusted} is trusted here", stated=stated, trusted=log.key.shown)
        return Check("head", FAILED, text)
    try:
        head = tlog.parse_head(note.opened(bundle.manifest.head, (log.key,)))
    except StewardError as error:
        return Check("head", FAILED, Text("its tree head proves nothing: {reason}", reason=str(error)))
    return Check("head", OK, Text("tree head of {count} records, signed by {key}", count=str(head.size), key=stated))


def _contradictions(bundle: BundleFile, log: Log) -> tuple[Check, ...]:
    proofs = (proof.parse(release.proof).head for release in bundle.manifest.releases)
    signed = [head for head in dict.fromkeys((bundle.manifest.head, *proofs)) if _is_signed(head, log)]
    try:
        log.refuse_contradiction(*signed)
    except ForgeryError as error:
        lines = tuple(line for head in error.heads for line in head.split("\n") if line)
        return (Check("fork", FAILED, Text("the log was forged: {reason}", reason=str(error)), lines=lines),)
    except RefusalError as error:
        return (
            Check("fork", UNJUDGED, Text("not compared with what this host remembers: {reason}", reason=str(error))),
        )
    return ()


def _is_signed(head: str, log: Log) -> bool:
    try:
        tlog.parse_head(note.opened(head, (log.key,)))
    except StewardError:
        return False
    return True
