"""Tars of stored files: one way to read them, and everything that has another way is refused."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.formats import stored_members
from gosteward.formats.stored_members import BLOCK, END, MOST_MEMBERS, StoredMember, header, padding
from gosteward.formats.zip_members import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable


def stored(*files: tuple[str, bytes]) -> bytes:
    return b"".join(header(name, len(data)) + data + padding(len(data)) for name, data in files) + END


def by_tarfile(name: str, data: bytes = b"", form: int = tarfile.USTAR_FORMAT, **fields: object) -> bytes:
    """One member as Python writes it, of which every field can be a lie."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in fields.items():
        setattr(info, key, value)
    return info.tobuf(form) + data + padding(len(data))


def read(data: bytes) -> tuple[StoredMember, ...]:
    def read_at(offset: int, count: int) -> bytes:
        assert offset >= 0
        assert count >= 0
        return data[offset : offset + count]

    return stored_members.members(read_at, len(data))


def refused(data: bytes, said: str) -> None:
    with pytest.raises(ArchiveError, match=said):
        read(data)


@given(st.lists(st.binary(max_size=1500), max_size=5))
def test_what_is_written_is_found_again_by_us_and_by_python(contents: list[bytes]) -> None:
    data = stored(*((f"f{place}.zip", content) for place, content in enumerate(contents)))
    found = read(data)
    assert [data[m.start : m.start + m.size] for m in found] == contents
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert [(m.name, m.offset_data, m.size) for m in archive] == list(found)


def test_what_other_programs_write_as_ustar_is_read() -> None:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo("tables/releases.json")
        info.size, info.mtime, info.uid, info.uname = 3, 1_700_000_000, 1000, "dev"
        archive.addfile(info, io.BytesIO(b"abc"))
    assert read(whole.getvalue()) == (StoredMember("tables/releases.json", BLOCK, 3),)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (tarfile.LNKTYPE, "a hard link"), (tarfile.SYMTYPE, "a symbolic link"), (tarfile.CHRTYPE, "a character device"),
        (tarfile.BLKTYPE, "a block device"), (tarfile.DIRTYPE, "a directory"), (tarfile.FIFOTYPE, "a FIFO"), (b"S", "a sparse file"),
        (b"L", "a long name"), (b"x", "records of pax"), (b"\0", "of an unknown type"),
    ],
)  # fmt: skip
def test_anything_but_a_regular_file_is_refused(kind: bytes, said: str) -> None:
    refused(by_tarfile("x", type=kind) + END, said)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/b/c/d/e", "-x", "ü", "a b", "a\nb"]
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    refused(by_tarfile(name) + END, "a name that no member can have|it is records of pax")


@pytest.mark.parametrize("twin", ["x", "X"])
def test_two_members_of_one_name(twin: str) -> None:
    refused(stored(("x", b"1"), (twin, b"2")), "two members have this name")


def test_a_link_target_or_a_start_of_the_name_is_no_way_to_smuggle_one() -> None:
    refused(by_tarfile("x", linkname="y") + END, "only regular files")
    refused(by_tarfile("d" * 90 + "/" + "x" * 60) + END, "a name that no member can have")


def test_a_file_that_was_cut_says_what_is_missing() -> None:
    whole = stored(("a", b"1" * 700), ("b", b"2"))
    for length in range(0, len(whole), 97):
        refused(whole[:length], "it was cut")
    with pytest.raises(ArchiveError, match=r"it has 900 bytes, and this member goes on to byte 1212: a"):
        read(whole[:900])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d[:3] + b"x" + d[4:], "no sound header of a member at byte 0"),
        (lambda d: d + b"more", "more bytes behind its end"),
        (lambda d: d + bytes((1 << 20) + 1), "more bytes behind its end"),
        (lambda d: d[: BLOCK + 5] + b"hidden" + d[BLOCK + 11 :], "something between it and the next member"),
        (lambda d: d[:-BLOCK], "its end is missing"),
    ],
)
def test_damage_and_hidden_bytes(change: Callable[[bytes], bytes], said: str) -> None:
    refused(change(stored(("a", b"12345"))), said)


def test_a_size_in_another_notation() -> None:
    block = bytearray(header("a", 0))
    block[124:136] = b"\x80" + bytes(10) + b"\1"
    block[148:156] = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 8 * 0x20)
    refused(bytes(block) + END, "its size is damaged")


def test_as_many_members_as_nobody_has() -> None:
    refused(stored(*((f"m{n}", b"") for n in range(MOST_MEMBERS + 1))), "more than 1000 members")


def test_first_name_is_only_that_of_a_tar() -> None:
    assert stored_members.first_name(header("gosteward-bundle.json", 7)) == "gosteward-bundle.json"
    for block in (b"", b"gosteward-bundle.json", b"PK\3\4" + bytes(508), b"gosteward-bundle.json".ljust(BLOCK, b"\0")):
        assert stored_members.first_name(block) == ""
