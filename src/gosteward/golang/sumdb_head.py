"""Signed tree heads of a checksum database: size and keys, without verifying the signature. Pure.

    go.sum database tree
    71909756
    <base64 of the root hash>

    — NAME <base64 of 4 bytes of key hash and the signature>

Source: golang.org/x/mod/sumdb/tlog (`ParseTree`) and sumdb/note (`Open`).
"""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

_FIRST_LINE = "go.sum database tree"
# The public database grows by some tens of thousands of records a day, and its answers come through caches.
PUBLIC_TOLERANCE = 100_000


class Head(NamedTuple):
    """A tree head.  size: records.  keys: "name+hash" of those who signed."""

    size: int
    keys: frozenset[str] = frozenset()


def parse(text: str) -> Head | None:
    """Read a head; None for a text that is none. Raises nothing."""
    lines = text.split("\n")[:200]
    if len(lines) < 3 or lines[0] != _FIRST_LINE or not lines[1].isdecimal() or len(lines[1]) > 18:
        return None
    keys = (_key(line) for line in lines[3:])
    return Head(int(lines[1]), frozenset(k for k in keys if k))


def behind(served: Head, seen: Head, tolerance: int = 0) -> str:
    """Why a served head does not continue what was seen before, in one line; "" if it may."""
    if served.keys and seen.keys and not served.keys & seen.keys:
        return f"signed by {', '.join(sorted(served.keys))}, before by {', '.join(sorted(seen.keys))}"
    if served.size < seen.size - tolerance:
        return f"{served.size} records now, {seen.size} seen before"
    return ""


def _key(line: str) -> str:
    words = line.split(" ")
    if len(words) != 3 or words[0] != "—":
        return ""
    try:
        return f"{words[1]}+{base64.b64decode(words[2], validate=True)[:4].hex()}"
    except (binascii.Error, ValueError):
        return ""
