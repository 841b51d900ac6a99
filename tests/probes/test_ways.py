"""Ways through links: the answers are the kernel's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from gosteward.host.local import LocalHost
from gosteward.probes.ways import MOST_LINKS, Ways

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.sampled_from(["a", "b", "c", "..", "."])
TARGETS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@settings(max_examples=60, deadline=None)
@given(links=st.dictionaries(st.sampled_from(["a", "b", "c", "d/a", "d/b"]), TARGETS, max_size=5), asked=TARGETS)
def test_real_path_is_the_one_of_the_kernel(tmp_path_factory, links, asked) -> None:
    top = tmp_path_factory.mktemp("ways")
    (top / "d").mkdir()
    (top / "d/c").write_text("")
    for name, target in links.items():
        (top / name).symlink_to(target)
    for path in (f"{top}/{asked}", f"{top}/d/{asked}"):
        way = Ways(LocalHost({})).to(path)
        assert (way.real if not way.problem else "") == (os.path.realpath(path) if os.path.exists(path) else "")


def test_chain_of_forty_links_is_followed_and_one_more_is_a_loop(tmp_path: Path) -> None:
    (tmp_path / "0").write_text("")
    for number in range(MOST_LINKS + 1):
        (tmp_path / str(number + 1)).symlink_to(str(number))
    ways = Ways(LocalHost({}))
    assert ways.to(f"{tmp_path}/{MOST_LINKS}").real == f"{tmp_path}/0"
    assert ways.to(f"{tmp_path}/{MOST_LINKS + 1}").problem == "loop"


def test_what_is_missing_behind_a_good_link_is_no_broken_link(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "link").symlink_to("tree")
    (tmp_path / "gone").symlink_to("nothing")
    ways = Ways(LocalHost({}))
    assert not ways.to(f"{tmp_path}/link/bin/go").through_link
    assert ways.to(f"{tmp_path}/gone/bin/go").through_link
    assert ways.to(f"{tmp_path}/gone").stopped_at == f"{tmp_path}/nothing"


def test_impossible_paths_lead_nowhere() -> None:
    ways = Ways(LocalHost({}))
    for path in ("", "go", "/" + "a" * 5000, "/a\0b", "/\udce4/\ud800"):
        assert ways.to(path).problem == "missing"
    assert ways.to("/").real == "/"
