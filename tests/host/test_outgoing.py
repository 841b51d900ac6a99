"""Files for others to take away: whole or not there, never through a link, never over something that nobody said to replace."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import UsageError
from gosteward.host.outgoing import OutgoingError, outgoing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def write(path: Path | str, *, replace: bool = False, meanwhile: Callable[[], None] = lambda: None) -> None:
    with outgoing(str(path), replace=replace) as file:
        file.append(b"new")
        meanwhile()


def test_a_new_file_is_whole_and_alone_and_obeys_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "x")
    finally:
        os.umask(before)
    assert (tmp_path / "x").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["x"]


def test_a_name_without_a_directory_is_in_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("x")
    assert os.listdir(tmp_path) == ["x"]


def test_what_is_there_stays_unless_it_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")
    with pytest.raises(UsageError, match="it is there already"):
        write(tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"old"
    write(tmp_path / "x", replace=True)
    assert (tmp_path / "x").read_bytes() == b"new"


def test_what_appears_meanwhile_stays(tmp_path: Path) -> None:
    def theirs() -> None:
        (tmp_path / "x").write_bytes(b"theirs")

    with pytest.raises(UsageError, match="it is there already"):
        write(tmp_path / "x", meanwhile=theirs)
    assert (tmp_path / "x").read_bytes() == b"theirs"
    assert os.listdir(tmp_path) == ["x"]


def test_a_link_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"kept")
    (tmp_path / "x").symlink_to("victim")
    with pytest.raises(UsageError, match="it is there already"):
        write(tmp_path / "x")
    write(tmp_path / "x", replace=True)
    assert not (tmp_path / "x").is_symlink()
    assert (tmp_path / "victim").read_bytes() == b"kept"


def test_a_link_that_was_planted_at_the_name_beside_it_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"kept")
    (tmp_path / f".x.{os.getpid()}.new").symlink_to("victim")
    with pytest.raises(OutgoingError, match="File exists"):
        write(tmp_path / "x")
    assert (tmp_path / "victim").read_bytes() == b"kept"
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device"), ValueError])
def test_nothing_is_left_when_the_work_fails(tmp_path: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        raise error

    with pytest.raises((KeyboardInterrupt, OutgoingError, ValueError)):
        write(tmp_path / "x", meanwhile=fail)
    assert os.listdir(tmp_path) == []


def test_places_where_no_file_can_be(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", f"{tmp_path}/", "/dev/null"):
        with pytest.raises(UsageError):
            write(path, replace=True)
    with pytest.raises(OutgoingError) as caught:
        write(tmp_path / "gone/x")
    assert (caught.value.exit_code, str(caught.value)) == (
        73,
        f"cannot write: {tmp_path}/gone/x: No such file or directory",
    )
