"""Paths of tiles, what is asked for, and proofs made of it."""

from __future__ import annotations

import functools

import pytest

from gosteward.sumdb import tiles, tlog
from gosteward.sumdb.refusals import ForgeryError
from gosteward.sumdb.tiles import Tile, TileTree
from gosteward.sumdb.tlog import TreeHead
from sumdb.log_server import Log, audit_path, consistency, mth

AROUND_TILES = (*range(1, 18), 100, *range(254, 260), *range(510, 515), 599, 600)
BORDERS = (1, 2, 3, 7, 8, 100, 128, 255, 256, 257, 511, 512, 513)


@functools.cache
def big() -> Log:
    """Three levels of tiles."""
    return Log(66_100)


@functools.cache
def leaves() -> list[bytes]:
    return big().levels[0]


def contents(needed: set[Tile]) -> dict[Tile, bytes]:
    return {tile: big().answer(f"/{tile.path}").body for tile in needed}


@functools.cache
def head(size: int) -> TreeHead:
    return TreeHead(size, mth(leaves()[:size]))


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0, 256), "tile/8/0/000"),
        (Tile(0, 0, 1), "tile/8/0/000.p/1"),
        (Tile(3, 999, 255), "tile/8/3/999.p/255"),
        (Tile(0, 1000, 256), "tile/8/0/x001/000"),
        (Tile(4, 1234067, 8), "tile/8/4/x001/x234/067.p/8"),
        (Tile(0, 1000000, 256), "tile/8/0/x001/x000/000"),
    ],
)
def test_path_is_that_of_go(tile: Tile, path: str) -> None:
    assert tile.path == path


def test_edge_of_a_tree_is_one_partial_tile_for_each_digit_of_its_size() -> None:
    assert tiles.edge(0) == []
    assert tiles.edge(255) == [Tile(0, 0, 255)]
    assert tiles.edge(256) == [Tile(1, 0, 1)]
    assert tiles.edge(257) == [Tile(0, 1, 1), Tile(1, 0, 1)]
    assert tiles.edge(65536 + 3) == [Tile(0, 256, 3), Tile(2, 0, 1)]


@pytest.mark.parametrize("size", AROUND_TILES)
def test_inclusion_proofs_are_made_of_the_tiles_that_were_asked_for(size: int) -> None:
    for index in {0, size // 2, size - 1, *(b for b in BORDERS if b < size)}:
        got = contents(tiles.for_inclusion(size, index))
        tiles.authenticate(head(size), got)
        proof = TileTree(size, got).inclusion(index)
        assert proof == audit_path(index, leaves()[:size])
        tlog.check_inclusion(leaves()[index], index, head(size), proof)


@pytest.mark.parametrize("size", AROUND_TILES)
def test_consistency_proofs_are_made_of_the_tiles_that_were_asked_for(size: int) -> None:
    for older in {0, size // 2, size - 1, size, *(b for b in BORDERS if b < size)}:
        got = contents(tiles.for_consistency(older, size))
        tiles.authenticate(head(size), got)
        tree = TileTree(size, got)
        assert tree.root(older) == mth(leaves()[:older])
        assert tree.consistency(older) == (consistency(older, leaves()[:size]) if older else [])
        tlog.check_consistency(head(older), head(size), tree.consistency(older))


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 65_792, 66_100])
@pytest.mark.parametrize("place", [1, 255, 256, 511, 512, 32_768, 65_280, 65_534])
def test_three_levels_of_tiles_do_as_well(size: int, place: int) -> None:
    got = contents(tiles.for_inclusion(size, place) | tiles.for_consistency(place, size))
    assert len(got) <= 7
    tiles.authenticate(head(size), got)
    tree = TileTree(size, got)
    tlog.check_inclusion(leaves()[place], place, head(size), tree.inclusion(place))
    tlog.check_consistency(head(place), head(size), tree.consistency(place))


def test_a_change_anywhere_in_any_tile_is_seen_also_where_no_proof_looks() -> None:
    size = 66_100
    got = contents(tiles.for_inclusion(size, 300) | tiles.for_consistency(40_000, size))
    for tile, content in got.items():
        for place in range(0, tile.length, 321):
            forged = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
            with pytest.raises(ForgeryError) as caught:
                tiles.authenticate(head(size), {**got, tile: forged})
            assert caught.value.reason == "tile"
        for length in (0, tile.length - 32, tile.length - 1, tile.length + 32):
            with pytest.raises(ForgeryError):
                tiles.authenticate(head(size), {**got, tile: (content * 2)[:length]})


def test_nothing_is_asked_for_below_the_level_where_the_older_tree_ends() -> None:
    assert tiles.for_consistency(256, 600) == set(tiles.edge(600))
    assert tiles.for_consistency(65_536, 66_100) == set(tiles.edge(66_100))
    assert tiles.for_consistency(255, 600) == {*tiles.edge(600), Tile(0, 0, 256)}


def test_plan_for_the_largest_tree_stays_small() -> None:
    size = (1 << 63) - 1
    needed = tiles.for_inclusion(size, size // 3) | tiles.for_consistency(size // 5, size)
    assert len(needed) <= 3 * 8
