"""Tar streams: what Go's packer and the usual tools write is read, and each known attack is refused when it comes."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosteward.formats.tar_members import BLOCK, TarMember, members
from gosteward.formats.zip_members import DEEPEST, ArchiveError, Limits
from growth import grows_linearly

LIMITS = Limits(members=50, member=1 << 20, total=3 << 20, name=300)
LONG = "go/test/fixedbugs/" + "d" * 90 + "/Þ.go"


def member(name: str, content: bytes = b"", **fields: object) -> bytes:
    """One member as it is written, of which every field can be a lie."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(content), 1787934006, 0o644
    fields = dict(fields)
    form = fields.pop("format", tarfile.PAX_FORMAT)
    for key, value in fields.items():
        setattr(info, key, value)
    return info.tobuf(form) + content + bytes(-len(content) % BLOCK)


def line(text: bytes) -> bytes:
    """A record of pax, which begins with its own length (of two digits)."""
    return b"%d %s\n" % (len(text) + 4, text)


def records(*lines: bytes) -> bytes:
    return member("r", b"".join(lines), type=b"x")


END = bytes(2 * BLOCK)


def read(data: bytes, limits: Limits = LIMITS, piece: int = 700) -> list[TarMember]:
    return list(members((data[at : at + piece] for at in range(0, len(data), piece)), "go/", limits))


def refused(data: bytes) -> str:
    with pytest.raises(ArchiveError) as caught:
        read(data)
    return str(caught.value)


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("piece", [1, 511, 1 << 16])
def test_every_common_format_is_read_in_pieces_of_any_size(form: int, piece: int) -> None:
    long = LONG if form != tarfile.USTAR_FORMAT else "go/" + "d" * 90 + "/" + "f" * 60
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=form) as archive:
        for name, data, mode in (
            ("go/", None, 0o755),
            ("go/bin/", None, 0o755),
            ("go/bin/go", b"\x7fELF" * 300, 0o6711),
            (long, b"", 0o644),
        ):
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(data or b""), mode, 1787934006
            info.type = tarfile.REGTYPE if data is not None else tarfile.DIRTYPE
            archive.addfile(info, io.BytesIO(data or b""))
    found = read(content.getvalue(), piece=piece)
    assert found[0][:2] == ("", True)
    assert found[1][:2] == ("bin", True)
    assert found[2] == TarMember("bin/go", False, True, 1787934006, b"\x7fELF" * 300)
    assert found[3] == TarMember(long[3:], False, False, 1787934006, b"")
    assert len(found) == 4


def test_records_of_pax_count_more_than_the_header() -> None:
    data = records(line(b"path=go/long"), line(b"size=3"), line(b"mtime=12.5"), line(b"uid=123")) + member(
        "go/x", b"abc"
    )
    assert read(data + END) == [TarMember("long", False, False, 12, b"abc")]


ATTACKS_BY_NAME = {
    "traversal": "go/../x", "traversal in the middle": "go/a/../../../x", "absolute": "/etc/passwd", "absolute below": "go//etc/passwd",
    "foreign prefix": "x", "the prefix alone": "go/", "like the prefix": "gox/y", "dot": "go/./x", "backslash": "go/a\\x", "escape sequence": "go/\x1b[2J",
    "line end": "go/a\nb", "deep": "go/" + "x/" * (DEEPEST + 1) + "y", "long": "go/" + "x/" * 45 + "y" * 256, "file with a slash": "go/x/",
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS_BY_NAME.values(), ids=ATTACKS_BY_NAME.keys())
def test_attack_by_a_name(name: str) -> None:
    assert refused(member(name, type=tarfile.REGTYPE) + END).isprintable()


@pytest.mark.parametrize("name", ["go/../x/", "/", "..", "x/", "go/a//"])
def test_attack_by_the_name_of_a_directory(name: str) -> None:
    refused(member(name, type=tarfile.DIRTYPE) + END)


@pytest.mark.parametrize(
    ("kind", "word"),
    [(b"1", "hard link"), (b"2", "symbolic link"), (b"3", "character device"), (b"4", "block device"), (b"6", "FIFO"), (b"S", "sparse"),
     (b"g", "all members"), (b"K", "target"), (b"V", "V"), (b"\x1b", "x1b")],
)  # fmt: skip
def test_anything_but_files_and_directories_is_refused_by_its_kind(kind: bytes, word: str) -> None:
    message = refused(member("go/x", type=kind, linkname="/etc/passwd") + END)
    assert word in message
    assert message.isprintable()


GOOD = member("go/a", b"abc")
ATTACKS = {
    "link, then through it": member("go/l", type=b"2", linkname="/etc") + member("go/l/passwd", b"x") + END,
    "duplicate": GOOD + GOOD + END,
    "case-fold twins": GOOD + member("go/A") + END,
    "file as directory": GOOD + member("go/a/b") + END,
    "directory over a file": GOOD + member("go/a/", type=b"5") + END,
    "file over a directory": member("go/a/", type=b"5") + GOOD + END,
    "directory with a content": member("go/d/", type=b"5", size=512) + bytes(BLOCK) + END,
    "one member too large": member("go/a", size=(1 << 20) + 1) + END,
    "size in base 256": member("go/a", size=1 << 40, format=tarfile.GNU_FORMAT) + END,
    "size in a record": records(line(b"size=1234567890123456789")) + GOOD + END,
    "negative size in a record": records(line(b"size=-1")) + GOOD + END,
    "all members too large": b"".join(member(f"go/{n}", bytes(1 << 20)) for n in range(4)) + END,
    "too many members": b"".join(member(f"go/{n}") for n in range(51)) + END,
    "one directory for ever": member("go/d/", type=b"5") * 101 + END,
    "name in a record": records(line(b"path=go/../x")) + GOOD + END,
    "NUL in a record": records(line(b"path=go/\0b")) + GOOD + END,
    "two names in records": records(line(b"path=go/b"), line(b"path=go/c")) + GOOD + END,
    "length of a record": records(b"99 path=go/b\n") + GOOD + END,
    "record without a length": records(b"path=go/b\n") + GOOD + END,
    "sparse by a record": records(line(b"GNU.sparse.major=1")) + GOOD + END,
    "link target in a record": records(line(b"linkpath=/etc")) + GOOD + END,
    "records without a member": records(line(b"path=go/b")) + END,
    "records about records": records(line(b"path=go/b")) * 4 + GOOD + END,
    "long records": member("r", type=b"x", size=1 << 20) + bytes(1 << 20) + GOOD + END,
    "name that is no UTF-8": member("go/\udcff", format=tarfile.GNU_FORMAT) + END,
    "cut in a header": GOOD[:100],
    "cut in a content": GOOD[: BLOCK + 1],
    "cut in a padding": GOOD[:-1],
    "cut before the end": GOOD,
    "half an end": GOOD + bytes(BLOCK),
    "half an end and a member": GOOD + bytes(BLOCK) + member("go/b") + END,
    "something behind the end": GOOD + END + member("go/b") + END,
    "one byte behind the end": GOOD + END + b"\1",
    "zeros for ever": GOOD + END + bytes(2 << 20),
    "damaged sum": GOOD[:148] + b"000000\0 " + GOOD[156:] + END,
    "damaged number": GOOD[:124] + b"x" * 12 + GOOD[136:] + END,
    "another format": b"\x1f\x8b" + bytes(BLOCK),
    "nothing": b"",
}  # fmt: skip


@pytest.mark.parametrize("data", ATTACKS.values(), ids=ATTACKS.keys())
def test_attack(data: bytes) -> None:
    refused(data)


def test_padding_up_to_a_tape_record_is_no_attack() -> None:
    assert len(read(GOOD + bytes(tarfile.RECORDSIZE))) == 1


SMALL = records(line(b"path=go/b")) + GOOD + member("go/d/", type=b"5") + member("go/d/x", b"y" * 600) + END
HEADERS = [at + place for at in (0, 2 * BLOCK, 4 * BLOCK, 5 * BLOCK) for place in range(BLOCK)]


@given(st.lists(st.tuples(st.sampled_from(HEADERS), st.integers(0, 255)), min_size=1, max_size=3), st.booleans())
@settings(max_examples=300)
def test_damaged_archive_is_refused_or_names_only_what_it_may(changes: list[tuple[int, int]], mended: bool) -> None:
    data = bytearray(SMALL)
    for place, octet in changes:
        data[place] = octet
        start = place - place % BLOCK
        if mended and not 148 <= place - start < 156:
            block = data[start : start + 148] + b" " * 8 + data[start + 156 : start + BLOCK]
            data[start + 148 : start + 156] = b"%06o\0 " % sum(block)
    try:
        found = read(bytes(data))
    except ArchiveError:
        return
    for each in found:
        assert not {".", ".."} & set(each.name.split("/"))
        assert not each.name.startswith("/")


@given(st.binary(max_size=1200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ArchiveError):
        read(data)


def test_time_grows_with_the_size() -> None:
    def work(count: int) -> None:
        data = b"".join(member(f"go/{n}", b"x") for n in range(count)) + END
        read(data, Limits(), piece=1 << 14)

    assert grows_linearly(work, 2000)
