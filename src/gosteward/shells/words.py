"""Words of a configuration line: blanks separate them, quotes hold them together. Pure, linear time."""

from __future__ import annotations

import re

_PIECE = re.compile(r"""(?:[^\s"'\\]+|\\.|"(?:[^"\\]|\\.)*"?|'[^']*'?|\\$)+""", re.DOTALL)
_QUOTED = re.compile(r"""\\(.)|"((?:[^"\\]|\\.)*)"?|'([^']*)'?""", re.DOTALL)


def unquoted_words(text: str) -> list[str]:
    """Split at blanks; single quotes, double quotes and backslashes work as in a shell, an open quote ends with the text."""
    return [_unquoted(piece) for piece in _PIECE.findall(text)]


def _unquoted(piece: str) -> str:
    def content(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1]
        if match[2] is not None:
            return re.sub(r"\\(.)", r"\1", match[2], flags=re.DOTALL)
        return match[3]

    return _QUOTED.sub(content, piece)
