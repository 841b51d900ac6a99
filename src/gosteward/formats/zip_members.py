"""Zip archives: all members and where they lie, every one checked before the first byte is written anywhere. Pure.

Only what packers of Go modules write is accepted. A reader that accepts more can be shown other files than the one who judged the archive
saw: so there are no comments, no gaps, no zip64, no directories, and the header in front of each member agrees with the directory at the end.

Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.9 (data descriptor), 4.3.12 (central directory), 4.3.16 (its end);
golang.org/x/mod/zip for the names (one file for one name, also where case does not count).
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import FINDINGS, StewardError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    ReadAt = Callable[[int, int], bytes]

STORED, DEFLATED = 0, 8
LOCAL_HEADER = 30
DEEPEST = 64  # who goes through a tree has as many directories open
LONGEST_COMPONENT = 255  # bytes, NAME_MAX of every Linux file system

_END = struct.Struct("<4s4H2IH")
# Without the version needed, the time, and the internal attributes.
_CENTRAL = struct.Struct("<4sxB2x2H4x3I4H2x2I")
_ENCRYPTED, _DESCRIPTOR, _UNDERSTOOD = 0x0001, 0x0008, 0x080E  # with the two bits of the level, and the one for UTF-8
# Bytes of a descriptor; its signature may be missing.
_DESCRIPTORS: tuple[int, ...] = (12, 16)
_NOTHING: tuple[int, ...] = (0,)
_NO_SUMS = bytes(12)  # CRC-32 and both sizes
_UNIX = 3
_REGULAR = 0o10  # the type in the highest four bits of a mode
_DOS_DIRECTORY = 0x10
_MOST_32 = 0xFFFFFFFF
_ODD_COMPONENT = re.compile(r"(?:\A|/)\.{0,2}(?:/|\Z)")
_ODD = re.compile(r"\A\.{0,2}\Z|\\")
_SHORT = LONGEST_COMPONENT // 4  # characters that surely fit, however they are encoded
_SHOWN = 160


class ArchiveError(StewardError):
    """An archive is damaged, cut, or made to do harm: nothing of it can be used.

    Args:
        what: what is wrong, as a clause.   member: where, as the archive names it; "" for the archive as a whole.   archive: whose fault it is.
    """

    exit_code = FINDINGS

    def __init__(self, what: str, member: str = "", archive: str = "") -> None:
        places = [shown(place) for place in (archive, member) if place]
        super().__init__(what, subject=": ".join(places), hint="download it again, from a source that you trust")
        self.member = member

    def within(self, archive: str) -> ArchiveError:
        """The same, with the name of the archive."""
        return ArchiveError(self.what, self.member, archive)


class Limits(NamedTuple):
    """How much an archive may hold at most: members, bytes of one, bytes in all (unpacked), bytes of the archive, bytes of a name.

    Attributes:
        empty: it may hold nothing at all, as the zip of a module without files does.
    """

    members: int = 40_000
    member: int = 256 << 20
    total: int = 1 << 30
    archive: int = 512 << 20
    name: int = 1024
    empty: bool = False


class Member(NamedTuple):
    """A file in a zip.

    Attributes:
        name: where it goes, relative: without the prefix, and `renamed`.   method: STORED or DEFLATED.   crc: CRC-32 of the content.
        size: bytes of it, unpacked.   header, start, end: offsets of the local header, of the packed bytes, and behind these.
    """

    name: str
    method: int
    crc: int
    size: int
    header: int
    start: int
    end: int


class _Described(NamedTuple):
    """What the directory says about a member.

    Attributes:
        raw: its name.   common: the bytes that the header in front of the member repeats.   descriptors: not 0 if one may be behind the data.
        name: without the prefix.
    """

    header: int
    raw: bytes
    common: bytes
    descriptors: int
    method: int
    crc: int
    packed: int
    size: int
    name: str


class Listing(NamedTuple):
    """A whole zip.  members: by offset.   directory: the bytes behind the last member, up to the end."""

    members: tuple[Member, ...]
    directory: bytes


class MemberNames:
    """The names in one archive, as far as they have come: what cannot be written as said is refused.

    `add` and `add_directory` raise ArchiveError, whatever the order of the names.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._files: set[str] = set()
        self._directories = {""}
        self._folded = {""}  # the same in lower case

    def add(self, name: str) -> None:
        """Take a file's name."""
        directory, _, base = name.rpartition("/")
        if directory not in self._directories:
            self.add_directory(directory, name)
        if _ODD.search(base) or not base.isprintable() or len(name) > _SHORT or name[0] == "/":
            self._refuse_odd(name, name)
        folded = name.casefold()
        if folded in self._files:
            raise ArchiveError("two members have this name, or differ in upper and lower case only", name)
        if folded in self._folded:
            raise ArchiveError("one member is a file where another needs a directory", name)
        self._files.add(folded)
        if len(self._files) > self._limits.members:
            raise ArchiveError(f"more than {self._limits.members} members", name)

    def add_directory(self, directory: str, member: str = "") -> None:
        """Take a directory's name, without a slash at its end; it may come more than once.  member: whose parent it is."""
        while directory not in self._directories:
            self._refuse_odd(directory, member or directory)
            folded = directory.casefold()
            if folded in self._files:
                raise ArchiveError("one member is a file where another needs a directory", member or directory)
            if folded in self._folded:
                raise ArchiveError("two directories differ in upper and lower case only", member or directory)
            self._folded.add(folded)
            self._directories.add(directory)
            if len(self._directories) > self._limits.members:
                raise ArchiveError(f"more than {self._limits.members} directories", member or directory)
            directory = directory.rpartition("/")[0]

    def _refuse_odd(self, name: str, member: str) -> None:
        if _ODD_COMPONENT.search(name):
            raise ArchiveError("the name is absolute or has an empty, `.` or `..` component", member)
        if not name.isprintable() or "\\" in name:
            raise ArchiveError("the name has a backslash or a character that cannot be printed", member)
        octets = name.encode()
        if len(octets) > self._limits.name or max(map(len, octets.split(b"/"))) > LONGEST_COMPONENT:
            raise ArchiveError("the name is too long", member)
        if name.count("/") >= DEEPEST:
            raise ArchiveError(f"more than {DEEPEST} directories deep", member)


def check_names(names: list[str], limits: Limits) -> None:
    """Take the names of all files in an archive, as `MemberNames` does one by one. Raises ArchiveError."""
    if not names or _are_plain(names, limits):
        return
    checked = MemberNames(limits)
    for name in names:
        checked.add(name)


def _are_plain(names: list[str], limits: Limits) -> bool:
    """Whether all names together show nothing that has to be looked at one by one: whole texts are searched faster than many names."""
    text = f"/{'/'.join(names)}/"
    if (
        not text.isascii()
        or not text.isprintable()
        or "\\" in text
        or any(odd in text for odd in ("//", "/./", "/../"))
    ):
        return False
    if len(max(names, key=len)) > limits.name or len(max(text.split("/"), key=len)) > LONGEST_COMPONENT:
        return False
    directories: set[str] = set()
    for name in {name.rpartition("/")[0] for name in names}:
        directory = name
        while directory and directory not in directories:
            directories.add(directory)
            directory = directory.rpartition("/")[0]
    if (
        max(len(names), len(directories)) > limits.members
        or max((name.count("/") for name in directories), default=0) >= DEEPEST - 1
    ):
        return False
    files, folded = {name.casefold() for name in names}, {directory.casefold() for directory in directories}
    return len(files) == len(names) and len(folded) == len(directories) and files.isdisjoint(folded)


def shown(name: str) -> str:
    """A hostile name, fit to be printed."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in name[:_SHOWN])
    return text if len(name) <= _SHOWN else f"{text}..."


def members(read_at: ReadAt, size: int, prefix: str, limits: Limits, renamed: Callable[[str], str] = str) -> Listing:
    """Read and check the whole directory of a zip, and the header in front of every member.

    Args:
        read_at: gives the bytes at (offset, count), fewer at the end.   size: bytes of the archive.
        prefix: every name must start with it; it ends with a slash.   renamed: gives the name to write for one without the prefix.
    Raises:
        ArchiveError: anything that is not as a packer of Go modules writes it, a limit that is passed, and names that do not fit
            below one directory: see MemberNames.   What `read_at` raises.
    """
    directory, count, at = _directory(read_at, size, limits)
    found = sorted(_described(directory, count, prefix.encode(), limits))
    names = [renamed(described.name) for described in found]
    check_names(names, limits)
    return Listing(tuple(_placed(read_at, found, names, at)), directory)


def _directory(read_at: ReadAt, size: int, limits: Limits) -> tuple[bytes, int, int]:
    """The bytes from the directory on, how many members it says to have, and its offset."""
    if size > limits.archive:
        raise ArchiveError(f"more than {limits.archive} bytes")
    end = read_at(size - _END.size, _END.size) if size >= _END.size else b""
    if len(end) != _END.size or not end.startswith(b"PK\5\6"):
        raise ArchiveError("no zip archive, or one that was cut, or one with a comment")
    _, disk, first_disk, here, count, length, at, comment = _END.unpack(end)
    if 0xFFFF in (here, count) or _MOST_32 in (length, at) or _is_zip64(read_at, size):
        raise ArchiveError("zip64, which no archive of this size needs")
    if disk or first_disk or here != count or comment:
        raise ArchiveError("a part of several archives, or the end of another one")
    if count > limits.members:
        raise ArchiveError(f"{count} members, more than {limits.members}")
    if (not count and not limits.empty) or at + length + _END.size != size:
        raise ArchiveError("the directory is empty or does not end where the archive does")
    directory = read_at(at, size - at)
    if len(directory) != size - at:
        raise ArchiveError("it became shorter while it was read")
    return directory, count, at


def _is_zip64(read_at: ReadAt, size: int) -> bool:
    locator = size - _END.size - 20
    return locator >= 0 and read_at(locator, 4) == b"PK\6\7"


def _described(directory: bytes, count: int, prefix: bytes, limits: Limits) -> Iterator[_Described]:
    """All members, as the directory has them: each can be unpacked within the limits."""
    place = total = 0
    limit, unpacked = len(directory) - _END.size, _CENTRAL.unpack_from
    most, behind = limits.member, len(prefix)
    for _ in range(count):
        begin = place + _CENTRAL.size
        if begin > limit:
            raise ArchiveError("the directory has fewer members than it says")
        signature, system, flags, method, crc, packed, size, length, extra, comment, disk, attributes, header = (
            unpacked(directory, place)
        )
        common, place = directory[place + 6 : place + 30], begin + length + extra + comment
        if signature != b"PK\1\2" or place > limit or comment or disk:
            raise ArchiveError("the directory is damaged, has comments, or is one of several")
        raw = directory[begin : begin + length]
        if (system == _UNIX and attributes >> 28 not in (0, _REGULAR)) or attributes & _DOS_DIRECTORY:
            raise ArchiveError("a link, a directory or a device: only regular files are expected", _loosely(raw))
        if not raw.startswith(prefix):
            raise ArchiveError(f"the name does not start with {_loosely(prefix)}", _loosely(raw))
        if flags & ~_UNDERSTOOD:
            raise ArchiveError("encrypted" if flags & _ENCRYPTED else "packed in an unknown way", _loosely(raw))
        if method != DEFLATED and (method != STORED or packed != size):
            raise ArchiveError(
                f"packed with method {method}, not with deflate, or stored with two sizes", _loosely(raw)
            )
        if size > most or packed == _MOST_32:
            raise ArchiveError(f"{size} bytes unpacked, more than {most}, or zip64", _loosely(raw))
        total += size
        if total > limits.total:
            raise ArchiveError(f"more than {limits.total} bytes unpacked", _loosely(raw))
        try:
            name = raw[behind:].decode()
        except UnicodeDecodeError:
            raise ArchiveError("the name is no UTF-8", _loosely(raw)) from None
        yield _Described(header, raw, common, flags & _DESCRIPTOR, method, crc, packed, size, name)
    if place != limit:
        raise ArchiveError("the directory is longer than its members")


def _placed(read_at: ReadAt, found: list[_Described], names: list[str], at: int) -> Iterator[Member]:
    """Find the data of all members. Each begins where the one before ends, and the last one ends where the directory is.

    Args:
        found: by offset of the local header.   names: of them, where they go.   at: offset of the directory.
    """
    end, descriptor = 0, _NOTHING
    for described, name in zip(found, names):
        header, raw, common, descriptors, method, crc, packed, size, _ = described
        if header - end not in descriptor:
            raise ArchiveError("it overlaps with another member, or there is something between them", name)
        content = read_at(header, LOCAL_HEADER + len(raw))
        repeated = content[4:28]
        descriptor = _NOTHING
        if descriptors:
            descriptor = _DESCRIPTORS
            # The packer did not know CRC and sizes yet: they are behind the data.
            if repeated[10:22] == _NO_SUMS:
                common = common[:10] + _NO_SUMS + common[22:]
        if repeated != common or content[LOCAL_HEADER:] != raw or not content.startswith(b"PK\3\4"):
            raise _other(content, described, name)
        start = header + len(content) + content[28] + (content[29] << 8)
        end = start + packed
        if end > at:
            raise ArchiveError("it reaches into the directory", name)
        yield Member(name, method, crc, size, header, start, end)
    if at - end not in descriptor:
        raise ArchiveError("there is something between the last member and the directory")


def _other(content: bytes, described: _Described, name: str) -> ArchiveError:
    """Why a local header is not the one that the directory says."""
    if len(content) != LOCAL_HEADER + len(described.raw) or not content.startswith(b"PK\3\4"):
        return ArchiveError("it does not lie where the directory says", name)
    if content[LOCAL_HEADER:] != described.raw:
        return ArchiveError("the directory has another name for it", name)
    return ArchiveError("the directory describes it otherwise", name)


def _loosely(raw: bytes) -> str:
    return raw[:_SHOWN].decode("utf-8", "replace")
