"""Files of another release in a tree: found when they are there, and never in a sound tree."""

from __future__ import annotations

import calendar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.knowledge import std_files
from gosteward.knowledge.left_overs import Listing, left_overs, release_time

MINORS = range(std_files.OLDEST, std_files.NEWEST + 1)


def tree_of(minor: int) -> dict[str, set[str]]:
    """The files that the table knows of one release."""
    return {
        directory: {name for name, (first, last) in std_files.minors(directory).items() if first <= minor <= last}
        for directory in std_files.FILES
    }


def listings(*trees: dict[str, set[str]]) -> tuple[Listing, ...]:
    return tuple(Listing(d, tuple(sorted(set().union(*(tree.get(d, set()) for tree in trees))))) for d in trees[0])


@pytest.mark.parametrize("minor", MINORS)
def test_sound_tree_of_every_release_has_none(minor: int) -> None:
    assert left_overs(f"go1.{minor}.4", 0.0, listings(tree_of(minor))).paths == ()


@pytest.mark.parametrize("minor", MINORS[1:])
def test_new_archive_over_the_release_before_is_found_by_names_alone(minor: int) -> None:
    found = left_overs(f"go1.{minor}.1", 0.0, listings(tree_of(minor), tree_of(minor - 1)))
    assert found.paths
    assert found.version == f"go1.{minor - 1}"


@pytest.mark.parametrize("minor", [18, 23, 24, 25])
def test_old_archive_over_a_newer_release_is_found_too(minor: int) -> None:
    found = left_overs(f"go1.{minor}", 0.0, listings(tree_of(minor), tree_of(minor + 1)))
    assert found.version == f"go1.{minor + 1}"


def test_one_old_file_is_enough() -> None:
    tree = tree_of(26)
    tree["src/runtime"] |= {"map_swiss.go"}
    assert left_overs("go1.26.8", 0.0, listings(tree)) == (("src/runtime/map_swiss.go",), "go1.25")


def test_new_file_of_a_security_fix_is_not_another_release() -> None:
    tree = tree_of(25)
    tree["src/os"] |= {"statat.go", "statat_unix.go", "statat_other.go", "new_in_a_patch.go"}
    assert left_overs("go1.25.9", 0.0, listings(tree)).paths == ()


def test_api_file_of_a_later_release_shows_a_downgrade() -> None:
    names = ("go1.25.txt", "go1.26.txt", "go1.27.txt", "except.txt")
    assert left_overs("go1.26.8", 0.0, (Listing("api", names),)) == (("api/go1.27.txt",), "go1.27")


TIME = 1_800_000_000.0
LATER = ("proc.go", "a.go", "b.go", "c.go", "d.go")


def test_source_file_older_than_the_archive_is_from_elsewhere_even_in_a_release_that_no_table_knows() -> None:
    timed = Listing("src/runtime", (*LATER, "old.go", "README"), (TIME,) * 5 + (TIME - 86400, TIME - 86400))
    assert left_overs("go1.99.1", TIME, (timed,)).paths == ("src/runtime/old.go",)


def test_edited_file_and_copied_tree_are_left_alone() -> None:
    edited = Listing("src/runtime", LATER, (TIME + 999999,) + (TIME,) * 4)
    assert left_overs("go1.26.8", TIME, (edited,)).paths == ()
    copied = Listing("src/runtime", LATER, (TIME - 5, TIME - 4, TIME - 3, TIME - 2, TIME - 1))
    assert left_overs("go1.26.8", TIME, (copied,)).paths == ()
    assert left_overs("go1.26.8", 0.0, (copied,)).paths == ()


@pytest.mark.parametrize("version", ["", "devel go1.27-0123abcd", "<html>", "go2", "weekly.2012"])
def test_tree_without_a_release_is_not_judged(version: str) -> None:
    tree = tree_of(20)
    assert left_overs(version, 0.0, listings(tree, tree_of(26))).paths == ()


def test_time_of_a_version_file() -> None:
    assert release_time("go1.26.8\ntime 2026-08-28T16:20:06Z\n") == calendar.timegm((2026, 8, 28, 16, 20, 6))
    assert release_time("go1.24.0\ntime 2024-02-29T00:00:00Z") == calendar.timegm((2024, 2, 29, 0, 0, 0))
    assert release_time("go1.20.14") == 0.0
    assert release_time("go1.26.8\ntime soon\n") == 0.0


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_is_left_over_stands_in_the_listing(first: str, second: str) -> None:
    released = release_time(f"{first}\n{second}")
    assert released == 0.0 or second.startswith("time ")
    found = left_overs(first, released, (Listing("src/runtime", (second,), (released,)),))
    assert set(found.paths) <= {f"src/runtime/{second}"}
