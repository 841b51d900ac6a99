"""The door through which files change: whole or not at all, and nothing lies about afterwards."""

from __future__ import annotations

import errno
import os
import threading
from typing import TYPE_CHECKING

import pytest

from gosteward.host import system_calls, writing
from gosteward.host.places import Refused
from gosteward.host.writing import CONTENT_LIMIT, State, discard, move, put, remove_tree, state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ABSENT = State()
TEMPORARY = ".temporary"


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def own(kind: str, **more: object) -> State:
    return State(kind=kind, uid=os.geteuid(), gid=os.getegid(), mode=0o750)._replace(**more)


@pytest.mark.parametrize(
    "wanted", [own("file", content=b"x" * 100_000), own("directory"), own("link", target="t", mode=0o777)]
)
def test_what_is_put_is_there_and_goes(directory: int, tmp_path: Path, wanted: State) -> None:
    put(directory, "n", ABSENT, wanted, TEMPORARY)
    found = state(directory, "n")
    assert found.made_as(wanted)
    put(directory, "n", found, ABSENT, TEMPORARY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wanted", [own("file", content=b"new"), own("directory"), own("link", target="t")])
def test_what_appears_meanwhile_is_not_replaced(directory: int, tmp_path: Path, wanted: State) -> None:
    (tmp_path / "n").write_text("theirs")
    with pytest.raises(FileExistsError):
        put(directory, "n", ABSENT, wanted, TEMPORARY)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("n", "theirs")]


@pytest.mark.parametrize("wanted", [own("file"), own("directory"), own("link", target="t")])
def test_file_of_somebody_else_under_the_temporary_name_stays(directory: int, tmp_path: Path, wanted: State) -> None:
    (tmp_path / TEMPORARY).write_text("theirs")
    with pytest.raises(FileExistsError):
        put(directory, "n", ABSENT, wanted, TEMPORARY)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [(TEMPORARY, "theirs")]


@pytest.mark.parametrize("call", ["fsync", "fchmod", "write", "utime", "rename"])
@pytest.mark.parametrize("kind", ["file", "directory"])
def test_error_leaves_the_old_thing_and_nothing_beside_it(
    directory: int, tmp_path: Path, call: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f").write_text("old")
    name = "f" if kind == "file" else "d"
    present = state(directory, name)
    wanted = own(kind, content=b"new" if kind == "file" else b"", mtime=1, atime=1)

    def failing(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(writing.os, call, failing)
    if kind == "directory" and call == "rename":
        monkeypatch.setattr(system_calls, "rename_to_free_name", failing)
    if (kind, call) != ("directory", "write"):  # nothing is written into one
        with pytest.raises(OSError):
            put(directory, name, present, wanted, TEMPORARY)
    monkeypatch.undo()
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"f": "old"}


def test_file_that_is_too_large_or_has_several_names_or_is_none_is_refused(directory: int, tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(CONTENT_LIMIT + 1)
    (tmp_path / "one").touch()
    os.link(tmp_path / "one", tmp_path / "two")
    os.mkfifo(tmp_path / "fifo")
    for name in ("large", "one", "two", "fifo"):
        with pytest.raises(Refused):
            state(directory, name)


def test_file_that_grows_while_it_is_read_is_never_taken_for_a_shorter_one(directory: int, tmp_path: Path) -> None:
    path, stop = tmp_path / "log", threading.Event()
    path.write_bytes(b"line\n")

    def grow() -> None:
        while not stop.is_set():
            with path.open("ab") as file:
                file.write(b"line\n")
            if path.stat().st_size > 1 << 20:
                path.write_bytes(b"line\n")

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        for _ in range(300):
            try:
                found = state(directory, "log")
            except Refused:
                continue
            assert found.content in (b"", b"line\n" * (len(found.content) // 5))
    finally:
        stop.set()
        thread.join()


def test_names_and_targets_that_are_no_text_survive(directory: int, tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\n\xfe")
    put(directory, name, ABSENT, own("link", target=name), TEMPORARY)
    assert os.readlink(os.path.join(os.fsencode(tmp_path), os.fsencode(name))) == b"\xff\n\xfe"
    assert state(directory, name).target == name


def test_leftovers_are_removed_once_and_their_absence_is_no_error(directory: int, tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    (tmp_path / "d").mkdir()
    for name in ("f", "d", "none"):
        discard(directory, name)
    (tmp_path / "tree/a").mkdir(parents=True)
    (tmp_path / "kept").write_text("x")
    (tmp_path / "tree/link").symlink_to(tmp_path / "kept")
    for _ in range(2):
        remove_tree(directory, "tree")
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize("kernel", ["new", "old"])
def test_move_never_replaces(directory: int, tmp_path: Path, kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kernel == "old":
        monkeypatch.setattr(system_calls.ctypes, "CDLL", lambda *_, **__: object())
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    with pytest.raises(FileExistsError):
        move(directory, "a", directory, "b")
    move(directory, "a", directory, "c")
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"b": "b", "c": "a"}


@pytest.mark.skipif(os.geteuid() != 0, reason="a user who is not in the group, made by root")
def test_mode_that_the_kernel_denies_in_silence_is_an_error(tmp_path: Path) -> None:
    from gosteward.host.acting import acting_as
    from gosteward.snapshot import User

    os.chmod(tmp_path, 0o777)
    user = User(name="u", uid=61234, gid=61234)
    (tmp_path / "d").mkdir()
    os.chown(tmp_path / "d", user.uid, 7)
    os.chmod(tmp_path / "d", 0o2777)
    descriptor = os.open(tmp_path / "d", os.O_RDONLY)
    try:
        with acting_as(user), pytest.raises(PermissionError):
            put(descriptor, "f", ABSENT, State(kind="file", mode=0o2755, uid=user.uid, gid=7), TEMPORARY)
        assert list((tmp_path / "d").iterdir()) == []
    finally:
        os.close(descriptor)
