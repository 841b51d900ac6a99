"""Signed notes: a text, a blank line, one or more signatures. Pure.

    go.sum database tree
    71909756
    5vX2mDgz0m7cQ0W1pB0hU0rj0WbX8a3h6kC0Tn5pK2w=

    — NAME BASE64(4 bytes of key hash || signature)

What is signed is the text with its last newline, without the blank line. A text may have blank lines of its own: the last one ends it.
Source: golang.org/x/mod/sumdb/note (`Open`); c2sp.org/signed-note.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.sumdb import ed25519, encodings, keys
from gosteward.sumdb.refusals import ForgeryError, malformed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gosteward.sumdb.keys import Key

MOST_SIGNATURES = 100
LARGEST = 1_000_000  # characters
_DASH = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Signature(NamedTuple):
    """One line of signatures.  hash: of the key, 4 bytes."""

    name: str
    hash: bytes
    signature: bytes


def opened(note: str, known: Sequence[Key]) -> str:
    """The text of a note that at least one known key has signed: see `opened_by`. Raises the same."""
    return opened_by(note, known)[0]


def opened_by(note: str, known: Sequence[Key]) -> tuple[str, Key]:
    """The text of a note that at least one known key has signed, and the first of those that did.

    A signature of an unknown key is ignored, also one that has the name of a known key and another hash. A known key whose signature is
    wrong refuses the whole note, whoever else has signed it. Of several signatures of one key only the first counts.

    Raises:
        UnjudgedError: it is no signed note.
        ForgeryError: no known key has signed it, or not this text.
    """
    text, signatures = parse(note)
    by_id = {(key.name, key.hash): key for key in known}
    signers: dict[Key, None] = {}
    for signature in signatures:
        key = by_id.get((signature.name, signature.hash))
        if key is None or key in signers:
            continue
        if not ed25519.verify(key.public, text.encode(), signature.signature):
            raise ForgeryError("the signature is wrong", reason="signature", subject=key.shown)
        signers[key] = None
    if not signers:
        wanted = ", ".join(key.shown for key in known)
        by = ", ".join(f"{s.name}+{s.hash.hex()}" for s in signatures[:3])
        raise ForgeryError(f"signed by {by}, not by the key that is trusted", reason="signature", subject=wanted)
    return text, next(iter(signers))


def parse(note: str) -> tuple[str, list[Signature]]:
    """Take a note apart without verifying anything.

    Raises:
        UnjudgedError: it is no signed note.
    """
    if len(note) > LARGEST or _CONTROL.search(note) or not _is_unicode(note):
        raise malformed("note")
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not lines.endswith("\n") or lines.count("\n") > MOST_SIGNATURES:
        raise malformed("note")
    return text + "\n", [_signature(line) for line in lines[:-1].split("\n")]


def _signature(line: str) -> Signature:
    name, _, base64 = line[len(_DASH) :].partition(" ")
    raw = encodings.decoded(base64)
    if not line.startswith(_DASH) or not keys.is_name(name) or raw is None or len(raw) <= keys.HASH_SIZE:
        raise malformed("signature line of a note")
    return Signature(name, raw[: keys.HASH_SIZE], raw[keys.HASH_SIZE :])


def _is_unicode(text: str) -> bool:
    """Whether it is free of the halves of surrogate pairs, which Python has for bytes that are not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
