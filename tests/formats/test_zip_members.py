"""Zip archives: what a packer of Go modules writes is read, and each known attack is refused before anything is handed out."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosteward.formats.zip_members import DEEPEST, ArchiveError, Limits, Listing, MemberNames, check_names, members

if TYPE_CHECKING:
    from collections.abc import Callable
from growth import grows_linearly

P = "m@v1/"
LIMITS = Limits(members=50, member=1 << 20, total=3 << 20, archive=1 << 22, name=300)


class Part(NamedTuple):
    """A member as it is written; `local` and `central` replace what its two headers say."""

    name: bytes
    content: bytes = b"x"
    method: int = 8
    local: dict[str, object] = {}  # noqa: RUF012 - never changed
    central: dict[str, object] = {}  # noqa: RUF012
    descriptor: bytes | None = None


def zipped(*parts: Part, between: bytes = b"", end: dict[str, int] | None = None, comment: bytes = b"") -> bytes:
    """A zip, of which every field can be a lie."""
    blob, directory = b"", b""
    for part in parts:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        data = packer.compress(part.content) + packer.flush() if part.method == 8 else part.content
        later = part.descriptor is not None
        fields = {
            "flags": 8 if later else 0, "method": part.method, "crc": zlib.crc32(part.content), "packed": len(data),
            "size": len(part.content), "name": part.name, "made": 3 << 8 | 20, "disk": 0, "mode": 0o100644 << 16, "at": len(blob), "comment": b"",
        }  # fmt: skip
        here = {**fields, **({"crc": 0, "packed": 0, "size": 0} if later else {}), **part.local}
        there = {**fields, **part.central}

        def common(said: dict) -> bytes:
            numbers = (
                20,
                said["flags"],
                said["method"],
                0,
                33,
                said["crc"],
                said["packed"],
                said["size"],
                len(said["name"]),
            )
            return struct.pack("<5H3IH", *numbers)

        blob += (
            b"PK\3\4" + common(here) + struct.pack("<H", 0) + here["name"] + data + (part.descriptor or b"") + between
        )
        rest = struct.pack("<4H2I", 0, len(there["comment"]), there["disk"], 0, there["mode"], there["at"])
        directory += (
            b"PK\1\2" + struct.pack("<H", there["made"]) + common(there) + rest + there["name"] + there["comment"]
        )
    said = {"disk": 0, "start": 0, "here": len(parts), "count": len(parts), "size": len(directory), "at": len(blob)} | (
        end or {}
    )
    return blob + directory + b"PK\5\6" + struct.pack("<4H2IH", *said.values(), len(comment)) + comment


def listed(archive: bytes, limits: Limits = LIMITS) -> Listing:
    return members(lambda at, count: archive[at : at + count] if at >= 0 else b"", len(archive), P, limits)


def named(*names: str) -> bytes:
    return zipped(*(Part(P.encode() + name.encode()) for name in names))


def refused(archive: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(ArchiveError) as caught:
        listed(archive, limits)
    return str(caught.value)


def test_members_are_listed_with_the_place_of_their_data() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(P + "b/Þ.go", b"package b\n" * 9)
        archive.writestr(P + "a.go", b"", zipfile.ZIP_STORED)
    data = content.getvalue()
    first, second = listed(data).members
    assert (first.name, first.size, zlib.decompress(data[first.start : first.end], -15)) == (
        "b/Þ.go",
        90,
        b"package b\n" * 9,
    )
    assert (second.name, second.method, second.size, second.start) == ("a.go", 0, 0, second.end)
    assert data.endswith(listed(data).directory)


@pytest.mark.parametrize("descriptor", [bytes(12), b"PK\7\x08" + bytes(12)])
def test_members_with_sums_behind_their_data_are_listed(descriptor: bytes) -> None:
    """As Go's archive/zip writes them."""
    found = listed(zipped(Part(b"m@v1/a", descriptor=descriptor), Part(b"m@v1/b", descriptor=descriptor))).members
    assert [(m.name, m.size, m.crc) for m in found] == [("a", 1, zlib.crc32(b"x")), ("b", 1, zlib.crc32(b"x"))]


def test_names_are_checked_as_they_will_be_written() -> None:
    archive = named("src/_go.mod", "src/go.mod")
    with pytest.raises(ArchiveError):
        members(lambda at, count: archive[at : at + count], len(archive), P, LIMITS, lambda name: name.replace("_", ""))


ATTACKS_BY_NAME = {
    "traversal": "../x", "traversal in the middle": "a/../../x", "traversal at the end": "a/..", "dot": "./x", "absolute": "/etc/passwd",
    "absolute at the top": "/x", "empty": "", "empty component": "a//b", "directory entry": "a/", "backslash": "a\\..\\x", "NUL": "a\0.go",
    "line end": "a\nb", "escape sequence": "a\x1b[2J", "bidirectional override": "a\u202eog.exe", "long component": "x" * 256,
    "long name": "x/" * 60 + "y" * 200, "deep": "x/" * (DEEPEST + 1) + "y", "long in octets only": "é" * 128,
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS_BY_NAME.values(), ids=ATTACKS_BY_NAME.keys())
def test_attack_by_a_name(name: str) -> None:
    assert refused(named("good", name)).isprintable()


@pytest.mark.parametrize(
    "names",
    [
        ("a", "a"),
        ("a", "A"),
        ("x/a", "X/b"),
        ("x/y/a", "x/Y/b"),
        ("a", "a/b"),
        ("a/b", "a"),
        ("a/b", "A"),
        ("straße", "STRASSE"),
    ],
    ids=[
        "duplicate",
        "case-fold twins",
        "twin directories",
        "twins below",
        "file as directory",
        "directory as file",
        "twin of a directory",
        "ß",
    ],
)
def test_attack_by_two_names(names: tuple[str, str]) -> None:
    refused(named(*names))
    refused(named(*reversed(names)))


G = b"m@v1/a"
ATTACKS = {
    "foreign prefix": zipped(Part(b"m@v2/a")),
    "name that is no UTF-8": zipped(Part(b"m@v1/\xff")),
    "symbolic link": zipped(Part(G, b"/etc/passwd", central={"mode": 0o120777 << 16})),
    "device": zipped(Part(G, central={"mode": 0o60666 << 16})),
    "directory by its mode": zipped(Part(G, central={"mode": 0o40755 << 16})),
    "directory by its DOS bit": zipped(Part(G, central={"mode": 0x10, "made": 20})),
    "encrypted": zipped(Part(G, local={"flags": 1}, central={"flags": 1})),
    "unknown flags": zipped(Part(G, local={"flags": 0x2000}, central={"flags": 0x2000})),
    "method of another packer": zipped(Part(G, method=14)),
    "stored with two sizes": zipped(Part(G, b"xyz", method=0, local={"size": 9}, central={"size": 9})),
    "zip64 sizes": zipped(Part(G, local={"packed": 0xFFFFFFFF}, central={"packed": 0xFFFFFFFF})),
    "zip64 count": zipped(Part(G), end={"here": 0xFFFF, "count": 0xFFFF}),
    "zip64 offset": zipped(Part(G), end={"at": 0xFFFFFFFF}),
    "one member too large": zipped(Part(G, bytes((1 << 20) + 1))),
    "all members too large": zipped(*(Part(b"m@v1/%d" % n, bytes(1 << 20)) for n in range(4))),
    "too many members": named(*map(str, range(51))),
    "too many directories": named(*(f"{n}/x/y" for n in range(49))),
    "comment": zipped(Part(G), comment=b"hello"),
    "archive in a comment": zipped(Part(G), comment=named("b")),
    "comment of a member": zipped(Part(G, central={"comment": b"hello"})),
    "no members": zipped(),
    "fewer members than said": zipped(Part(G), end={"here": 2, "count": 2}),
    "more members than said": zipped(Part(G), Part(b"m@v1/b"), end={"here": 1, "count": 1}),
    "part of several": zipped(Part(G), end={"disk": 1}),
    "member on another disk": zipped(Part(G, central={"disk": 1})),
    "directory elsewhere": zipped(Part(G), end={"at": 0}),
    "something in front": b"#!/bin/sh\n" + named("a"),
    "something in between": zipped(Part(G), Part(b"m@v1/b"), between=b"hidden"),
    "overlapping members": zipped(Part(G, bytes(99)), Part(b"m@v1/b", bytes(99), central={"at": 0, "name": G})),
    "one data for two": zipped(Part(G, bytes(99)), Part(b"m@v1/b", bytes(99), central={"at": 0})),
    "data behind the archive": zipped(Part(G, local={"packed": 1 << 20}, central={"packed": 1 << 20})),
    "header behind the archive": zipped(Part(G, central={"at": 1 << 20})),
    "another name in front": zipped(Part(G, local={"name": b"m@v1/b"})),
    "longer name in front": zipped(Part(G, local={"name": b"m@v1/ab"})),
    "another size in front": zipped(Part(G, local={"size": 2})),
    "another sum in front": zipped(Part(G, local={"crc": 2})),
    "another method in front": zipped(Part(G, local={"method": 0})),
    "no sums at all": zipped(Part(G, local={"crc": 0, "packed": 0, "size": 0})),
    "cut": named("a")[:-1],
    "not a zip": b"<html>",
    "nothing": b"",
}


@pytest.mark.parametrize("archive", ATTACKS.values(), ids=ATTACKS.keys())
def test_attack(archive: bytes) -> None:
    refused(archive)


def test_archive_above_the_limit_is_not_even_read() -> None:
    with pytest.raises(ArchiveError):
        members(lambda at, count: pytest.fail(f"read at {at}"), LIMITS.archive + 1, P, LIMITS)


def test_error_names_member_and_archive() -> None:
    with pytest.raises(ArchiveError) as caught:
        listed(named("good", "bad/../../x"))
    assert "/tmp/a.zip: bad/../../x" in str(caught.value.within("/tmp/a.zip"))


SMALL = zipped(Part(b"m@v1/a/b", b"x" * 40, descriptor=bytes(12)), Part(b"m@v1/a/c", b"y", method=0), Part(b"m@v1/d"))


@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), max_size=3), st.integers(0, 3))
@settings(max_examples=300)
def test_damaged_archive_is_refused_or_names_only_what_it_may(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(SMALL[: len(SMALL) - cut])
    for place, octet in changes:
        if place < len(data):
            data[place] = octet
    try:
        found = listed(bytes(data)).members
    except ArchiveError:
        return
    ends = [0]
    for member in found:
        assert ends[-1] <= member.header < member.start <= member.end <= len(data)
        assert not {"", ".", ".."} & set(member.name.split("/"))
        ends.append(member.end)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ArchiveError):
        listed(data)


def test_time_grows_with_the_number_of_names() -> None:
    def work(count: int) -> None:
        names = MemberNames(Limits(members=count))
        order = [f"{n % 97}/{n % 89}/{n}" for n in range(count)]
        random.Random(1).shuffle(order)
        for name in order:
            names.add(name)

    assert grows_linearly(work, 40_000)


@given(st.lists(st.text(alphabet="aA./\\\n\u00e9", min_size=1, max_size=8), max_size=5))
def test_names_are_judged_together_as_they_are_one_by_one(names: list[str]) -> None:
    def judge(check: Callable[[], None]) -> bool:
        try:
            check()
        except ArchiveError:
            return False
        return True

    def one_by_one() -> None:
        checked = MemberNames(Limits())
        for name in names:
            checked.add(name)

    assert judge(lambda: check_names(names, Limits())) == judge(one_by_one)
