"""Seals of trees: bound to the path and to the listing; and a cache, whose loss is no error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gosteward.host import tree_seals

if TYPE_CHECKING:
    from pathlib import Path

TREE = "/opt/go/go1.26.8"
LISTING = b"0644 " + b"0" * 64 + b"  a\n0755 " + b"1" * 64 + b"  b\n"
STAMPS = ((1, 2, 3, 4, 5), (2**64 - 1, 0, 10**18, 10**18 + 1, 2**32 - 1))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tree_seals, "cache_for", lambda *_: str(tmp_path / "cache"))
    return tmp_path / "cache" / tree_seals.FOLDER


def test_it_is_read_as_it_was_kept_for_this_tree_and_listing_alone(folder: Path) -> None:
    tree_seals.keep(TREE, LISTING, STAMPS)
    assert tree_seals.kept(f"{TREE}/", LISTING) == STAMPS
    assert tree_seals.kept("/opt/go/go1.26.9", LISTING) == ()
    assert tree_seals.kept(TREE, LISTING.replace(b"a", b"c")) == ()
    assert [path.stat().st_mode & 0o077 for path in folder.iterdir()] == [0]


@pytest.mark.parametrize("cut", [0, 7, 40, -1])
def test_damaged_one_is_none(folder: Path, cut: int) -> None:
    tree_seals.keep(TREE, LISTING, STAMPS)
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes()[:cut])
    assert tree_seals.kept(TREE, LISTING) == ()


def test_where_none_can_be_written_there_is_none(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("in the way")
    tree_seals.keep(TREE, LISTING, STAMPS)
    assert tree_seals.kept(TREE, LISTING) == ()
