"""Links: where they lead without a look at the file system."""

from __future__ import annotations

import posixpath

from hypothesis import given
from hypothesis import strategies as st

from gosteward.actions import ReplaceLink
from gosteward.reasoning.link_repair import destination, likeliest, pointed_to, steps, tree_like
from gosteward.snapshot import GoTree, Link

PART = st.sampled_from(["go", "..", ".", "", "bin", "usr", "go1.24.1"])
PATHS = st.lists(PART, max_size=8).map("/".join)


@given(directory=PATHS, target=PATHS)
def test_a_destination_is_absolute_and_plain(directory: str, target: str) -> None:
    link = Link(f"/{directory}/link", target)
    joined = posixpath.normpath(posixpath.join(f"/{directory}", target))
    assert destination(link) == "/" + joined.lstrip("/")


def test_a_tree_is_chosen_only_where_there_is_no_choice() -> None:
    def trees(*paths: str) -> tuple[GoTree, ...]:
        return tuple(GoTree(path, path) for path in paths)

    gone = "/usr/local/go1.24.1/bin/go"
    near, far = trees("/usr/local/go", "/opt/go")
    assert tree_like((far,), gone) is far
    assert tree_like((far, near), gone) is near
    assert tree_like(trees("/usr/local/go1.25.4", "/usr/local/go1.26.8"), gone) is None
    assert tree_like((), gone) is None


def test_the_same_release_is_offered_before_the_newest() -> None:
    trees = tuple(GoTree(f"/opt/go{n}", f"/opt/go{n}", version=f"go{n}") for n in ("1.26.8", "1.25.4", "1.24.1"))
    assert likeliest(trees, "/usr/local/go", "go1.25.4") is trees[1]
    assert likeliest(trees, "/usr/local/go", "go1.22.0") is trees[0]
    assert likeliest((), "/usr/local/go") is None


def test_a_link_is_led_elsewhere_by_what_it_stands_for() -> None:
    tree = GoTree("/usr/local/go1.26.8", "/usr/local/go1.26.8")
    links = (Link("/usr/local/bin/go", "../../../opt/go/bin/go"), Link("/opt/go", "go1.24.1"))
    program, root = steps("/usr/local/bin/go", links)
    assert (program.rest, root.rest) == ("", "/bin/go")
    assert pointed_to(program, tree, "go") == ReplaceLink(
        "/usr/local/bin/go", "/usr/local/go1.26.8/bin/go", "../../../opt/go/bin/go"
    )
    assert pointed_to(root, tree, "go") == ReplaceLink("/opt/go", "/usr/local/go1.26.8", "go1.24.1")


def test_a_link_of_the_bin_directory_stays_one() -> None:
    (step,) = steps("/opt/gobin/go", (Link("/opt/gobin", "/opt/go1.24.1/bin"),))
    changed = pointed_to(step, GoTree("/usr/local/go", "/usr/local/go"), "go")
    assert changed == ReplaceLink("/opt/gobin", "/usr/local/go/bin", "/opt/go1.24.1/bin")


def test_a_link_that_stands_for_something_else_is_left_alone() -> None:
    (step,) = steps("/mnt/go/bin/go", (Link("/mnt", "/media/disk"),))
    assert pointed_to(step, GoTree("/usr/local/go", "/usr/local/go"), "go") is None
    assert steps("/usr/bin/go", (Link("/elsewhere", "/opt"),)) == ()
