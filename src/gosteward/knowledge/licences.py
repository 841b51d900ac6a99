"""Which licence a text is: the words of well-known ones, one after the other, and nothing else of weight. Pure.

A text is taken apart into words, without case, punctuation and words of one letter. It is a licence if all of its words come in order; between
parts of some there is a name, of which only the length is limited. What else there is may be titles and names: few words, and none that lay down
conditions. A text with several licences is all of them. Everything else is unknown: a guess would let pass what was to be refused.

Source: the licences themselves; spdx.org/licenses for the names, without "-only" and "-or-later", as the text is the same.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from gosteward.knowledge.licence_table import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gosteward.knowledge.licence_table import Part

LONGEST = 1 << 18  # bytes
LOOSE = 150  # words that are no licence's
NAMES = tuple(sorted({name for name, _ in PARTS if name}))
ANCHOR = 3  # words that a part is looked for by
FILES = re.compile(
    r"(?!.*\.(?:go|csv|json|ya?ml)\Z)(?:un)?licen[cs]e(?:[-._].*)?|copying(?:[-._].*)?|mit-licen[cs]e(?:\..*)?",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[a-z0-9]+")
_CONDITIONS = frozenset(
    "commons must shall restriction restrictions exception exceptions notwithstanding additional prohibited prohibit commercial except unless "
    "subject sell forbidden permission permitted terms patent patents grant granted agreement agree public redistribution provided".split()
)  # fmt: skip


def named(content: bytes) -> tuple[str, ...]:
    """The licences that a file is, by their names of SPDX; () for unknown."""
    if len(content) > LONGEST:
        return ()
    words = words_of(content.decode("utf-8", "replace"))
    found: dict[str, None] = {}
    loose: list[str] = []
    end = 0
    for begin, after, name in _licences(words):
        loose += words[end:begin]
        end = after
        found[name] = None
    loose += words[end:]
    found.pop("", None)
    return () if len(loose) > LOOSE or not _CONDITIONS.isdisjoint(loose) else tuple(found)


def words_of(text: str) -> list[str]:
    """What of a text counts."""
    plain = text.lower().replace("licence", "license").replace("https", "http").replace("\u2019", "").replace("'", "")
    return [word for word in _WORDS.findall(plain) if len(word) > 1]


def _licences(words: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Where each licence begins and ends, and its name."""
    at = 0
    while at < len(words):
        found = next(((end, name) for name, parts in PARTS if (end := _end_of(words, at, parts))), None)
        if found is not None:
            yield at, *found
        at = found[0] if found is not None else at + 1


def _end_of(words: Sequence[str], at: int, parts: tuple[Part, ...]) -> int:
    """Where a licence ends that begins at a word; 0 if none does."""
    for gap, forms in parts:
        ends = (
            begin + count
            for begin in range(at, at + gap + 1)
            for start, count, digest in forms
            if " ".join(words[begin : begin + ANCHOR]) == start and _digest_of(words[begin : begin + count]) == digest
        )
        at = next(ends, 0)
        if not at:
            return 0
    return at


def _digest_of(words: Sequence[str]) -> str:
    return sha256(" ".join(words).encode()).hexdigest()[:16]
