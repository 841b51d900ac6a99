"""Where modules are checked out: one run does not see another one's files, and what is kept has a limit."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import PrivilegeError
from gosteward.modules.checkout.workplace import Workplace, clones_in

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    made = Workplace(str(tmp_path / "checkout"), None, most=3 << 20)
    made.prepare()
    return made


def clone(place: Workplace, digit: str, when: int) -> str:
    """A clone of two megabytes that was last used then."""
    path = f"{place.path}/vcs/{digit * 64}"
    os.mkdir(path)
    with open(f"{path}/pack", "wb") as file:
        file.write(os.urandom(2 << 20))
    os.utime(f"{path}/pack", (when, when))
    return path


def names(place: Workplace) -> set[str]:
    return {one.name[0] for one in clones_in(f"{place.path}/vcs")}


def test_a_run_has_directories_that_are_gone_after_it(place: Workplace) -> None:
    with place.run() as rooms, place.run() as others:
        assert rooms.top != others.top
        assert os.path.realpath(f"{rooms.cache}/cache/vcs") == os.path.realpath(f"{place.path}/vcs")
        os.makedirs(f"{rooms.top}/tmp/a/b", 0o500)
        assert os.listdir(f"{place.path}/runs")
    assert os.listdir(f"{place.path}/runs") == []


def test_what_was_not_used_for_the_longest_time_goes_first(place: Workplace) -> None:
    for digit, when in (("a", 300), ("b", 100), ("c", 200)):
        clone(place, digit, when)
    place.tidy()
    assert names(place) == {"a"}


def test_clones_in_use_stay_and_broken_ones_go(place: Workplace) -> None:
    for digit in "ab":
        with open(f"{clone(place, digit, 100)}/shallow.lock", "w"):
            pass
    held = os.open(f"{place.path}/vcs/{'a' * 64}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX)
    place.tidy()
    assert names(place) == {"a"}
    os.close(held)
    place.tidy()
    assert names(place) == set()


def test_runs_of_a_process_that_lives_are_not_taken_for_left_ones(place: Workplace, tmp_path: Path) -> None:
    with place.run() as rooms:
        os.mkdir(f"{place.path}/runs/left")
        other = Workplace(str(tmp_path / "checkout"), None)
        other.prepare()
        assert os.listdir(f"{place.path}/runs") == [os.path.basename(rooms.top)]


@pytest.mark.parametrize("way", ["link", "hard link", "link above", "device"])
def test_only_a_file_that_the_run_made_is_given(place: Workplace, tmp_path: Path, way: str) -> None:
    (tmp_path / "secret").write_text("root's")
    with place.run() as rooms:
        top = f"{rooms.top}/tmp"
        if way == "link":
            os.symlink(tmp_path / "secret", f"{top}/x.mod")
        elif way == "hard link":
            os.link(tmp_path / "secret", f"{top}/x.mod")
        elif way == "link above":
            os.symlink(tmp_path, f"{top}/above")
            os.rename(f"{top}/above", f"{top}/x.mod")
        else:
            os.mkfifo(f"{top}/x.mod")
        with pytest.raises(OSError):
            place.opened(rooms, "tmp/x.mod/secret" if way == "link above" else "tmp/x.mod")
        (tmp_path / "checkout" / str(os.geteuid()) / "runs" / os.path.basename(rooms.top) / "tmp/y.mod").write_text(
            "module y\n"
        )
        os.close(place.opened(rooms, "tmp/y.mod"))


def test_a_directory_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "checkout" / str(os.geteuid())
    path.mkdir(parents=True)
    path.chmod(0o777)
    with pytest.raises(PrivilegeError):
        Workplace(str(tmp_path / "checkout"), None).prepare()
