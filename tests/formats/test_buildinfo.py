"""Build information of Go programs, in both of its forms."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.formats import buildinfo

RECORD = (
    b"F" * 16
    + b"path\tgolang.org/x/tools/gopls\nmod\tgolang.org/x/tools/gopls\tv0.20.0\th1:abc=\n"
    + b"dep\tgolang.org/x/mod\tv0.27.0\th1:def=\nbuild\tCGO_ENABLED=0\nbuild\t-ldflags=-s -w\n"
    + b"F" * 16
)


def memory(data: bytes, base: int = 0x1000) -> buildinfo.ReadAt:
    return lambda address, count: data[address - base : address - base + count] if address >= base else b""


def inline(version: bytes = b"go1.26.8", record: bytes = RECORD) -> bytes:
    data = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0")
    for text in (version, record):
        size = len(text)
        while size > 127:
            data += bytes([size & 127 | 128])
            size >>= 7
        data += bytes([size]) + text
    return data


@pytest.mark.parametrize("before", [0, 16, 4096])
def test_release_path_module_and_settings_are_read_wherever_the_record_stands(before: int) -> None:
    data = bytes(before) + inline()
    found = buildinfo.parse(memory(data), [(0x1000, len(data))])
    assert found.go_version == "go1.26.8"
    assert found.main_path == "golang.org/x/tools/gopls"
    assert found.module == "golang.org/x/tools/gopls v0.20.0"
    assert found.settings == ("CGO_ENABLED=0", "-ldflags=-s -w")


@pytest.mark.parametrize(("width", "big"), [(8, False), (4, False), (8, True), (4, True)])
def test_pointers_of_programs_before_go_1_18_are_followed(width: int, big: bool) -> None:
    form = (">" if big else "<") + ("QQ" if width == 8 else "II")
    header = (b"\xff Go buildinf:" + bytes([width, int(big)]) + struct.pack(form, 0x1040, 0x1060)).ljust(64, b"\0")
    table = struct.pack(form, 0x1080, 9).ljust(32, b"\0") + struct.pack(form, 0x10C0, len(RECORD)).ljust(32, b"\0")
    data = header + table + b"go1.16.15".ljust(64, b"\0") + RECORD
    found = buildinfo.parse(memory(data), [(0x1000, len(data))])
    assert (found.go_version, found.main_path) == ("go1.16.15", "golang.org/x/tools/gopls")


@pytest.mark.parametrize(
    ("version", "release"),
    [
        (b"go1.26.8 X:nodwarf5", "go1.26.8"),
        (b"devel go1.27-0123abcd Fri Aug 28 16:20:06 2026 +0000", "devel go1.27-0123abcd"),
        (b"go1.21.3 (Red Hat 1.21.3-1.el9)", "go1.21.3"),
        (b"", ""),
    ],
)
def test_version_is_cut_to_the_release(version: bytes, release: str) -> None:
    data = inline(version)
    assert buildinfo.parse(memory(data), [(0x1000, len(data))]).go_version == release


def test_record_longer_than_usual_is_read_whole() -> None:
    record = RECORD[:-16] + b"".join(b"dep\tm%d\tv1.0.0\th1:x=\n" % n for n in range(1000)) + b"build\tGOOS=linux\n"
    data = inline(record=record + b"F" * 16)
    assert "GOOS=linux" in buildinfo.parse(memory(data), [(0x1000, len(data))]).settings


def test_magic_that_is_not_aligned_is_no_record() -> None:
    data = b"12345678" + inline()
    assert buildinfo.parse(memory(data), [(0x1000, len(data))]) == buildinfo.BuildInformation()


@given(st.binary(max_size=200), st.integers(0, 255), st.integers(0, 255))
def test_what_is_found_stands_in_the_file(tail: bytes, width: int, flags: int) -> None:
    data = b"\xff Go buildinf:" + bytes([width, flags]) + tail
    found = buildinfo.parse(memory(data), [(0x1000, len(data)), (0, 1 << 60)])
    text = data.decode("utf-8", "replace")
    assert all(word in text for word in found.go_version.split(" "))
    assert found.main_path in text
    assert len(found.settings) <= buildinfo._MOST_SETTINGS
    assert all(setting in text for setting in found.settings)
