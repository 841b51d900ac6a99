"""From the text of an error message to the rules that know it: a search, never a judgement. Pure.

Rules name texts that people see (`Rule.symptoms`). Messages differ between shells, versions and hosts, so words are compared, rare ones
count more than frequent ones, and paths and numbers count little.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_+.]*")
_PATH = re.compile(r"(?:~|\.{1,2})?(?:/[^\s:'\"`,;()]+)+/?")
MAX_TEXT = 20_000
ENOUGH = 0.55


class Match(NamedTuple):
    """A known text that resembles a message.  key: what it belongs to.  score: 0.0 to 1.0, the share of its weight found."""

    key: str
    symptom: str
    score: float


def words_of(text: str) -> frozenset[str]:
    """Lower-case words of a message; of a path only its last part."""
    text = _PATH.sub(lambda match: " " + match.group().rstrip("/").rpartition("/")[2] + " ", text[:MAX_TEXT])
    return frozenset(word.lower().strip(".") for word in _WORD.findall(text))


def matches(text: str, known: Iterable[tuple[str, str]]) -> tuple[Match, ...]:
    """The best match per key, the best first.

    Args:
        text: the message, or the whole output of a failed command.   known: (key, symptom) pairs.
    """
    wanted = words_of(text)
    pairs = [(key, symptom, words_of(symptom)) for key, symptom in known]
    weights = _weights([words for _, _, words in pairs])
    best: dict[str, Match] = {}
    for key, symptom, words in pairs:
        total = sum(weights[word] for word in words)
        if not total:
            continue
        found = sum(weights[word] for word in words & wanted) / total
        # All words of a long symptom say more than the one word of a short one.
        score = found * min(1.0, 0.6 + 0.1 * len(words & wanted))
        if found >= ENOUGH and (key not in best or score > best[key].score):
            best[key] = Match(key, symptom, score)
    return tuple(sorted(best.values(), key=lambda match: (-match.score, match.key)))


def _weights(sets: list[frozenset[str]]) -> dict[str, float]:
    counts: dict[str, int] = {}
    for words in sets:
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    return {word: 1.0 + math.log(len(sets) / count) for word, count in counts.items()}
