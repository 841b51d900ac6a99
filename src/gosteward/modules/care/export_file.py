"""The file of an export, as somebody brought it: its members and its manifest, which have to fit each other before anything else is looked at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import DecodeError
from gosteward.formats import stored_members
from gosteward.formats.zip_members import ArchiveError
from gosteward.modules.care import export_manifest
from gosteward.modules.care.export_manifest import LARGEST, MANIFEST, MOST_MEMBERS, member_of
from gosteward.toolchains.origins import bundle_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.modules.care.export_manifest import ExportedFile, Manifest

_PIECE = 1 << 20


class ExportFile(NamedTuple):
    """An export that is open.  descriptor: for whoever opened it to close.   contents: files with their offsets."""

    descriptor: int
    manifest: Manifest
    contents: tuple[tuple[ExportedFile, int], ...]

    def pieces(self, start: int, size: int) -> Iterator[bytes]:
        """Bytes of a member. Raises ArchiveError: the file became shorter.   OSError."""
        place = start
        while place < start + size:
            piece = os.pread(self.descriptor, min(_PIECE, start + size - place), place)
            if not piece:
                raise ArchiveError("it was cut meanwhile")
            yield piece
            place += len(piece)


def opened(path: str) -> ExportFile:
    """Open an export.

    Raises:
        UsageError: it cannot be read.   DecodeError: it is no export.   ArchiveError: it was cut, or its parts do not fit each other.
    """
    descriptor = bundle_file.opened(path)
    try:
        return _read(descriptor)
    except ArchiveError as error:
        os.close(descriptor)
        raise error.within(path) from None
    except BaseException:
        os.close(descriptor)
        raise


def manifest_at(path: str) -> Manifest:
    """The manifest of an export, or one that was taken out of it. Raises as `opened`."""
    descriptor = bundle_file.opened(path)
    try:
        if os.pread(descriptor, 1, 0) == b"{":
            return export_manifest.parse(_bytes(descriptor, 0, os.fstat(descriptor).st_size))
    finally:
        os.close(descriptor)
    found = opened(path)
    os.close(found.descriptor)
    return found.manifest


def _read(descriptor: int) -> ExportFile:
    size = os.fstat(descriptor).st_size
    if not stored_members.first_name(os.pread(descriptor, stored_members.BLOCK, 0)):
        raise DecodeError("this is no export of modules")
    members = {
        member.name: member
        for member in stored_members.members(lambda at, count: os.pread(descriptor, count, at), size, MOST_MEMBERS)
    }
    described = members.pop(MANIFEST, None)
    if described is None:
        raise DecodeError("this is no export of modules: it has no manifest")
    manifest = export_manifest.parse(_bytes(descriptor, described.start, described.size))
    contents = []
    for number, file in enumerate(manifest.files, 1):
        member = members.pop(member_of(number), None)
        if member is None or member.size != file.size:
            raise ArchiveError("it is not there as the manifest says", file.request.path)
        contents.append((file, member.start))
    if members:
        raise ArchiveError("the manifest does not name it", next(iter(members)))
    return ExportFile(descriptor, manifest, tuple(contents))


def _bytes(descriptor: int, start: int, size: int) -> bytes:
    if size > LARGEST:
        raise DecodeError(f"the manifest has more than {LARGEST} bytes")
    return os.pread(descriptor, size, start)
