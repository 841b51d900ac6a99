"""The Merkle tree of a transparency log: hashes, heads, and the verification of proofs. Pure.

A leaf is SHA256(0x00 || record), a node SHA256(0x01 || left || right), the empty tree SHA256(""). The left subtree of n leaves has the largest
power of two below n.

Sources: RFC 6962, section 2.1; RFC 9162, sections 2.1.3.2 and 2.1.4.2 (the two loops); golang.org/x/mod/sumdb/tlog (`ParseTree`).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from gosteward.sumdb import encodings
from gosteward.sumdb.encodings import HASH_SIZE
from gosteward.sumdb.refusals import ForgeryError, malformed

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST_LINE = "go.sum database tree"
EMPTY_ROOT = hashlib.sha256(b"").digest()


class TreeHead(NamedTuple):
    """What a database says its tree is.  size: records.  root: 32 bytes."""

    size: int
    root: bytes


def leaf_hash(record: bytes) -> bytes:
    """The hash of a record."""
    return hashlib.sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def parse_head(text: str) -> TreeHead:
    """Read the text of a note that was opened.

    Lines behind the third are allowed and mean nothing: nothing there may be used as a record (CVE-2026-56864).

    Raises:
        UnjudgedError: it is no tree head.
    """
    lines = text.split("\n", 3)
    size = encodings.number(lines[1]) if len(lines) == 4 and lines[0] == FIRST_LINE else None
    root = encodings.decoded(lines[2]) if size is not None else None
    if size is None or root is None or len(root) != HASH_SIZE:
        raise malformed("tree head")
    return TreeHead(size, root)


def check_inclusion(leaf: bytes, index: int, head: TreeHead, proof: Sequence[bytes]) -> None:
    """Verify that a leaf is in a tree at an index.

    Args:
        leaf: hash of the record.   proof: hashes from the sibling of the leaf to the child of the root.
    Raises:
        ForgeryError: "uncovered", "proof" (too short or too long), or "record" (it is another tree).
    """
    if not 0 <= index < head.size:
        raise ForgeryError(f"record {index} is not in a tree of {head.size} records", reason="uncovered")
    place, last, root = index, head.size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ForgeryError("the inclusion proof is too long", reason="proof")
        if place & 1 or place == last:
            root = node_hash(sibling, root)
            place, last = _up_to_odd(place, last)
        else:
            root = node_hash(root, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise ForgeryError("the inclusion proof is too short", reason="proof")
    if root != head.root:
        raise ForgeryError(f"the record is not number {index} of the tree of {head.size} records", reason="record")


def check_consistency(older: TreeHead, newer: TreeHead, proof: Sequence[bytes]) -> None:
    """Verify that the newer tree begins with all records of the older one.

    Args:
        proof: as RFC 6962 has it: without the older root where the older size is a power of two.
    Raises:
        ForgeryError: "proof" (no proof of that length fits these sizes) or "fork" (it proves something else).
    """
    if older.size > newer.size or (proof and older.size in (0, newer.size)):
        raise ForgeryError("no such consistency proof", reason="proof")
    if older.size == 0:
        old_root, new_root = EMPTY_ROOT, newer.root
    elif older.size == newer.size:
        old_root, new_root = newer.root, newer.root
    else:
        old_root, new_root = _proved_roots(older, newer.size, proof)
    if (old_root, new_root) != (older.root, newer.root):
        raise ForgeryError(f"the tree of {newer.size} records does not continue that of {older.size}", reason="fork")


def _proved_roots(older: TreeHead, size: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of both trees by a proof."""
    place, last = older.size - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    # A complete older tree is itself the node that the proof would begin with.
    hashes = [older.root, *proof] if older.size & (older.size - 1) == 0 else list(proof)
    if not hashes:
        raise ForgeryError("the consistency proof is too short", reason="proof")
    old_root = new_root = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise ForgeryError("the consistency proof is too long", reason="proof")
        if place & 1 or place == last:
            old_root, new_root = node_hash(sibling, old_root), node_hash(sibling, new_root)
            place, last = _up_to_odd(place, last)
        else:
            new_root = node_hash(new_root, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise ForgeryError("the consistency proof is too short", reason="proof")
    return old_root, new_root


def _up_to_odd(place: int, last: int) -> tuple[int, int]:
    """Skip the levels on which the last node of a ragged tree has no sibling."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last
