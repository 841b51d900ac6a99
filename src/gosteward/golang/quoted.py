"""Variables that hold several words (GOFLAGS, CC, CGO_CFLAGS), split as the go command splits them. Pure.

Source: cmd/internal/quoted (`Split`): blanks separate, a quote counts at the start of a word only, and nothing is escaped.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"""[ \t\n\r]*(?:"([^"]*)"|'([^']*)'|(?P<open>["'])|([^ \t\n\r]+))""")


def split(value: str) -> tuple[str, ...] | None:
    """The words of a value; None where a quote has no end."""
    words: list[str] = []
    place = 0
    while match := _WORD.match(value, place):
        if match["open"]:
            return None
        words.append(match[match.lastindex or 0])
        place = match.end()
    return tuple(words)
