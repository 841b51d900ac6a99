r"""Files that lie in an uncompressed tar, one behind the other: where each of them is, without reading any. Pure.

Of tar only the plainest form is accepted, the one that `header` writes: ustar, regular files, relative names, zeros wherever something is
filled, two blocks of zeros at the end. There is one way to read such a file; whatever has another way (links, devices, records of pax, long
names, sparse files, something between two members or behind the end) is refused. Modes, owners and times mean nothing.

Source: POSIX.1-2017, pax, "ustar Interchange Format".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats.zip_members import ArchiveError

if TYPE_CHECKING:
    from gosteward.formats.zip_members import ReadAt

BLOCK = 512
END = bytes(2 * BLOCK)
MOST_MEMBERS = 1000
_REST_LIMIT = 1 << 20  # what a tar program fills its last record with
_NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._@+-]*(?:/[A-Za-z0-9][A-Za-z0-9._@+-]*){0,3}")
_OCTAL = re.compile(rb"[0-7]{11}[ \0]")
_KINDS = {
    b"1": "a hard link", b"2": "a symbolic link", b"3": "a character device", b"4": "a block device", b"5": "a directory", b"6": "a FIFO",
    b"x": "records of pax", b"g": "records of pax", b"L": "a long name", b"K": "a long target of a link", b"S": "a sparse file",
}  # fmt: skip


class StoredMember(NamedTuple):
    """A file in a tar.  name: relative, of at most four components.   start: offset of its content.   size: bytes of it."""

    name: str
    start: int
    size: int


def header(name: str, size: int) -> bytes:
    """The block in front of a member: always the same for a name of at most 100 bytes and a size below 8 GiB."""
    fields = (
        name.encode().ljust(100, b"\0"), b"0000644\0", b"0000000\0", b"0000000\0", b"%011o\0" % size, b"00000000000\0", b" " * 8, b"0",
        bytes(100), b"ustar\x0000", bytes(64), b"0000000\x000000000\0", bytes(167),
    )  # fmt: skip
    block = b"".join(fields)
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def padding(size: int) -> bytes:
    """The zeros behind a content."""
    return bytes(-size % BLOCK)


def first_name(block: bytes) -> str:
    """The name in the first block of a file, if that can be a tar; "" for anything else."""
    name = block[:100].partition(b"\0")[0]
    return name.decode() if block[257:263] == b"ustar\0" and _NAME.fullmatch(name) else ""


def members(read_at: ReadAt, size: int, most: int = MOST_MEMBERS) -> tuple[StoredMember, ...]:
    """All members, in order.

    Args:
        read_at: gives the bytes at (offset, count), fewer at the end.   size: bytes of the whole file.   most: members.
    Raises:
        ArchiveError: it was cut, it is damaged, it has anything but regular files, two members of one name (also where case does not
            count), or more than `most`.   What `read_at` raises.
    """
    found: list[StoredMember] = []
    names: set[str] = set()
    at = 0
    while (member := _member(_block(read_at, at, size), at)) is not None:
        if member.name.casefold() in names:
            raise ArchiveError("two members have this name, or differ in upper and lower case only", member.name)
        if len(found) == most:
            raise ArchiveError(f"more than {most} members", member.name)
        names.add(member.name.casefold())
        found.append(member)
        at = _end_of(member, read_at, size)
    rest = read_at(at, min(size - at, _REST_LIMIT + 1))
    if len(rest) > _REST_LIMIT or rest.strip(b"\0"):
        raise ArchiveError("there are more bytes behind its end")
    if len(rest) < len(END):
        raise _cut(size)
    return tuple(found)


def _block(read_at: ReadAt, at: int, size: int) -> bytes:
    block = read_at(at, BLOCK) if at + BLOCK <= size else b""
    if len(block) != BLOCK:
        raise _cut(size)
    return block


def _cut(size: int) -> ArchiveError:
    return ArchiveError(f"it was cut: it has {size} bytes, and its end is missing")


def _member(block: bytes, at: int) -> StoredMember | None:
    """What a header says; None for the block of zeros that is the end."""
    if not block.strip(b"\0"):
        return None
    raw = block[:100].partition(b"\0")[0]
    name = raw.decode("utf-8", "replace")
    stated = sum(block) - sum(block[148:156]) + 8 * 0x20
    if block[257:265] != b"ustar\x0000" or block[148:156] != b"%06o\0 " % stated:
        raise ArchiveError(f"there is no sound header of a member at byte {at}")
    if block[156:157] != b"0" or block[157:257].strip(b"\0"):
        kind = _KINDS.get(block[156:157], "of an unknown type")
        raise ArchiveError(f"it is {kind}: only regular files are expected", name)
    if not _NAME.fullmatch(raw) or block[len(raw) : 100].strip(b"\0") or block[345:].strip(b"\0"):
        raise ArchiveError("it has a name that no member can have", name)
    if not _OCTAL.fullmatch(block[124:136]):
        raise ArchiveError("its size is damaged", name)
    return StoredMember(name, at + BLOCK, int(block[124:135], 8))


def _end_of(member: StoredMember, read_at: ReadAt, size: int) -> int:
    """Where the next header is. Raises ArchiveError: it was cut, or what fills the last block is not empty."""
    end = member.start + member.size
    after = end + -member.size % BLOCK
    if after > size:
        raise ArchiveError(f"it was cut: it has {size} bytes, and this member goes on to byte {end}", member.name)
    if read_at(end, after - end).strip(b"\0"):
        raise ArchiveError("there is something between it and the next member", member.name)
    return after
