"""The header of an installed rpm: the form in which all of rpm's databases keep a package. Pure."""

from __future__ import annotations

import struct
from typing import NamedTuple

_NAME, _VERSION, _RELEASE, _EPOCH = 1000, 1001, 1002, 1003
_DIRECTORY_INDEXES, _BASE_NAMES, _DIRECTORIES = 1116, 1117, 1118
_STRING, _STRINGS, _INT32 = 6, 8, 4
_MOST_TAGS = 4096
_MOST_FILES = 1 << 20


class Header(NamedTuple):
    """A header and where its parts are.

    Attributes:
        blob: all bytes.   data: offset of the data.   tags: (type, offset in the data, count) by tag.
    """

    blob: bytes
    data: int
    tags: dict[int, tuple[int, int, int]]

    @property
    def name(self) -> str:
        return self._string(_NAME)

    @property
    def version(self) -> str:
        """[epoch:]version-release."""
        epoch = self._numbers(_EPOCH)
        text = f"{self._string(_VERSION)}-{self._string(_RELEASE)}".strip("-")
        return f"{epoch[0]}:{text}" if epoch and epoch[0] else text

    def owns(self, path: str) -> bool:
        """Whether the package has a file of that path."""
        directory, _, name = path.encode("utf-8", "surrogateescape").rpartition(b"/")
        # Looked for in the bytes first: nearly all packages need not be taken apart.
        if name + b"\0" not in self.blob:
            return False
        directories = self._strings(_DIRECTORIES)
        indexes = self._numbers(_DIRECTORY_INDEXES)
        for base, index in zip(self._strings(_BASE_NAMES), indexes):
            if base == name and index < len(directories) and directories[index] == directory + b"/":
                return True
        return False

    def _string(self, tag: int) -> str:
        kind, offset, _ = self.tags.get(tag, (0, 0, 0))
        if kind != _STRING:
            return ""
        start = self.data + offset
        end = self.blob.find(b"\0", start, start + 512)
        return self.blob[start:end].decode("utf-8", "surrogateescape") if end >= 0 else ""

    def _strings(self, tag: int) -> list[bytes]:
        kind, offset, count = self.tags.get(tag, (0, 0, 0))
        if kind != _STRINGS or count > _MOST_FILES:
            return []
        return self.blob[self.data + offset :].split(b"\0", count)[:count]

    def _numbers(self, tag: int) -> tuple[int, ...]:
        kind, offset, count = self.tags.get(tag, (0, 0, 0))
        start = self.data + offset
        if kind != _INT32 or count > _MOST_FILES or start + 4 * count > len(self.blob):
            return ()
        return struct.unpack_from(f">{count}I", self.blob, start)


def parse(blob: bytes) -> Header | None:
    """Take a header apart; one that is cut off keeps what is there.

    Args:
        blob: two counts (tags, bytes of data), 16 bytes for each tag (number, type, offset, count), data; all big-endian.

    Returns:
        None if it is no header.
    Source:
        rpm lib/header.c, "Header Format" of rpm's documentation.
    """
    if len(blob) < 8:
        return None
    count, _ = struct.unpack_from(">II", blob)
    data = 8 + 16 * count
    if not 0 < count <= _MOST_TAGS or data > len(blob):
        return None
    tags: dict[int, tuple[int, int, int]] = {}
    for tag, kind, offset, items in struct.iter_unpack(">IIII", blob[8:data]):
        if offset <= len(blob):
            tags.setdefault(tag, (kind, offset, items))
    return Header(blob=blob, data=data, tags=tags)
