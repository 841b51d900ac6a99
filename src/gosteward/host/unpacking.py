"""A Go tree out of an archive: every byte goes one way once, inflated, compared with the size and the sum that the archive states, hashed, written.

Of a zip even that is spared for files that a neighbour has, where an h1 is proved: see `known_trees`. How it is written: see `tree_writing`.

Source: cmd/go/internal/toolchain/select.go for what `go` does.
"""

from __future__ import annotations

import contextlib
import os
import stat
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats import tar_members, zip_members
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang import distribution
from gosteward.host import writing
from gosteward.host.free_space import refuse_unfit
from gosteward.host.inflating import Forward, content_of, engine_of, exactly, inflated, pieces_of, ungzipped
from gosteward.host.known_trees import Contents, Twins
from gosteward.host.tree_writing import DEFAULT, Options, TreeWriter, owner_of_new, release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.golang.distribution import Entry, VersionFile
    from gosteward.host.known_trees import Owner
    from gosteward.host.tree_seals import Stamp

__all__ = ("Options", "Unpacked", "refuse_unfit", "release", "unpack_tar_gz", "unpack_zip")
BLOCK = 4096
LARGE = 1 << 18
BYTES_PER_FILE = 14 << 10  # 1.26: 231 MB in 15036 files


class Unpacked(NamedTuple):
    """A tree that was made.

    Attributes:
        version: what its VERSION says.   entries: every file, by name.   h1: of the module form, "" if the version has none that is known.
        sha256: of the archive itself; "" where `Options.h1` judges what came out of it.   size: bytes of all files.
        shared: how many files are shared with another tree.   unread: how many of them were taken for what the archive has.
        stamps: a seal of the tree, one for each entry; () for a tarball, which states no CRC-32.
    """

    version: VersionFile
    entries: tuple[Entry, ...]
    h1: str
    sha256: str
    size: int
    shared: int
    unread: int = 0
    stamps: tuple[Stamp, ...] = ()


def unpack_zip(archive: int, into: int, version: str, platform: str, options: Options = DEFAULT) -> Unpacked:
    """Make a GOROOT from a module zip: as the tarball has it, but for api, doc, misc and test.

    Args:
        archive: descriptor of a regular file.   into: descriptor of an empty directory.   version: "go1.26.8".   platform: "linux-amd64".
    Returns:
        `h1` is over all members of the zip, so that none escapes a proof. Where it is not `Options.h1`, and files were `unread`, the archive may
        be right nevertheless: unpack it once more without `known`.
    Raises:
        ArchiveError: the archive is not as it should be. What its directory shows is found before anything is written.
        Refused: no room, or a place where no program can run.   OSError: names the member.   UsageError: no such engine.
    """
    with _naming(options.label):
        return _from_zip(archive, into, version, platform, options)


def unpack_tar_gz(archive: int, into: int, version: str, platform: str, options: Options = DEFAULT) -> Unpacked:
    """Make a GOROOT from a release's tarball. Arguments and errors as for `unpack_zip`.

    Args:
        version: "" for any.   platform: for `h1` only, "" for none.
    Returns:
        `h1` is over those files that the module form has; sha256 alone covers the others.
    Raises:
        ArchiveError: also in the midst of writing: a tar has no directory of its members.
    """
    with _naming(options.label):
        return _from_tar_gz(archive, into, version, platform, options)


@contextlib.contextmanager
def _naming(archive: str) -> Iterator[None]:
    try:
        yield
    except ArchiveError as error:
        raise error.within(archive) from None


class _Zip:
    """A module zip whose directory is in order.  Raises ArchiveError."""

    def __init__(self, archive: int, version: str, platform: str, options: Options) -> None:
        self._archive, self._options = archive, options
        self._engine, self._size = engine_of(options.engine), _size(archive)
        prefix = distribution.module_prefix(version, platform)
        self._listing = zip_members.members(
            lambda at, count: os.pread(archive, count, at),
            self._size,
            prefix,
            options.limits,
            distribution.installed_name,
        )
        named = (m for m in self._listing.members if m.name == "VERSION")
        content = next((content_of(self._engine, Forward(archive), m) for m in named), b"")
        self.stated = _stated_version(content, version)

    def refuse_unfit(self, into: int) -> None:
        members = self._listing.members
        blocks = sum(-(-member.size // BLOCK) for member in members)
        directories = len({member.name.rpartition("/")[0] for member in members})
        refuse_unfit(into, (blocks + directories) * BLOCK, len(members) + directories)

    def write_all(self, tree: TreeWriter, owner: Owner) -> tuple[str, int]:
        """Write every file; returns the SHA-256 of the archive, or "" and how much of the tree was not read from it."""
        if not self._options.h1:
            return self._hashed(tree), 0
        twins, unread, mtime = Twins(self._options.known, owner, self._engine), 0, self.stated.seconds
        packed = Forward(self._archive)
        for member in self._listing.members:
            mode = distribution.mode_of(member.name)
            twin = twins.of(member, mode)
            if twin is not None:
                tree.share(member.name, mode, twin, mtime, member.crc)
                unread += 1
            elif member.size > LARGE:
                tree.stream(member.name, mode, pieces_of(self._engine, self._archive, member), mtime, member.crc)
            else:
                content = content_of(self._engine, packed, member, proved=True)
                tree.file(member.name, mode, content, mtime, member.crc)
            self._options.progress(member.end, self._size)
        self._options.progress(self._size, self._size)
        return "", unread

    def _hashed(self, tree: TreeWriter) -> str:
        """Write every file, and hash the archive on the way."""
        total, at, mtime = sha256(), 0, self.stated.seconds
        for member in self._listing.members:
            piece = exactly(self._archive, at, member.end - at)
            total.update(piece)
            content = inflated(self._engine, piece, at, member)
            tree.file(member.name, distribution.mode_of(member.name), content, mtime, member.crc)
            at = member.end
            self._options.progress(at, self._size)
        rest = exactly(self._archive, at, self._size - at)
        if not rest.endswith(self._listing.directory):
            raise ArchiveError("it was changed while it was read")
        total.update(rest)
        self._options.progress(self._size, self._size)
        return total.hexdigest()


def _from_zip(archive: int, into: int, version: str, platform: str, options: Options) -> Unpacked:
    opened = _Zip(archive, version, platform, options)
    opened.refuse_unfit(into)
    owner = owner_of_new(into, options)
    tree = TreeWriter(into, options, None if options.h1 else Contents(options.known, owner))
    try:
        digest, unread = opened.write_all(tree, owner)
        tree.finish(opened.stated.seconds)
    finally:
        tree.close()
    writing.sync_file_system(into)
    entries = tuple(sorted(tree.entries))
    h1 = distribution.module_h1(entries, version, platform)
    stamps = tuple(tree.stamps[entry.name] for entry in entries)
    return Unpacked(opened.stated, entries, h1, digest, tree.size, tree.shared, unread, stamps)


def _from_tar_gz(archive: int, into: int, version: str, platform: str, options: Options) -> Unpacked:
    engine, size = engine_of(options.engine), _size(archive)
    if size > options.limits.archive:
        raise ArchiveError(f"more than {options.limits.archive} bytes")
    # The last four bytes of a gzip file say how much it holds.
    unpacked = int.from_bytes(exactly(archive, max(0, size - 4), min(4, size)), "little")
    refuse_unfit(into, unpacked, unpacked // BYTES_PER_FILE)
    total, stated = sha256(), None
    tree = TreeWriter(into, options, Contents(options.known, owner_of_new(into, options)))
    try:
        blocks = ungzipped(engine, archive, size, total, options.progress)
        for member in tar_members.members(blocks, distribution.TARBALL_PREFIX, options.limits):
            if member.directory:
                tree.directory(member.name)
                continue
            if member.name == "VERSION":
                stated = _stated_version(member.content, version)
            tree.file(member.name, 0o755 if member.executable else 0o644, member.content, member.mtime)
        if stated is None:
            raise ArchiveError("it has no VERSION: it is no Go distribution")
        tree.finish(stated.seconds)
    finally:
        tree.close()
    writing.sync_file_system(into)
    entries, found = tuple(sorted(tree.entries)), stated.version
    h1 = _h1(entries, found, platform) if platform and distribution.has_module_form(found) else ""
    return Unpacked(stated, entries, h1, total.hexdigest(), tree.size, tree.shared)


def _h1(entries: tuple[Entry, ...], version: str, platform: str) -> str:
    return distribution.module_h1(distribution.module_form(entries, version, platform), version, platform)


def _size(archive: int) -> int:
    status = os.fstat(archive)
    if not stat.S_ISREG(status.st_mode):
        raise ArchiveError("no regular file")
    return status.st_size


def _stated_version(content: bytes, version: str) -> VersionFile:
    stated = distribution.parse_version_file(content)
    if stated is None:
        raise ArchiveError("it is missing or holds no version: this is no Go distribution", "VERSION")
    if version not in ("", stated.version):
        raise ArchiveError(f"it says {stated.version}, and not {version}", "VERSION")
    return stated
