r"""The build information that Go's linker leaves in every program: release, package path and settings. Pure.

    \xff Go buildinf:\x08\x02 + zeros up to 32 bytes, then two strings, each with its length as a varint before it
    "go1.26.8"
    16 bytes of frame, "path\tcmd/go\nbuild\tGOARCH=amd64\nbuild\tGOAMD64=v1\n", 16 bytes of frame

Up to Go 1.17 (flag bit 2 not set) the header holds two pointers to string headers of the running program instead.

Source: debug/buildinfo/buildinfo.go and runtime/debug/mod.go of the Go sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    ReadAt = Callable[[int, int], bytes]

MAGIC = b"\xff Go buildinf:"
SECTION = b".go.buildinfo"
_ALIGNMENT = 16
_HEADER_SIZE = 32
# As debug/buildinfo searches at a time; external linkers put other data in front of it.
_SEARCHED = 1 << 20
_LONGEST_VERSION = 256
_LONGEST_RECORD = 1 << 16
_USUAL_RECORD = 1 << 12
_MOST_SETTINGS = 64
_FRAME = 16


class BuildInformation(NamedTuple):
    """What a program says about its build.

    Attributes:
        go_version: "go1.26.8", "devel go1.27-0123abcd"; "" if the program was not built by Go, or by one before 1.13.
        main_path: "cmd/go", "example.com/tool/cmd/tool".   settings: "GOARCH=amd64", "CGO_ENABLED=1", in order.
        module: path and version of the main module, "golang.org/x/tools v0.30.0"; "" without one.
    """

    go_version: str = ""
    main_path: str = ""
    settings: tuple[str, ...] = ()
    module: str = ""


def parse(read: ReadAt, places: Iterable[tuple[int, int]]) -> BuildInformation:
    """Find and read the build information.

    Args:
        read: gives the bytes at (address, count) of the program in memory, fewer where the segment ends.
        places: addresses and sizes of where to look, the likely one first.
    Returns:
        Empty attributes for whatever is not there.
    Raises:
        what `read` raises, and nothing else.
    """
    address = next((found for found in (_find(read, *place) for place in places) if found), 0)
    header = read(address, _HEADER_SIZE) if address else b""
    if len(header) < _HEADER_SIZE:
        return BuildInformation()
    if header[15] & 2:
        version, record = _inline_strings(read, address + _HEADER_SIZE)
    else:
        version, record = _pointed_strings(read, header)
    return _from_record(_unframed(record))._replace(go_version=_release(version.decode("utf-8", "replace")))


def _find(read: ReadAt, address: int, size: int) -> int:
    """Address of the magic bytes, 0 if they are not there; they stand on a multiple of 16."""
    data = read(address, min(size, _SEARCHED)) if size else b""
    at = data.find(MAGIC)
    while at >= 0 and (address + at) % _ALIGNMENT:
        at = data.find(MAGIC, at + 1)
    return address + at if at >= 0 else 0


def _inline_strings(read: ReadAt, address: int) -> tuple[bytes, bytes]:
    """The two strings behind the header."""
    data = read(address, _USUAL_RECORD)
    length, at = _varint(data, 0)
    wanted, behind = _varint(data, at + length)
    if behind + wanted > len(data) == _USUAL_RECORD:
        data = read(address, _LONGEST_VERSION + _LONGEST_RECORD)
    version = data[at : at + min(length, _LONGEST_VERSION)]
    length, at = _varint(data, at + length)
    return version, data[at : at + min(length, _LONGEST_RECORD)]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number and where it ends; (0, end of data) if it is cut off or longer than ten bytes."""
    value = 0
    for index, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, at + index + 1
    return 0, len(data)


def _pointed_strings(read: ReadAt, header: bytes) -> tuple[bytes, bytes]:
    """The two strings that the header's pointers lead to."""
    width, big = header[14], bool(header[15] & 1)
    if width not in (4, 8):
        return b"", b""
    strings = []
    for at, longest in ((16, _LONGEST_VERSION), (16 + width, _LONGEST_RECORD)):
        pair = read(_number(header[at : at + width], big), 2 * width)
        length = _number(pair[width:], big) if len(pair) == 2 * width else 0
        strings.append(read(_number(pair[:width], big), min(length, longest)) if length else b"")
    return strings[0], strings[1]


def _number(data: bytes, big: bool) -> int:
    return int.from_bytes(data, "big" if big else "little")


def _unframed(record: bytes) -> str:
    """The text between the two frames of 16 bytes; "" if it is not framed."""
    if len(record) < 2 * _FRAME + 1 or record[-_FRAME - 1 : -_FRAME] != b"\n":
        return ""
    return record[_FRAME:-_FRAME].decode("utf-8", "replace")


def _release(version: str) -> str:
    """Without what follows the release: "go1.26.8 X:nodwarf5" is go1.26.8; "devel go1.27-0123abcd Fri ..." keeps two words."""
    words = version.split()
    return " ".join(words[:2]) if words[:1] == ["devel"] else "".join(words[:1])


def _from_record(text: str) -> BuildInformation:
    main_path = module = ""
    settings: list[str] = []
    for line in text.split("\n"):
        key, _, value = line.partition("\t")
        if key == "path" and not main_path:
            main_path = value
        elif key == "mod" and not module:
            module = " ".join(value.split("\t")[:2])
        elif key == "build" and len(settings) < _MOST_SETTINGS:
            settings.append(value)
    return BuildInformation(main_path=main_path, settings=tuple(settings), module=module)
