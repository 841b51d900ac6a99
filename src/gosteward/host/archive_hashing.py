"""What an archive of a release holds, by its hashes: SHA-256 of itself, h1 of the tree in it. Nothing is written.

The archive may be a part of a larger file. Every byte is read once, with the checks of unpacking: names, sizes, sums, limits.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats import tar_members, zip_members
from gosteward.formats.zip_members import ArchiveError, Limits
from gosteward.golang import distribution
from gosteward.golang.distribution import Entry
from gosteward.host.inflating import engine_of, exactly, inflated, ungzipped

if TYPE_CHECKING:
    from collections.abc import Iterator


class Part(NamedTuple):
    """A part of an open file.  descriptor: of a regular file.   start: offset of its first byte.   size: bytes."""

    descriptor: int
    start: int
    size: int

    def read_at(self, offset: int, count: int) -> bytes:
        """The bytes at an offset of the part, fewer at its end."""
        count = min(count, self.size - offset)
        return os.pread(self.descriptor, count, self.start + offset) if count > 0 else b""

    def exactly(self, offset: int, count: int) -> bytes:
        """Just so many. Raises ArchiveError: the file has become shorter."""
        return exactly(self.descriptor, self.start + offset, count)


class Hashed(NamedTuple):
    """Hashes of an archive.  sha256: of itself, in hexadecimal.   h1: of the tree that it holds."""

    sha256: str
    h1: str


def hash_archive(part: Part, form: str, version: str, platform: str) -> Hashed:
    """Hash an archive.

    Args:
        form: "module" (zip of golang.org/toolchain) or "archive" (tar.gz as on go.dev).   version: "go1.26.8".   platform: "linux-amd64".
    Raises:
        ArchiveError: it is not as a packer of Go's releases writes it.   OSError.
    """
    return _of_zip(part, version, platform) if form == "module" else _of_tar_gz(part, version, platform)


def digest_of(part: Part) -> str:
    """SHA-256 of a part of a file, in hexadecimal. Raises ArchiveError: the file has become shorter."""
    total = sha256()
    for piece in pieces_of(part):
        total.update(piece)
    return total.hexdigest()


def pieces_of(part: Part) -> Iterator[bytes]:
    """All bytes of a part, in order. Raises ArchiveError: the file has become shorter."""
    step = 1 << 20
    for at in range(0, part.size, step):
        yield part.exactly(at, min(step, part.size - at))


def _of_zip(part: Part, version: str, platform: str) -> Hashed:
    engine, total, at = engine_of(""), sha256(), 0
    prefix = distribution.module_prefix(version, platform)
    listing = zip_members.members(part.read_at, part.size, prefix, Limits(), distribution.installed_name)
    entries = []
    for member in listing.members:
        piece = part.exactly(at, member.end - at)
        total.update(piece)
        digest = sha256(inflated(engine, piece, at, member)).hexdigest()
        entries.append(Entry(member.name, distribution.mode_of(member.name), digest))
        at = member.end
    rest = part.exactly(at, part.size - at)
    if not rest.endswith(listing.directory):
        raise ArchiveError("it was changed while it was read")
    total.update(rest)
    return Hashed(total.hexdigest(), distribution.module_h1(entries, version, platform))


def _of_tar_gz(part: Part, version: str, platform: str) -> Hashed:
    total = sha256()
    blocks = ungzipped(engine_of(""), part.descriptor, part.size, total, lambda *_: None, part.start)
    entries = tuple(
        Entry(member.name, 0o755 if member.executable else 0o644, sha256(member.content).hexdigest())
        for member in tar_members.members(blocks, distribution.TARBALL_PREFIX, Limits())
        if not member.directory
    )
    for entry in entries:
        # What the h1 does not cover may only be what every tarball has besides.
        if distribution.form_of(entry.name, version, platform) == "extra":
            raise ArchiveError("no release has such a file", entry.name)
    covered = distribution.module_form(entries, version, platform)
    return Hashed(total.hexdigest(), distribution.module_h1(covered, version, platform))
