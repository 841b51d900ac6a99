"""ELF headers: what real layouts say is read, whatever the byte order, and nothing that a file claims can hurt."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosteward.formats import elf

BASE = 0x400000
RECORD = b"F" * 16 + b"path\texample.com/tool\nbuild\tGOARCH=amd64\nbuild\tGOAMD64=v3\n" + b"F" * 16


def program(machine: int = 62, bits: int = 64, big: bool = False, dynamic: bool = True, build: bool = True) -> bytes:
    """A small program: one segment with everything in it, no sections."""
    order, wide = (">" if big else "<"), bits == 64
    word = "Q" if wide else "I"
    header_size, entry_size = (64, 56) if wide else (52, 32)
    strings = b"\0libc.so.6\0libpthread.so.0\0GLIBC_2.34\0GLIBC_2.2.5\0"
    parts, at = {}, header_size + 4 * entry_size
    at += -at % 16
    blob = b""

    def put(name: str, data: bytes) -> None:
        nonlocal blob
        parts[name] = (at + len(blob), len(data))
        blob += data + b"\0" * (-len(data) % 16)

    put("interpreter", b"/lib64/ld-linux-x86-64.so.2\0")
    put("strings", strings)
    need = struct.pack(order + "HHIII", 1, 2, 1, 16, 0)
    for name, following in ((b"GLIBC_2.34", 16), (b"GLIBC_2.2.5", 0)):
        need += struct.pack(order + "IHHII", 0, 0, 0, strings.index(name), following)
    put("versions", need)
    tags = [
        (1, strings.index(b"libc")),
        (1, strings.index(b"libpthread")),
        (5, BASE + parts["strings"][0]),
        (0x6FFFFFFE, BASE + parts["versions"][0]),
        (0x6FFFFFFF, 1),
        (0, 0),
    ]
    put("dynamic", b"".join(struct.pack(order + 2 * word, *tag) for tag in tags))
    if build:
        information = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0")
        for text in (b"go1.26.8 X:nodwarf5", RECORD):
            information += bytes([len(text)] if len(text) < 128 else [len(text) & 127 | 128, len(text) >> 7]) + text
        put("build", information)
    size = at + len(blob)

    def segment(kind: int, flags: int, offset: int, length: int) -> bytes:
        address = BASE + offset
        if wide:
            return struct.pack(order + "IIQQQQQQ", kind, flags, offset, address, address, length, length, 16)
        return struct.pack(order + "IIIIIIII", kind, offset, address, address, length, length, flags, 16)

    segments = [segment(1, 6, 0, size)]
    if dynamic:
        segments += [segment(2, 6, *parts["dynamic"]), segment(3, 4, *parts["interpreter"])]
    start = b"\x7fELF" + bytes([2 if wide else 1, 2 if big else 1, 1]) + bytes(9)
    start += struct.pack(order + "HHI" + 3 * word, 2, machine, 1, BASE, header_size, 0)
    start += struct.pack(order + "IHHHHHH", 0, header_size, entry_size, len(segments), 0, 0, 0)
    return (start + b"".join(segments)).ljust(at, b"\0") + blob


def parse(data: bytes) -> elf.Elf | None:
    return elf.parse(lambda offset, count: data[offset : offset + count] if offset >= 0 else b"", len(data))


@pytest.mark.parametrize(
    ("goarch", "machine", "bits", "big"), [(name, *key) for key, name in elf._GOARCHES.items()], ids=str
)
def test_every_port_of_go_is_named_and_read_in_its_own_byte_order(
    goarch: str, machine: int, bits: int, big: bool
) -> None:
    found = parse(program(machine, bits, big))
    assert found is not None
    assert (found.goarch, found.bits, found.truncated) == (goarch, bits, False)
    assert found.interpreter == "/lib64/ld-linux-x86-64.so.2"
    assert found.needed == ("libc.so.6", "libpthread.so.0")
    assert found.needed_versions == ("GLIBC_2.34", "GLIBC_2.2.5")
    assert (found.go_version, found.main_path) == ("go1.26.8", "example.com/tool")
    assert found.build_settings == ("GOARCH=amd64", "GOAMD64=v3")


def test_static_program_needs_nothing() -> None:
    found = parse(program(dynamic=False, build=False))
    assert found is not None
    assert (found.interpreter, found.needed, found.needed_versions, found.go_version) == ("", (), (), "")


def test_file_that_ends_before_its_segments_is_truncated() -> None:
    whole = program()
    found = parse(whole[:-40])
    assert found is not None
    assert found.truncated
    assert found.expected_size == len(whole)
    assert found.goarch == "amd64", "the machine is still known"
    short = parse(whole[:30])
    assert short is not None
    assert short.truncated


def test_missing_section_table_counts_as_truncated_too() -> None:
    data = bytearray(program())
    struct.pack_into("<Q", data, 40, len(data))
    struct.pack_into("<HHH", data, 58, 64, 3, 2)
    found = parse(bytes(data))
    assert found is not None
    assert (found.truncated, found.expected_size) == (True, len(data) + 3 * 64)


def test_machine_without_a_port_keeps_its_number() -> None:
    assert elf.goarch_of(program(machine=50)[:20]) == "elf-machine-50"
    assert elf.goarch_of(program(machine=62, bits=32)[:20]) == "elf-machine-62", "x32 is no port of Go"
    assert elf.goarch_of(b"#!/bin/sh") == ""


def test_what_is_no_elf_file_is_none() -> None:
    assert parse(b"") is None
    assert parse(b"MZ" + bytes(100)) is None


def test_interpreter_of_this_very_python_is_right() -> None:
    path = Path(sys.executable).resolve()
    data = path.read_bytes()
    found = parse(data)
    assert found is not None
    assert not found.truncated
    assert not found.interpreter or Path(found.interpreter).exists()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_damage_makes_the_parser_raise_or_read_without_end(data: st.DataObject) -> None:
    bits = data.draw(st.sampled_from((32, 64)))
    blob = bytearray(program(bits=bits, big=data.draw(st.booleans())))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(4, len(blob) - 9))
        blob[at : at + 8] = data.draw(
            st.sampled_from((b"\xff" * 8, bytes(8), b"\x00\x00\x00\x01" * 2)) | st.binary(min_size=8, max_size=8)
        )
    asked = 0

    def read_at(offset: int, count: int) -> bytes:
        nonlocal asked
        asked += min(count, 1 << 21)
        assert count < 1 << 21
        return bytes(blob[offset : offset + count]) if offset >= 0 else b""

    elf.parse(read_at, len(blob))
    assert asked < 1 << 23


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_behind_the_magic_are_some_file_of_some_machine(tail: bytes) -> None:
    data = elf.MAGIC + tail
    found = parse(data)
    assert found is not None
    assert found.bits in (0, 32, 64)
    assert found.goarch == elf.goarch_of(data)
    assert found.truncated is (found.expected_size > len(data) or (len(data) < elf.HEADER_SIZE and not found.bits))
