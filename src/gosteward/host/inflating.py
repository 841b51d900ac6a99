"""Compressed bytes of an archive in an open file, inflated: by the fastest library that is installed, and never more than is stated.

Source: RFC 1951, RFC 1952; the modules zlib, isal.isal_zlib and zlib_ng.zlib_ng have one interface.
"""

from __future__ import annotations

import importlib
import os
import struct
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol, cast

from gosteward.errors import UsageError
from gosteward.formats import zip_members
from gosteward.formats.zip_members import ArchiveError, Member

if TYPE_CHECKING:
    import hashlib
    from collections.abc import Callable, Iterator

CHUNK = 1 << 16  # compressed; no deflate makes more than 66 MiB of it
PIECE, _STEP = 1 << 20, 1 << 17  # of a large member, inflated and packed
_AT_ONCE = 1 << 16  # what malloc takes from its heap, and gives to the next
_ENGINES = {"isal": "isal.isal_zlib", "zlib-ng": "zlib_ng.zlib_ng", "zlib": "zlib"}
_GZIP = 31
_LENGTHS = struct.Struct("<2H")  # of a local header


class _Inflater(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes | memoryview, max_length: int = ..., /) -> bytes: ...


class Engine(Protocol):
    """What zlib of Python and its faster twins have in common."""

    error: type[Exception]

    def decompressobj(self, wbits: int = ..., /) -> _Inflater: ...
    def crc32(self, data: bytes, value: int = ..., /) -> int: ...


def engines() -> tuple[str, ...]:
    """Those that are installed, the fastest first."""
    return tuple(name for name, module in _ENGINES.items() if _installed(module) is not None)


def engine_of(wanted: str) -> Engine:
    """The one that is asked for, "" for the fastest. Raises UsageError: it is not installed."""
    for name, module in _ENGINES.items():
        found = _installed(module) if wanted in ("", name) else None
        if found is not None:
            return found
    raise UsageError("nothing of this name inflates here", subject=wanted, hint=f"one of {', '.join(engines())}")


def _installed(module: str) -> Engine | None:
    try:
        return cast("Engine", importlib.import_module(module))
    except ImportError:
        return None


def exactly(archive: int, at: int, count: int) -> bytes:
    """So many bytes of a file. Raises ArchiveError: it has become shorter."""
    piece = os.pread(archive, count, at)
    while len(piece) < count:
        more = os.pread(archive, count - len(piece), at + len(piece))
        if not more:
            raise ArchiveError("it became shorter while it was read")
        piece += more
    return piece


class Forward:
    """An archive whose members are read one behind the other: many small ones at once, as a system call for each costs more than its bytes."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor, self._begin, self._read = descriptor, 0, b""

    def exactly(self, at: int, count: int) -> bytes:
        """So many bytes from there on. Raises ArchiveError: the file has become shorter.   OSError."""
        begin = at - self._begin
        if begin < 0 or begin + count > len(self._read):
            self._begin, begin = at, 0
            self._read = os.pread(self.descriptor, max(count, _AT_ONCE), at)
        piece = self._read[begin : begin + count]
        return piece if len(piece) == count else exactly(self.descriptor, at, count)


def content_of(engine: Engine, archive: Forward, member: Member, *, proved: bool = False) -> bytes:
    """The content of one member of a zip. Arguments and errors as for `inflated`."""
    piece = archive.exactly(member.header, member.end - member.header)
    return inflated(engine, piece, member.header, member, proved=proved)


def inflated(engine: Engine, piece: bytes, at: int, member: Member, *, proved: bool = False) -> bytes:
    """The content of a member, of just the size and sum that the directory states.

    Args:
        piece: bytes of the archive from `at` to the end of the member.
        proved: an h1 judges the content anyway, so that its CRC-32 need not be computed.
    Raises:
        ArchiveError: it is another one.
    """
    _refuse_moved(piece, member.header - at, member)
    packed = memoryview(piece)[member.start - at :]
    if member.method == zip_members.STORED:
        content = bytes(packed)
    else:
        inflater = engine.decompressobj(-15)
        try:
            content = inflater.decompress(packed, member.size + 1)
        except engine.error as error:
            raise ArchiveError(f"damaged ({error})", member.name) from None
        if len(content) != member.size or not inflater.eof or inflater.unused_data:
            raise _other_size(member)
    if not proved and engine.crc32(content) != member.crc:
        raise ArchiveError("damaged (CRC-32)", member.name)
    return content


def _refuse_moved(piece: bytes, header: int, member: Member) -> None:
    """Raise ArchiveError if a local header says by now that its data are elsewhere.  header: where it is in the piece."""
    name, extra = _LENGTHS.unpack_from(piece, header + 26)
    if member.header + zip_members.LOCAL_HEADER + name + extra != member.start:
        raise ArchiveError("it was changed while it was read", member.name)


def _other_size(member: Member) -> ArchiveError:
    return ArchiveError(f"it does not inflate to the {member.size} bytes that the archive states", member.name)


def pieces_of(engine: Engine, archive: int, member: Member) -> Iterator[bytes]:
    """As `content_of`, for a large member of which an h1 judges the content: never more than PIECE at once. Raises ArchiveError."""
    header = exactly(archive, member.header, zip_members.LOCAL_HEADER)
    _refuse_moved(header, 0, member)
    if member.method == zip_members.STORED:
        for at in range(member.start, member.end, PIECE):
            yield exactly(archive, at, min(PIECE, member.end - at))
        return
    inflater, left = engine.decompressobj(-15), member.size
    try:
        for at in range(member.start, member.end, _STEP):
            if inflater.eof:
                raise _other_size(member)
            packed = exactly(archive, at, min(_STEP, member.end - at))
            while content := inflater.decompress(packed, PIECE):
                left -= len(content)
                if left < 0:
                    raise _other_size(member)
                yield content
                packed = inflater.unconsumed_tail
    except engine.error as error:
        raise ArchiveError(f"damaged ({error})", member.name) from None
    if left or not inflater.eof or inflater.unused_data:
        raise _other_size(member)


def digest_of(engine: Engine, archive: Forward, member: Member) -> str:
    """SHA-256 of the content of a member, in hexadecimal; a large one is never in memory as a whole. Errors as for `inflated`."""
    if member.size <= PIECE:
        return sha256(content_of(engine, archive, member)).hexdigest()
    total, crc = sha256(), 0
    for piece in pieces_of(engine, archive.descriptor, member):
        total.update(piece)
        crc = engine.crc32(piece, crc)
    if crc != member.crc:
        raise ArchiveError("damaged (CRC-32)", member.name)
    return total.hexdigest()


def ungzipped(
    engine: Engine, archive: int, size: int, total: hashlib._Hash, progress: Callable[[int, int], None], start: int = 0
) -> Iterator[bytes]:
    """The tar in a gzip file, piece by piece.

    Args:
        size: of the gzip file.   total: gets its bytes.   start: where in `archive` it begins.
    """
    inflater, at = engine.decompressobj(_GZIP), 0
    while chunk := os.pread(archive, min(CHUNK, size - at), start + at):
        total.update(chunk)
        at += len(chunk)
        if inflater.eof:
            raise ArchiveError("there are more bytes behind its end")
        try:
            yield inflater.decompress(chunk)
        except engine.error as error:
            raise ArchiveError(f"no gzip file, or a damaged one ({error})") from None
        progress(at, size)
    if not inflater.eof:
        raise ArchiveError("it was cut")
    if inflater.unused_data:
        raise ArchiveError("there are more bytes behind its end")
