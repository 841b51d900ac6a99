r"""h1: the hash of a module's zip that go.sum and the checksum database hold. Pure.

The text that is hashed has one line per file, sorted by name: `<sha256 of the content in hexadecimal>  <name>\n`; "h1:" and the
base64 of its SHA-256 is the result. Source: golang.org/x/mod/sumdb/dirhash (`Hash1`, `HashZip`).
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO
    from zipfile import ZipFile, ZipInfo

UNPACKED_LIMIT = 100 << 20
FILES_LIMIT = 20_000
_CHUNK = 1 << 16


class _Bytes:
    """Bytes as a file to read: `io` is no matter of pure code."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self._place, len(self._content))[whence]
        if base + offset < 0:
            raise ValueError("before the start")
        self._place = base + offset
        return self._place

    def read(self, size: int = -1) -> bytes:
        end = len(self._content) if size < 0 else self._place + size
        piece = self._content[self._place : end]
        self._place += len(piece)
        return piece


# RuntimeError: encrypted, or a method that nobody has (NotImplementedError).
_OF_BAD_ZIPS = (EOFError, ValueError, KeyError, IndexError, RuntimeError, OSError, OverflowError, MemoryError)


def of_zip(archive: bytes) -> str:
    """The h1 of a module zip.

    Args:
        archive: the whole zip.
    Returns:
        "h1:..."; "" for bytes that are no zip, are damaged, or unpack to more than UNPACKED_LIMIT.
    Raises:
        nothing.
    """
    import zipfile  # here, because most runs hash nothing
    import zlib

    try:
        with zipfile.ZipFile(cast("IO[bytes]", _Bytes(archive))) as opened:
            return _of_opened(opened)
    except (zipfile.BadZipFile, zlib.error, *_OF_BAD_ZIPS):
        return ""


def sizes_in_zip(archive: bytes) -> dict[str, int]:
    """Names in a zip and the bytes of each, unpacked, as its directory says; {} for bytes that are no zip. Raises nothing."""
    import zipfile

    try:
        with zipfile.ZipFile(cast("IO[bytes]", _Bytes(archive))) as opened:
            return {member.filename: member.file_size for member in opened.infolist()[:FILES_LIMIT]}
    except (zipfile.BadZipFile, *_OF_BAD_ZIPS):
        return {}


def of_digests(files: Iterable[tuple[bytes, str]]) -> str:
    """The h1 of files given as (name, SHA-256 in hexadecimal)."""
    text = hashlib.sha256(b"".join([digest.encode() + b"  " + name + b"\n" for name, digest in sorted(files)]))
    return "h1:" + base64.b64encode(text.digest()).decode()


def _of_opened(opened: ZipFile) -> str:
    members = opened.infolist()
    if len(members) > FILES_LIMIT:
        return ""
    left = UNPACKED_LIMIT
    files: list[tuple[bytes, str]] = []
    for member in members:
        name = _name(member)
        if b"\n" in name:
            return ""
        digest = hashlib.sha256()
        with opened.open(member) as content:
            while chunk := content.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    return ""
                digest.update(chunk)
        files.append((name, digest.hexdigest()))
    return of_digests(files)


def _name(member: ZipInfo) -> bytes:
    # The raw bytes again: Python has decoded them as UTF-8 or as code page 437, by a flag.
    return member.orig_filename.encode("utf-8" if member.flag_bits & 0x800 else "cp437")
