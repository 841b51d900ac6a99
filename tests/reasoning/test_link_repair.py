"""Links: where they lead without a look at the file system."""

from __future__ import annotations

import posixpath

from hypothesis import given
from hypothesis import strategies as st

from gosteward.reasoning.link_repair import destination, relink, tree_like
from gosteward.snapshot import GoTree, Link

PART = st.sampled_from(["go", "..", ".", "", "bin", "usr", "go1.24.1"])
PATHS = st.lists(PART, max_size=8).map("/".join)


@given(directory=PATHS, target=PATHS)
def test_a_destination_is_absolute_and_plain(directory: str, target: str) -> None:
    link = Link(f"/{directory}/link", target)
    joined = posixpath.normpath(posixpath.join(f"/{directory}", target))
    assert destination(link) == "/" + joined.lstrip("/")


def test_a_link_is_replaced_by_rename_and_never_followed() -> None:
    assert relink("/usr/local/my go", "/opt/go") == (
        "ln -s /opt/go '/usr/local/.my go.new'",
        "mv -T '/usr/local/.my go.new' '/usr/local/my go'",
    )


def test_a_tree_is_chosen_only_where_there_is_no_choice() -> None:
    def trees(*paths: str) -> tuple[GoTree, ...]:
        return tuple(GoTree(path, path) for path in paths)

    gone = "/usr/local/go1.24.1/bin/go"
    near, far = trees("/usr/local/go", "/opt/go")
    assert tree_like((far,), gone) is far
    assert tree_like((far, near), gone) is near
    assert tree_like(trees("/usr/local/go1.25.4", "/usr/local/go1.26.8"), gone) is None
    assert tree_like((), gone) is None
