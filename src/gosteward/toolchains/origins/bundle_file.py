"""A bundle as it lies on this host: opened, and everything about it checked that needs neither a key nor a hash.

Whoever wrote it may be anybody. Members are found by the manifest's names only, they are copied under names of ours, and what the manifest says
of a release has to be what the proof of that release says. Whether the proof is true, is judged where it is used.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import DecodeError, UsageError
from gosteward.formats import stored_members
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang import bundle_manifest, toolchain_names
from gosteward.golang.bundle_manifest import MANIFEST, SIZE_LIMIT, Manifest
from gosteward.golang.toolchain_names import TOOLCHAIN_MODULE
from gosteward.host import writing
from gosteward.host.archive_hashing import Part
from gosteward.sumdb import lookup, proof
from gosteward.sumdb.refusals import RefusalError

if TYPE_CHECKING:
    from gosteward.formats.stored_members import StoredMember
    from gosteward.golang.bundle_manifest import BundledRelease

ENDING = ".bundle"


class BundleFile(NamedTuple):
    """A bundle.  path: as it was named.   size: bytes.   members: all of them, those that nobody here knows, too."""

    path: str
    size: int
    manifest: Manifest
    members: tuple[StoredMember, ...]

    def member(self, name: str) -> StoredMember | None:
        """The member of a name; None if there is none."""
        return next((member for member in self.members if member.name == name), None)

    @property
    def others(self) -> tuple[StoredMember, ...]:
        """Members that are neither the manifest nor an archive: no proof is about them."""
        known = {MANIFEST, *(release.file for release in self.manifest.releases)}
        return tuple(member for member in self.members if member.name not in known)


def opened(path: str) -> int:
    """A descriptor of a regular file, for reading; the caller closes it. Raises UsageError."""
    try:
        # Through links: nothing is written, and what is read is judged whatever it is.
        descriptor = os.open(path, writing.READING & ~os.O_NOFOLLOW)
    except OSError as error:
        raise UsageError(f"it cannot be read ({error.strerror})", subject=path) from error
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise UsageError("it is no regular file", subject=path)


def is_bundle(path: str) -> bool:
    """Whether a file begins as a bundle does. Raises UsageError: it cannot be read."""
    descriptor = opened(path)
    try:
        return _begins_so(descriptor)
    finally:
        os.close(descriptor)


def read(path: str) -> BundleFile:
    """Read a bundle; no archive in it is read.

    Raises:
        UsageError: it cannot be read.   DecodeError: it is no bundle.
        ArchiveError: it was cut or tampered with: a member is missing, is there twice, is no regular file, has another size than the
            manifest says, or the manifest says something else of a release than its own proof.
    """
    descriptor = opened(path)
    try:
        return _read(path, descriptor)
    except ArchiveError as error:
        raise error.within(path) from None
    finally:
        os.close(descriptor)


def content(bundle: BundleFile, member: StoredMember, limit: int) -> bytes:
    """A small member's content. No proof is about it. Raises ArchiveError: it is longer than the limit, or gone; UsageError."""
    if member.size > limit:
        raise ArchiveError(f"more than {limit} bytes", member.name, bundle.path)
    descriptor = opened(bundle.path)
    try:
        return Part(descriptor, member.start, member.size).exactly(0, member.size)
    finally:
        os.close(descriptor)


def _begins_so(descriptor: int) -> bool:
    return stored_members.first_name(os.pread(descriptor, stored_members.BLOCK, 0)) == MANIFEST


def _read(path: str, descriptor: int) -> BundleFile:
    if not _begins_so(descriptor):
        hint = "a bundle is made with `gosteward bundle create`"
        raise DecodeError("this is no bundle of gosteward", subject=path, hint=hint)
    size = os.fstat(descriptor).st_size
    members = stored_members.members(Part(descriptor, 0, size).read_at, size)
    first = members[0]
    if first.size > SIZE_LIMIT:
        raise ArchiveError(f"more than {SIZE_LIMIT} bytes", MANIFEST)
    manifest = bundle_manifest.parse(Part(descriptor, first.start, first.size).exactly(0, first.size))
    found = BundleFile(path, size, manifest, members)
    for release in manifest.releases:
        _refuse_other_size(found, release)
        _refuse_other_proof(release)
    return found


def _refuse_other_size(found: BundleFile, release: BundledRelease) -> None:
    member = found.member(release.file)
    if member is None:
        raise ArchiveError("the manifest has it, and the bundle has not", release.file)
    if member.size != release.size:
        raise ArchiveError(f"it has {member.size} bytes, and the manifest says {release.size}", release.file)


def _refuse_other_proof(release: BundledRelease) -> None:
    version = toolchain_names.module_version(release.version, release.platform)
    try:
        stated = proof.parse(release.proof)
        h1 = lookup.hashes(stated.record, TOOLCHAIN_MODULE, version).zip_h1
    except RefusalError as error:
        raise ArchiveError(f"its proof proves nothing ({error})", release.file) from None
    if (release.h1, release.record) != (h1, stated.number):
        what = (
            f"the manifest says {release.h1}, record {release.record}; its proof is about {h1}, record {stated.number}"
        )
        raise ArchiveError(what, release.file)
