r"""Tar archives as they come, block by block: regular files and directories below one prefix, and nothing else. Pure.

A tar cannot be judged before it was read to its end. Each member is checked before it is handed out, all names against all names before
them; what comes later may still be bad. So who writes members has to write below a new directory, and to throw that away on any error: no
member can then have touched anything outside.

Accepted are the ustar format, records of pax (`path`, `size`, `mtime`; those about owners and comments mean nothing here) and long
names of GNU tar. Links, devices, FIFOs, sparse files and global records are refused: Go archives have none.

Source: POSIX.1-2017, pax, "pax Interchange Format" and "ustar Interchange Format"; GNU tar manual, "Basic Tar Format" (base-256, type L).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats.zip_members import ArchiveError, Limits, MemberNames, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BLOCK = 512
_RECORDS_LIMIT = 1 << 16
_RECORD_LIMIT = 1 << 20  # GNU tar fills up to 10 KiB, and to as much as a tape drive is told to take
_LONGEST_FIELD = 256
_OCTAL = re.compile(rb" *([0-7]+)[ \0]*", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)
_MTIME = re.compile(r"([0-9]{1,12})(?:\.[0-9]*)?", re.ASCII)
_REFUSED = {
    b"1": "a hard link", b"2": "a symbolic link", b"3": "a character device", b"4": "a block device", b"6": "a FIFO",
    b"S": "a sparse file", b"g": "records that hold for all members", b"K": "a long target of a link",
}  # fmt: skip
_PASSED_OVER = {
    "atime", "ctime", "uid", "gid", "uname", "gname", "comment", "LIBARCHIVE.creationtime", "hdrcharset", "charset",
}  # fmt: skip


class TarMember(NamedTuple):
    """A member of a tar.

    Attributes:
        name: relative, without the prefix; "" for the directory of the prefix itself.   directory: else it is a regular file.
        executable: its owner may run it. No more of its mode is of use.   mtime: seconds since the epoch.   content: b"" for a directory.
    """

    name: str
    directory: bool
    executable: bool
    mtime: int
    content: bytes


def members(blocks: Iterable[bytes], prefix: str, limits: Limits) -> Iterator[TarMember]:
    """Read a tar.

    Args:
        blocks: its bytes, uncompressed, in pieces of any size. All of them are taken.   prefix: every name must start with it, or be it.
    Raises:
        ArchiveError: while members are taken: anything but regular files and directories, names that do not fit below one directory (see
            MemberNames), damage, an end that is missing, bytes behind it, or a limit that is passed.   What `blocks` raises.
    """
    stream = _Stream(blocks)
    names, left, headers = MemberNames(limits), limits.total, 0
    while (header := _header(stream, limits.name + len(prefix))) is not None:
        headers += 1
        if headers > 2 * limits.members:
            raise ArchiveError(f"more than {2 * limits.members} members", header.name)
        name = _below(header, prefix)
        if header.directory:
            if name:
                names.add_directory(name)
            yield TarMember(name, True, True, header.mtime, b"")
            continue
        names.add(name)
        left -= header.size
        if header.size > limits.member or left < 0:
            raise ArchiveError(f"more than {limits.member} bytes, or {limits.total} in all", name)
        content = stream.take(header.size, name)
        stream.padding(header.size, name)
        yield TarMember(name, False, header.executable, header.mtime, content)
    stream.refuse_rest()


class _Header(NamedTuple):
    name: str
    directory: bool
    executable: bool
    size: int
    mtime: int


class _Stream:
    """Bytes that come in pieces."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._piece = b""
        self._place = 0

    def take(self, count: int, member: str) -> bytes:
        """Just `count` bytes. Raises ArchiveError if there are fewer."""
        end = self._place + count
        if end <= len(self._piece):
            taken = self._piece[self._place : end]
            self._place = end
            return taken
        pieces, missing = [self._piece[self._place :]], end - len(self._piece)
        for piece in self._blocks:
            pieces.append(piece[:missing])
            if len(piece) >= missing:
                self._piece, self._place = piece, missing
                return b"".join(pieces)
            missing -= len(piece)
        raise ArchiveError("it ends too early", member)

    def padding(self, size: int, member: str) -> None:
        """Pass over what fills the last block of a content."""
        self.take(-size % BLOCK, member)

    def refuse_rest(self) -> None:
        """Raise ArchiveError if more follows than the zeros that fill the last record of a tape."""
        left, rest = _RECORD_LIMIT, self._piece[self._place :]
        while True:
            left -= len(rest)
            if rest.strip(b"\0") or left < 0:
                raise ArchiveError("there are more bytes behind its end")
            try:
                rest = next(self._blocks)
            except StopIteration:
                return


def _header(stream: _Stream, longest: int) -> _Header | None:
    """The next member, with what records in front of it say; None at the end."""
    records: dict[str, str] = {}
    for _ in range(3):  # at most pax records and a long name in front of one member
        block = stream.take(BLOCK, "")
        if not block.strip(b"\0"):
            if records or stream.take(BLOCK, "").strip(b"\0"):
                raise ArchiveError("its end is damaged")
            return None
        name = _checked(block)
        kind, size = block[156:157], _number(block[124:136], name)
        if kind not in (b"x", b"L"):
            return _with_records(block, kind, name, size, records)
        if size > _RECORDS_LIMIT:
            raise ArchiveError("records or a name that are too long", name)
        content = stream.take(size, name)
        stream.padding(size, name)
        records.update(_pax(content, name) if kind == b"x" else {"path": _text(content.rstrip(b"\0"), longest)})
    raise ArchiveError("records about records", name)


def _checked(block: bytes) -> str:
    """Name of a header as it stands there. Raises ArchiveError for a block that is no header."""
    if block[257:262] != b"ustar":
        raise ArchiveError("no tar archive, or one that is damaged")
    name = block[:100].partition(b"\0")[0]
    # GNU tar ("ustar  ") keeps other things where POSIX has the start of a long name.
    start = block[345:500].partition(b"\0")[0] if block[262:263] == b"\0" else b""
    text = _text(start + b"/" + name if start else name, _LONGEST_FIELD)
    if sum(block) - sum(block[148:156]) + 8 * 0x20 != _number(block[148:156], text):
        raise ArchiveError("a header is damaged", text)
    return text


def _with_records(block: bytes, kind: bytes, name: str, size: int, records: dict[str, str]) -> _Header:
    name = records.get("path", name)
    if kind not in (b"0", b"\0", b"5"):
        what = _REFUSED.get(kind, f"of type {shown(kind.decode('latin-1'))}")
        raise ArchiveError(f"it is {what}: only regular files and directories are expected", name)
    if "size" in records:
        size = int(records["size"])
    directory = kind == b"5"
    if directory and size:
        raise ArchiveError("a directory with a content", name)
    mtime = int(records["mtime"]) if "mtime" in records else _number(block[136:148], name)
    if mtime >= 1 << 40:
        raise ArchiveError("a time that cannot be", name)
    return _Header(name, directory, bool(_number(block[100:108], name) & 0o100), size, mtime)


def _below(header: _Header, prefix: str) -> str:
    """The name without the prefix, and without the slash at the end of a directory's."""
    name = header.name
    if header.directory and not name.endswith("/"):
        name += "/"
    if not name.startswith(prefix) or (name == prefix and not header.directory):
        raise ArchiveError(f"the name does not start with {shown(prefix)}", header.name)
    return name[len(prefix) : -1] if header.directory else name[len(prefix) :]


def _number(field: bytes, name: str) -> int:
    """Octal digits, or base-256 behind a byte with its highest bit set."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    match = _OCTAL.fullmatch(field)
    if match is None:
        if field.strip(b" \0"):
            raise ArchiveError("a number in its header is damaged", name)
        return 0
    return int(match[1], 8)


def _text(raw: bytes, longest: int) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise ArchiveError("the name is no UTF-8", raw.decode("utf-8", "replace")) from None
    if len(raw) > longest or "\0" in text:
        raise ArchiveError("the name is too long or has a NUL", text)
    return text


def _pax(content: bytes, name: str) -> dict[str, str]:
    """Records "LENGTH KEY=VALUE\\n". Raises ArchiveError for keys that would change what a member is."""
    records: dict[str, str] = {}
    place = 0
    while place < len(content):
        digits, space, _ = content[place : place + 8].partition(b" ")
        end = place + int(digits) if digits.isdigit() and space else 0
        line = content[place + len(digits) + 1 : end]
        key, sign, value = _text(line[:-1], _RECORDS_LIMIT).partition("=")
        if end > len(content) or not line.endswith(b"\n") or not sign or key in records:
            raise ArchiveError("a record of it is damaged", name)
        if key not in _PASSED_OVER and not key.startswith("SCHILY.xattr."):
            records[key] = _value(key, value, name)
        place = end
    return records


def _value(key: str, value: str, name: str) -> str:
    if key == "path":
        return value
    match = _DIGITS.fullmatch(value) if key == "size" else _MTIME.fullmatch(value) if key == "mtime" else None
    if match is None:
        raise ArchiveError(f"a record with {shown(key)} that is not understood", name)
    return match[1] if key == "mtime" else value
