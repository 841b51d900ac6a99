"""One line of sh, bash or zsh taken apart into commands and words, each with its place in the line. Pure, linear time.

Source: sh(1p) "Shell Command Language", 2.3 and 2.9.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_INNER = r"""(?:[^()"'`\\]|'[^']*'|"[^"]*"|\\.|\([^()]*\))*"""
_WORD = rf"""(?:[^\s"'\\`$|&;()<>]|\\.|'[^']*'|"(?:[^"\\`$]|\\.|\$(?!\()|\$\({_INNER}\)|`[^`]*`)*"|\$'(?:[^'\\]|\\.)*'|\$\({_INNER}\)|`[^`]*`|\$\{{[^{{}}]*\}}|\$(?![({{']))+"""
_TOKEN = re.compile(
    rf"(?P<blank>[ \t]+)|(?P<comment>#.*)|(?P<operator>;;&|;;|;&|&&|\|\||\||;|\(|\)|&(?!>))"
    rf"|(?P<redirection>\d*(?:&>>|&>|>>|>&|<&|>\||>|<(?![<(]))[ \t]*{_WORD})|(?P<word>{_WORD})"
)
# Words after which a command begins, and those that make it a condition.
_OPENING = ("then", "else", "do", "{", "!")
_CONDITION = ("if", "elif", "while", "until")
KEYWORDS = (*_OPENING, *_CONDITION, "fi", "done", "esac", "case", "for", "select", "function", "}")


class Command(NamedTuple):
    """A command of a line.

    Attributes:
        texts, words: its words as written, and (start, end) of each; redirections are left out.   start, end: with redirections.
        behind: the operator that ends it, "" at the end of the line.   keywords: words of the grammar stand in it.
        condition: what it answers is asked by `if` or `while`.
    """

    texts: tuple[str, ...]
    words: tuple[tuple[int, int], ...]
    start: int
    end: int
    behind: str
    keywords: bool = False
    condition: bool = False


def commands_in(text: str) -> tuple[Command, ...] | None:
    """The commands of a line in order; None for one that is not closed in itself, or that is not understood."""
    found: list[Command] = []
    tokens: list[tuple[str, int, int]] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            return None
        place, kind = match.end(), match.lastgroup or ""
        if kind == "operator":
            found.append(_command(text, tokens, match[0], match.start()))
            tokens = []
        elif kind in ("word", "redirection"):
            tokens.append((kind, match.start(), match.end()))
    if tokens:
        found.append(_command(text, tokens, "", len(text)))
    if any(c.behind == "(" and c.texts and c.texts[-1].endswith("=") for c in found):
        return None  # an array
    return tuple(found)


def _command(text: str, tokens: list[tuple[str, int, int]], behind: str, place: int) -> Command:
    keywords = condition = False
    while tokens and text[tokens[0][1] : tokens[0][2]] in KEYWORDS:
        keywords = True
        word = text[tokens[0][1] : tokens[0][2]]
        condition = condition or word in _CONDITION
        if word not in (*_OPENING, *_CONDITION):
            break
        tokens = tokens[1:]
    spans = tuple((start, end) for kind, start, end in tokens if kind == "word")
    return Command(
        texts=tuple(text[start:end] for start, end in spans),
        words=spans,
        start=tokens[0][1] if tokens else place,
        end=tokens[-1][2] if tokens else place,
        behind=behind,
        keywords=keywords,
        condition=condition,
    )
