"""What becomes of the lines of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gosteward.actions import FIRST, LAST, LINE_SHOWN, EditLines, LineEdit, UnixLineEnds, WriteFile
from gosteward.host import checking
from gosteward.host.places import Refused

if TYPE_CHECKING:
    from conftest import Steward


def edited(steward: Steward, content: bytes, *edits: LineEdit) -> bytes:
    path = steward.top / "file"
    path.write_bytes(content)
    steward.fix(EditLines(str(path), edits))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("content", "edits", "wanted"),
    [
        (b"a\nb\nc\n", [LineEdit(2, "b", ("B", "B2"))], b"a\nB\nB2\nc\n"),
        (b"a\nb\nc\n", [LineEdit(2, "b")], b"a\nc\n"),
        (b"a\nb", [LineEdit(2, "b", ("B",))], b"a\nB"),
        (b"a\nb", [LineEdit(2, "b", ("B", "B2"))], b"a\nB\nB2"),
        (b"a\nb", [LineEdit(2, "b")], b"a\n"),
        (b"a\r\nb\r\n", [LineEdit(1, "a\r", ("A\r",))], b"A\r\nb\r\n"),
        (b"a\r\nb", [LineEdit(2, "b", ("B", "B2"))], b"a\r\nB\r\nB2"),
        (b"a\r\nb\r\n", [LineEdit(LAST, after=("z",)), LineEdit(FIRST, after=("0",))], b"0\r\na\r\nb\r\nz\r\n"),
        (b"a", [LineEdit(LAST, after=("z",))], b"a\nz\n"),
        (b"", [LineEdit(LAST, after=("z",))], b"z\n"),
        (b"#!/bin/sh\na\n", [LineEdit(FIRST, after=("0", "1"))], b"#!/bin/sh\n0\n1\na\n"),
        (b"#!/bin/sh", [LineEdit(FIRST, after=("0",))], b"#!/bin/sh\n0\n"),
        (b"\xff\xfe\na\n", [LineEdit(2, "a", ("A",))], b"\xff\xfe\nA\n"),
        (b"a  \n", [LineEdit(1, "a", ("A",))], b"A\n"),
        (b"same\nsame\n", [LineEdit(1, "same", ()), LineEdit(2, "same", ("other",))], b"other\n"),
    ],
)
def test_only_the_named_lines_change(steward: Steward, content: bytes, edits: list[LineEdit], wanted: bytes) -> None:
    assert edited(steward, content, *edits) == wanted
    steward.undo()
    assert (steward.top / "file").read_bytes() == content


def test_missing_file_is_made_of_first_and_last_lines(steward: Steward) -> None:
    path = steward.top / "a/b/env"
    steward.fix(EditLines(str(path), (LineEdit(LAST, after=("GOSUMDB=sum.golang.org",)),)))
    assert path.read_text() == "GOSUMDB=sum.golang.org\n"
    assert path.stat().st_mode & 0o7777 == 0o644
    steward.undo()
    assert not (steward.top / "a").exists()


@pytest.mark.parametrize(
    ("content", "edit"),
    [
        (b"a\nb\n", LineEdit(2, "other", ("B",))),
        (b"a\n", LineEdit(2, "a", ("B",))),
        (b"b\na\n", LineEdit(1, "a", ("A",))),
        (b"a\nb\n", LineEdit(-3, "a", ("A",))),
        (b"a\0b\n", LineEdit(1, "a", ("A",))),
        (b"x" * (LINE_SHOWN + 1) + b"\n", LineEdit(1, "x" * LINE_SHOWN, ("A",))),
        (b"a\n", LineEdit(1, "a", ("A\nroot ALL=(ALL) NOPASSWD: ALL",))),
        (b"a\n", LineEdit(1, "a", ("A\0",))),
        (b"a\n", LineEdit(1, "a", ("\ud800",))),
    ],
    ids=["other", "too few", "moved", "no line", "binary", "longer than shown", "two lines", "nul", "surrogate"],
)
def test_line_that_is_not_as_it_was_read_is_left(steward: Steward, content: bytes, edit: LineEdit) -> None:
    with pytest.raises(Refused):
        edited(steward, content, edit)
    assert (steward.top / "file").read_bytes() == content


def test_long_line_may_be_taken_away(steward: Steward) -> None:
    assert edited(steward, b"x" * 5000 + b"\nb\n", LineEdit(1, "x" * LINE_SHOWN)) == b"b\n"


def test_line_ends_of_unix(steward: Steward) -> None:
    path = steward.top / "file"
    path.write_bytes(b"\xef\xbb\xbf#!/bin/sh\r\na\r\r\nb\rc\nlast\r")
    steward.fix(UnixLineEnds(str(path)))
    assert path.read_bytes() == b"#!/bin/sh\na\nb\rc\nlast"
    assert steward.planned(UnixLineEnds(str(path))) == ()


def test_file_that_is_there_with_the_same_content_is_no_change_and_another_one_is_refused(steward: Steward) -> None:
    path = steward.top / "file"
    path.write_text("content\n")
    assert steward.planned(WriteFile(str(path), "content\n")) == ()
    with pytest.raises(Refused, match="there already"):
        steward.planned(WriteFile(str(path), "other\n"))


SUDOERS = 'Defaults secure_path="/usr/local/go/bin:/usr/bin"\n'


def test_visudo_judges_a_sudoers_file_wherever_it_is_written(steward: Steward) -> None:
    path = str(steward.top / "10-go")
    assert steward.planned(WriteFile(path, SUDOERS, 0o440, syntax="sudoers"))
    with pytest.raises(Refused, match="visudo does not accept"):
        steward.planned(WriteFile(path, "Defaults secure_path=\n", 0o440, syntax="sudoers"))
    with pytest.raises(Refused, match="visudo does not accept"):
        steward.planned(WriteFile("/etc/sudoers.d/gosteward-test", "nonsense here\n"))
    with pytest.raises(Refused, match="visudo does not accept"):
        steward.planned(EditLines("/etc/sudoers.d/gosteward-test", (LineEdit(LAST, after=("nonsense here",)),)))


def test_without_a_visudo_of_roots_no_sudoers_file_is_written(
    steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "VISUDO", ("/nowhere/visudo",))
    assert checking.sudoers_complaint(b"") == "visudo is not installed"
    planted = steward.top / "visudo"
    planted.write_text("#!/bin/sh\n")
    planted.chmod(0o775)
    monkeypatch.setattr(checking, "VISUDO", (str(planted),))
    assert "others than root" in checking.sudoers_complaint(b"")
