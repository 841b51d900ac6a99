"""A change and its inverse leave a host as it was: on random trees, with links, access lists, odd modes, attributes and names."""

from __future__ import annotations

import contextlib
import os
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosteward.actions import (
    LAST,
    CloseTree,
    EditLines,
    LineEdit,
    MakeDirectory,
    MoveAside,
    OpenTree,
    RemoveLink,
    ReplaceLink,
    SetMode,
    SetOwner,
    UnixLineEnds,
    WidenAcl,
    WriteFile,
)
from gosteward.formats.access import ACCESS_LIST
from gosteward.host.places import Refused
from gosteward.host.writing import Rights
from gosteward.repair.access_lists import entries, packed, widened, with_mode
from gosteward.repair.changes import Move

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from conftest import Steward
    from gosteward.actions import Action

MODES = st.integers(0, 0o7777)
PLACES = ("a", "b", "a/b", "a/c", "a/b/d", "\udcff\udcfe", "a/ \n'\"", "bin", "bin/go", "x.sh")
CONTENTS = st.sampled_from([b"", b"a\nb\n", b"#!/bin/sh\r\nx\r\n", b"\xff\xfe", b"last", b"\0\1", b"\xef\xbb\xbfa\r\n"])
LIST = packed([(1, 6, 0xFFFFFFFF), (2, 4, 61234), (4, 4, 0xFFFFFFFF), (0x10, 6, 0xFFFFFFFF), (0x20, 4, 0xFFFFFFFF)])
FILES = st.tuples(
    st.just("file"), CONTENTS, MODES, st.booleans(), st.booleans(), st.integers(-5, 2_000_000_000_000_000_000)
)
LINKS = st.tuples(st.just("link"), st.sampled_from(["a", "../b", "/nowhere", "\udcff"]), st.just(0))
FOLDERS = st.tuples(st.just("folder"), MODES, st.booleans())
TREES = st.dictionaries(st.sampled_from(PLACES), st.one_of(FILES, LINKS, FOLDERS), max_size=8)


def actions_at(path: str) -> st.SearchStrategy[Any]:
    line = st.sampled_from([(), ("new",), ("new", "er")])
    kinds: list[st.SearchStrategy[Any]] = [
        st.builds(lambda after: EditLines(path, (LineEdit(1, "a", after),)), line),
        st.builds(lambda after: EditLines(path, (LineEdit(LAST, "", after),)), line),
        st.just(UnixLineEnds(path)),
        MODES.map(lambda mode: WriteFile(path, "text\n", mode)),
        MODES.map(lambda mode: MakeDirectory(path, mode)),
        st.sampled_from([None, "a", "../b", "/nowhere"]).map(lambda before: ReplaceLink(path, "new target", before)),
        st.sampled_from(["a", "../b", "/nowhere"]).map(lambda before: RemoveLink(path, before)),
        st.just(MoveAside(path)),
        st.booleans().map(lambda others: OpenTree(path, others)),
        st.just(CloseTree(path)),
        st.sampled_from([("r", None), ("rw", 7), ("rwx", 61234)]).map(lambda more: WidenAcl(path, *more)),
        MODES.map(lambda after: SetMode(path, _mode(path), after)),
    ]
    if os.geteuid() == 0:
        kinds.append(st.booleans().map(lambda tree: SetOwner(path, 0, 7, 8, tree)))
    return st.one_of(kinds)


def _mode(path: str) -> int:
    try:
        return os.stat(path).st_mode & 0o7777
    except OSError:
        return 0


def grow(top: Path, tree: dict[str, tuple[Any, ...]]) -> None:
    for name, (kind, *rest) in sorted(tree.items()):
        path = os.fsencode(top / name)
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if kind == "file":
                content, mode, listed, marked, time = rest
                Path(os.fsdecode(path)).write_bytes(content)
                os.chmod(path, mode)
                if listed:
                    os.setxattr(path, ACCESS_LIST, LIST)
                if marked:
                    os.setxattr(path, "user.mark", b"\0x")
                os.utime(path, ns=(time, time))
            elif kind == "link":
                os.symlink(os.fsencode(rest[0]), path)
            else:
                os.mkdir(path)
                os.chmod(path, rest[0] | 0o700)
                if rest[1]:
                    os.setxattr(path, "system.posix_acl_default", LIST)


@settings(max_examples=60, deadline=None, report_multiple_bugs=False)
@given(TREES, st.data())
def test_fix_and_undo_is_the_identity_and_so_is_redo_and_undo(
    fresh_steward: Callable[[], AbstractContextManager[Steward]], tree: dict[str, tuple[Any, ...]], data: st.DataObject
) -> None:
    with fresh_steward() as steward:
        grow(steward.top, tree)
        before = steward.looks(times=True)
        done: list[Any] = []
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.sampled_from([*PLACES, "new/deep/er"]))
            action: Action = data.draw(actions_at(str(steward.top / place)))
            try:
                done += steward.fix(action)
            except (Refused, OSError):
                continue
        after, runs = steward.looks(), sorted({d.run for d in done}, reverse=True)
        for run in runs:
            steward.undo(run)
        assert steward.looks(times=True) == before
        if any(isinstance(d.change, Move) for d in done):
            return  # what an undo made anew is another thing than what was moved: not moved again
        last = max((entry.run for entry in steward.journal().read().entries), default=0)
        for number in range(last, last - len(runs), -1):
            steward.undo(number)
        assert steward.looks() == after
        for run in runs:
            steward.undo(run)
        assert steward.looks(times=True) == before


@given(MODES, st.sampled_from([LIST, packed([(1, 7, 0xFFFFFFFF), (4, 5, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)])]))
def test_list_follows_the_mode_as_the_kernel_does_it(mode: int, value: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        os.setxattr(file.fileno(), ACCESS_LIST, value)
        before = Rights(os.fstat(file.fileno()).st_mode & 0o7777, 0, 0, ((ACCESS_LIST, value),))
        os.chmod(file.fileno(), mode & 0o777)
        with contextlib.suppress(OSError):
            value = os.getxattr(file.fileno(), ACCESS_LIST)
            assert dict(with_mode(before, mode & 0o777).attributes)[ACCESS_LIST] == value


def test_widened_list_is_one_that_the_kernel_takes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    os.setxattr(
        path,
        ACCESS_LIST,
        packed([(1, 6, 0xFFFFFFFF), (2, 0, 9), (4, 0, 0xFFFFFFFF), (0x10, 0, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)]),
    )
    rights = widened(Rights(0o600, 0, 0, ((ACCESS_LIST, os.getxattr(path, ACCESS_LIST)),)), 5, 7)
    os.setxattr(path, ACCESS_LIST, dict(rights.attributes)[ACCESS_LIST])
    assert os.getxattr(path, ACCESS_LIST) == dict(rights.attributes)[ACCESS_LIST]
    assert (2, 5, 7) in entries(dict(rights.attributes)[ACCESS_LIST])
    assert path.stat().st_mode & 0o777 == rights.mode == 0o650


@pytest.mark.parametrize("value", [b"", b"\2\0\0", struct.pack("<I", 1), struct.pack("<I", 2) + b"short"])
def test_list_of_another_form_is_refused(value: bytes) -> None:
    with pytest.raises(Refused):
        entries(value)
