"""Tiles: the hashes of the tree in files of up to 256, which ones a proof needs, and the proofs made of them. Pure.

Entry i of tile N of level L is the root of the complete subtree of 256^L records with number N*256+i. Tiles at the right edge have as many
entries as there are, 1 to 255; they are never hashed upward. The hash of a full tile is an entry of the tile above it.

Source: golang.org/x/mod/sumdb/tlog/tile.go (`Tile.Path`); RFC 6962, sections 2.1.1 and 2.1.2 (the hashes of proofs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.sumdb.encodings import HASH_SIZE
from gosteward.sumdb.refusals import ForgeryError
from gosteward.sumdb.tlog import EMPTY_ROOT, node_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gosteward.sumdb.tlog import TreeHead

HEIGHT = 8
FULL = 1 << HEIGHT


class Tile(NamedTuple):
    """Coordinates of a tile.  width: entries, 1 to 256."""

    level: int
    number: int
    width: int

    @property
    def path(self) -> str:
        """As servers and caches have it: "tile/8/0/x001/x234/067.p/8"."""
        digits = f"{self.number % 1000:03}"
        rest = self.number // 1000
        while rest:
            digits = f"x{rest % 1000:03}/{digits}"
            rest //= 1000
        return f"tile/{HEIGHT}/{self.level}/{digits}" + ("" if self.width == FULL else f".p/{self.width}")

    @property
    def full(self) -> Tile:
        """The tile that this one becomes when the tree has grown."""
        return self._replace(width=FULL)

    @property
    def length(self) -> int:
        """Bytes of its content."""
        return self.width * HASH_SIZE


def tile_at(size: int, level: int, number: int) -> Tile:
    """A tile as it is in a tree of `size` records; its width is below 1 where the tree has none there."""
    return Tile(level, number, min(FULL, (size >> HEIGHT * level) - number * FULL))


def edge(size: int) -> list[Tile]:
    """The tiles that the root of a tree is made of: the partial one of each level that has one."""
    tiles = [tile_at(size, level, size >> HEIGHT * (level + 1)) for level in range(_levels(size))]
    return [tile for tile in tiles if tile.width > 0]


def with_those_above(size: int, tile: Tile) -> Iterator[Tile]:
    """A tile, and those that vouch for it, up to one at the edge."""
    yield tile
    while tile.width == FULL:
        tile = tile_at(size, tile.level + 1, tile.number >> HEIGHT)
        yield tile


def for_inclusion(size: int, index: int) -> set[Tile]:
    """The tiles that prove record `index` of a tree of `size`, with all that authenticates them."""
    return {*edge(size), *with_those_above(size, tile_at(size, 0, index >> HEIGHT))}


def for_consistency(older: int, newer: int) -> set[Tile]:
    """The tiles that prove a tree of size `newer` against one of size `older`, with all that authenticates them."""
    needed = set(edge(newer))
    if 0 < older < newer:
        # The proof follows the last record of the older tree upward; below the first ragged level nothing is needed.
        level = _trailing_zeros(older) // HEIGHT
        needed.update(with_those_above(newer, tile_at(newer, level, (older - 1) >> HEIGHT * (level + 1))))
    return needed


def authenticate(head: TreeHead, contents: Mapping[Tile, bytes]) -> None:
    """Verify that every tile is one of a tree: the edge against the root, each full tile against its entry in the tile above.

    No tile is left out, whatever a proof needs of it (CVE-2026-56865).

    Args:
        contents: of all tiles of the edge, and of full tiles with those above them.
    Raises:
        ForgeryError: "tile".
    """
    for tile, content in contents.items():
        if len(content) != tile.length:
            raise ForgeryError(f"{len(content)} bytes instead of {tile.length}", reason="tile", subject=tile.path)
    if TileTree(head.size, contents).root(head.size) != head.root:
        raise ForgeryError("the tiles are not those of the signed tree head", reason="tile")
    for tile, content in contents.items():
        if tile.width == FULL and hash_of(content) != _entry_above(head.size, tile, contents):
            raise ForgeryError("the tile does not fit the one above it", reason="tile", subject=tile.path)


def hash_of(content: bytes) -> bytes:
    """The root of a complete subtree whose hashes follow each other in `content`: a power of two of them."""
    hashes = [content[place : place + HASH_SIZE] for place in range(0, len(content), HASH_SIZE)]
    while len(hashes) > 1:
        hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


class TileTree:
    """A tree that is read from tiles.

    Its answers are worth what the tiles are: `authenticate` them, and verify the proofs.
    KeyError where a tile is missing, which `for_inclusion` and `for_consistency` prevent.
    """

    def __init__(self, size: int, contents: Mapping[Tile, bytes]) -> None:
        self._size = size
        self._contents = contents

    def root(self, size: int) -> bytes:
        """The root of the first `size` records."""
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int) -> list[bytes]:
        """The inclusion proof of a record, from the leaf upward."""
        return [self._range(*sibling) for sibling in _siblings(index, self._size)]

    def consistency(self, older: int) -> list[bytes]:
        """The consistency proof from a tree with `older` records."""
        if older in (0, self._size):
            return []
        # The largest complete subtree at the end of the older tree is where both trees part.
        start = older - (1 << _trailing_zeros(older))
        first = [] if start == 0 else [self._range(start, older)]
        return first + [self._range(*sibling) for sibling in _siblings(start, self._size, older)]

    def _range(self, low: int, high: int) -> bytes:
        """The root of a subtree: of [low, high)."""
        count = high - low
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self._complete(level, low >> level)
        middle = low + _left_part(count)
        return node_hash(self._range(low, middle), self._range(middle, high))

    def _complete(self, level: int, index: int) -> bytes:
        """Node `index` of a level of the tree, all of whose leaves exist."""
        tile_level, height = divmod(level, HEIGHT)
        first = index << height
        content = self._contents[tile_at(self._size, tile_level, first >> HEIGHT)]
        place = (first & (FULL - 1)) * HASH_SIZE
        return hash_of(content[place : place + (HASH_SIZE << height)])


def _siblings(index: int, size: int, end: int = 0) -> list[tuple[int, int]]:
    """The ranges beside the path to a record, from below; with `end`, beside that to the subtree [index, end)."""
    low, high, found = 0, size, []
    while (low, high) != (index, end or index + 1):
        middle = low + _left_part(high - low)
        if index < middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low = middle
    return found[::-1]


def _left_part(count: int) -> int:
    """Leaves of the left subtree of `count`: the largest power of two below it."""
    return 1 << (count - 1).bit_length() - 1


def _levels(size: int) -> int:
    return -(-size.bit_length() // HEIGHT)


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1


def _entry_above(size: int, tile: Tile, contents: Mapping[Tile, bytes]) -> bytes:
    above = contents[tile_at(size, tile.level + 1, tile.number >> HEIGHT)]
    place = (tile.number & (FULL - 1)) * HASH_SIZE
    return above[place : place + HASH_SIZE]
