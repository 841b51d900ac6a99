"""ELF files: what a program's header says about the machine, loader and libraries that it needs. Pure.

Everything is found as the kernel and the loader find it, through program headers, so stripped programs and those without a
section table are read alike. All counts and offsets come from a hostile file: each is bounded before it is used.

Source: System V gABI, chapters "Object Files" and "Program Loading"; LSB Core, "Symbol Versioning".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats import buildinfo
from gosteward.snapshot.programs import Elf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    ReadAt = Callable[[int, int], bytes]

MAGIC = b"\x7fELF"
HEADER_SIZE = 64
_MOST_SEGMENTS = 256
_MOST_NEEDED = 64
_MOST_VERSIONS = 256
_LONGEST_NAME = 512
_LONGEST_PATH = 4096
_DYNAMIC_LIMIT = 1 << 14
_VERSIONS_LIMIT = 1 << 14
_MOST_SECTIONS = 256
_NAMES_LIMIT = 1 << 14
_USUAL_START = 1 << 12

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_PF_X, _PF_W = 1, 2
_DT_NEEDED, _DT_STRTAB, _DT_VERNEED, _DT_VERNEEDNUM = 1, 5, 0x6FFFFFFE, 0x6FFFFFFF
_PN_XNUM = 0xFFFF

# (machine, bits, big-endian) of the Linux ports of Go. Sources: the gABI's list of machines, GOROOT/src/internal/syslist.
_GOARCHES = {
    (3, 32, False): "386",
    (8, 32, False): "mipsle",
    (8, 32, True): "mips",
    (8, 64, False): "mips64le",
    (8, 64, True): "mips64",
    (21, 64, False): "ppc64le",
    (21, 64, True): "ppc64",
    (22, 64, True): "s390x",
    (40, 32, False): "arm",
    (62, 64, False): "amd64",
    (183, 64, False): "arm64",
    (243, 64, False): "riscv64",
    (258, 64, False): "loong64",
}


class Segment(NamedTuple):
    """A program header: what lies at `offset` in the file is at `address` in memory, `size` bytes of it."""

    type: int
    flags: int
    offset: int
    address: int
    size: int


class _Header(NamedTuple):
    bits: int
    big: bool
    segments_at: int
    segment_size: int
    segment_count: int
    sections_at: int
    section_size: int
    section_count: int
    names_section: int

    def unpack(self, form: str, data: bytes, offset: int = 0) -> tuple[int, ...]:
        return struct.unpack_from((">" if self.big else "<") + form, data, offset)


def parse(read_at: ReadAt, size: int) -> Elf | None:
    """Read the headers of a file.

    Args:
        read_at: gives the bytes at (offset, count), fewer at the end of the file, b"" behind it.
        size: bytes of the file.
    Returns:
        None if it does not start as an ELF file. `interpreter_exists` is True: only the caller knows the host.
    Raises:
        what `read_at` raises, and nothing else.
    """
    start = read_at(0, HEADER_SIZE)
    if not start.startswith(MAGIC):
        return None
    header = _header(start)
    if header is None:
        bits = _bits(start)
        return Elf(bits=bits, goarch=goarch_of(start), truncated=len(start) < HEADER_SIZE, expected_size=HEADER_SIZE)
    segments = _segments(read_at, header)
    expected = _expected_size(header, segments)
    needed, versions = _libraries(read_at, header, segments)
    build = buildinfo.parse(_memory(read_at, segments), _build_record_places(read_at, header, segments))
    return Elf(
        bits=header.bits,
        goarch=goarch_of(start),
        interpreter=_interpreter(read_at, segments),
        needed=needed,
        needed_versions=versions,
        truncated=expected > size,
        expected_size=expected,
        go_version=build.go_version,
        build_settings=build.settings,
        main_path=build.main_path,
    )


def wanted_glibc(needed_versions: tuple[str, ...]) -> tuple[int, ...]:
    """The newest glibc that a program or library asks for, as numbers; () if it asks for none."""
    return max((glibc_numbers(name.partition("GLIBC_")[2]) for name in needed_versions), default=())


def glibc_numbers(text: str) -> tuple[int, ...]:
    """A version as "2.36" has it; () for what is none."""
    parts = text.split(".")
    return tuple(int(p) for p in parts) if all(p.isascii() and p.isdigit() and len(p) < 5 for p in parts) else ()


def goarch_of(header: bytes) -> str:
    """Name the GOARCH that an ELF file was built for.

    Args:
        header: the first 20 bytes of the file; fewer is allowed, more is ignored.
    Returns:
        A GOARCH such as "arm64"; "" when the bytes are not ELF; "elf-machine-N" for a CPU without a Go port.
    Raises:
        nothing.
    Source:
        System V gABI, "ELF Header": EI_DATA at byte 5, e_machine as two bytes at 18.
    """
    if not header.startswith(MAGIC) or len(header) < 20:
        return ""
    big = header[5] == 2
    machine = int.from_bytes(header[18:20], "big" if big else "little")
    return _GOARCHES.get((machine, _bits(header), big), f"elf-machine-{machine}")


def data_start(segments: tuple[Segment, ...]) -> tuple[int, int]:
    """Address and size of the first segment that is loaded writable and not executable: where Go's linker puts its records."""
    for segment in segments:
        if segment.type == _PT_LOAD and segment.flags & (_PF_X | _PF_W) == _PF_W:
            return segment.address, segment.size
    return 0, 0


def _build_record_places(read_at: ReadAt, header: _Header, segments: tuple[Segment, ...]) -> Iterator[tuple[int, int]]:
    """Where Go's record may be: at the start of the data, else in a section of its own, else anywhere in the data."""
    address, size = data_start(segments)
    yield address, min(size, _USUAL_START)
    yield _section(read_at, header, buildinfo.SECTION)
    yield address, size


def _section(read_at: ReadAt, header: _Header, name: bytes) -> tuple[int, int]:
    """Address and size of a section, (0, 0) without one."""
    form, least = ("IIQQQQ", 64) if header.bits == 64 else ("IIIIII", 40)
    if header.section_size != least or not 0 < header.names_section < header.section_count <= _MOST_SECTIONS:
        return 0, 0
    table = read_at(header.sections_at, least * header.section_count)
    if len(table) < least * header.section_count:
        return 0, 0
    rows = [header.unpack(form, table, at) for at in range(0, len(table), least)]
    *_, offset, size = rows[header.names_section]
    names = read_at(offset, min(size, _NAMES_LIMIT))
    for at, _type, _flags, address, _offset, length in rows:
        if names[at : at + len(name) + 1] == name + b"\0":
            return address, length
    return 0, 0


def _bits(start: bytes) -> int:
    return {1: 32, 2: 64}.get(start[4] if len(start) > 4 else 0, 0)


def _header(start: bytes) -> _Header | None:
    bits = _bits(start)
    if not bits or len(start) < (64 if bits == 64 else 52) or start[5] not in (1, 2):
        return None
    big = start[5] == 2
    form = "QQQIHHHHHH" if bits == 64 else "IIIIHHHHHH"
    fields = struct.unpack_from((">" if big else "<") + form, start, 24)
    _entry, segments_at, sections_at, _flags, _size, *counts = fields
    return _Header(bits, big, segments_at, counts[0], counts[1], sections_at, counts[2], counts[3], counts[4])


def _segments(read_at: ReadAt, header: _Header) -> tuple[Segment, ...]:
    form, least = ("IIQQQQ", 56) if header.bits == 64 else ("IIIIII", 32)
    step, count = header.segment_size, min(header.segment_count, _MOST_SEGMENTS)
    if step < least or step > 4 * least or header.segment_count == _PN_XNUM:
        return ()
    table = read_at(header.segments_at, step * count)
    found = []
    for at in range(0, len(table) - least + 1, step):
        if header.bits == 64:
            kind, flags, offset, address, _physical, size = header.unpack(form, table, at)
        else:
            kind, offset, address, _physical, size, _memory_size, flags = header.unpack("IIIIIII", table, at)
        found.append(Segment(kind, flags, offset, address, size))
    return tuple(found)


def _expected_size(header: _Header, segments: tuple[Segment, ...]) -> int:
    """Bytes that the file needs at least, for its tables and for what is loaded from it."""
    ends = [HEADER_SIZE if header.bits == 64 else 52]
    if header.segments_at and header.segment_count != _PN_XNUM:
        ends.append(header.segments_at + header.segment_size * header.segment_count)
    if header.sections_at and header.section_count:
        ends.append(header.sections_at + header.section_size * header.section_count)
    ends.extend(s.offset + s.size for s in segments if s.type in (_PT_LOAD, _PT_DYNAMIC, _PT_INTERP) and s.size)
    return max(ends)


def _interpreter(read_at: ReadAt, segments: tuple[Segment, ...]) -> str:
    for segment in segments:
        if segment.type == _PT_INTERP:
            return _text(read_at(segment.offset, min(segment.size, _LONGEST_PATH)))
    return ""


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _memory(read_at: ReadAt, segments: tuple[Segment, ...]) -> ReadAt:
    """`read_at` for addresses of the running program; b"" for those that no segment brings in."""
    loads = tuple(s for s in segments if s.type == _PT_LOAD)

    def read(address: int, count: int) -> bytes:
        for segment in loads:
            inside = address - segment.address
            if 0 <= inside < segment.size:
                return read_at(segment.offset + inside, min(count, segment.size - inside))
        return b""

    return read


def _libraries(
    read_at: ReadAt, header: _Header, segments: tuple[Segment, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """DT_NEEDED names and the symbol versions asked of them."""
    dynamic = next((s for s in segments if s.type == _PT_DYNAMIC), None)
    if dynamic is None:
        return (), ()
    read = _memory(read_at, segments)
    tags = _dynamic_tags(read_at(dynamic.offset, min(dynamic.size, _DYNAMIC_LIMIT)), header)
    strings = next((value for tag, value in tags if tag == _DT_STRTAB), 0)

    def name(offset: int) -> str:
        return _text(read(strings + offset, _LONGEST_NAME))

    needed = [name(value) for tag, value in tags if tag == _DT_NEEDED][:_MOST_NEEDED]
    single = dict(tags)
    at, count = single.get(_DT_VERNEED, 0), single.get(_DT_VERNEEDNUM, 0)
    table = read(at, _VERSIONS_LIMIT) if at and count else b""
    versions = [name(offset) for offset in _version_names(table, count, header)]
    return _distinct(needed), _distinct(versions)


def _distinct(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def _dynamic_tags(table: bytes, header: _Header) -> list[tuple[int, int]]:
    """(tag, value) pairs up to DT_NULL."""
    form, step = ("QQ", 16) if header.bits == 64 else ("II", 8)
    tags = []
    for at in range(0, len(table) - step + 1, step):
        tag, value = header.unpack(form, table, at)
        if tag == 0:
            break
        tags.append((tag, value))
    return tags


def _version_names(table: bytes, count: int, header: _Header) -> list[int]:
    """String offsets of all versions in .gnu.version_r. Its links only ever lead forward, or the walk ends."""
    found: list[int] = []
    at = 0
    for _ in range(min(count, _MOST_NEEDED)):
        if at + 16 > len(table):
            break
        _version, auxiliaries, _file, first, following = header.unpack("HHIII", table, at)
        entry = at + first
        for _ in range(min(auxiliaries, _MOST_VERSIONS)):
            if first < 16 or entry + 16 > len(table) or len(found) >= _MOST_VERSIONS:
                break
            _hash, _flags, _other, name, step = header.unpack("IHHII", table, entry)
            found.append(name)
            if step < 16:
                break
            entry += step
        if following < 16:
            break
        at += following
    return found
