"""The lines of a go.mod or go.work: words, blocks, comments and strings as Go's own reader takes them apart. Pure.

    require (
        example.com/greet v1.0.0 // indirect
        "example.com/odd" v0.1.0
    )

becomes two lines with the verb "require". Source: golang.org/x/mod/modfile, read.go (`readToken`, `parseStmt`, `parseLineBlock`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LINES = 20_000
_SHOWN = 300

# Quotes count at the start of a word only; what a word may not hold is looked at afterwards, in `_problem_of`.
_TOKEN = re.compile(
    r"[ \t\r]+|(?P<comment>//.*)|(?P<string>\"(?:[^\"\\]|\\.)*\"|`[^`]*`)"
    r"|(?P<mark>[()\[\]{},])|(?P<word>(?:(?!//)[^ \t\r()\[\]{},])+)"
)


class Line(NamedTuple):
    """One directive.

    Attributes:
        verb: its first word, or that of its block; "" for a line that has none.   words: what follows, without quotes.
        raw: the same as written.   comment: text behind `//`.   block: it stands in parentheses.
    """

    verb: str
    words: tuple[str, ...]
    number: int
    text: str
    comment: str = ""
    raw: tuple[str, ...] = ()
    block: bool = False


class Lines(NamedTuple):
    """All directives of a file in order, and the lines that are none, with the reason.  blocks: first lines of blocks."""

    lines: tuple[Line, ...]
    errors: tuple[tuple[Line, str], ...] = ()
    blocks: tuple[Line, ...] = ()


def read(text: str) -> Lines:
    """Take a file apart; after an error the rest is read all the same. Linear in the length of the text."""
    found: list[Line] = []
    errors: list[tuple[Line, str]] = []
    blocks: list[Line] = []
    block: Line | None = None
    for number, raw in enumerate(text.split("\n")[:MAX_LINES], 1):
        tokens, comment, problem = _tokens(raw)
        line = _line(block, tokens, number, raw, comment)
        if problem:
            errors.append((line, problem))
        elif block is not None and tokens[:1] == [")"]:
            block = None
            if tokens != [")"]:
                errors.append((line, "the line goes on behind the closing parenthesis"))
        elif block is None and len(tokens) > 1 and tokens[-1] == "(":
            block = _line(None, tokens[:-1], number, raw, comment)
            blocks.append(block)
        elif block is None and len(tokens) > 2 and tokens[-2:] == ["(", ")"]:
            blocks.append(_line(None, tokens[:-2], number, raw, comment))
        elif tokens:
            found.append(line)
    if block is not None:
        errors.append((block, "the block is not closed"))
    return Lines(tuple(found), tuple(errors), tuple(blocks))


def _line(block: Line | None, tokens: list[str], number: int, raw: str, comment: str) -> Line:
    shown = raw.rstrip("\r")[:_SHOWN]
    verb, rest = (block.verb, tokens) if block is not None else ("".join(tokens[:1]), tokens[1:])
    return Line(verb, tuple(map(_unquoted, rest)), number, shown, comment, tuple(rest), block is not None)


def _tokens(raw: str) -> tuple[list[str], str, str]:
    """Words and marks of a line as written, its comment, and why it is no line of such a file ("" if it is)."""
    tokens: list[str] = []
    place = 0
    while place < len(raw):
        match = _TOKEN.match(raw, place)
        if match is None:
            return tokens, "", "not a word"
        place = match.end()
        if match["comment"] is not None:
            return tokens, match["comment"][2:].strip(), ""
        token = match["string"] or match["mark"] or match["word"]
        if match["word"] is not None:
            problem = _problem_of(match["word"])
            if problem:
                return tokens, "", problem
        if token:
            tokens.append(token)
    return tokens, "", ""


def _problem_of(word: str) -> str:
    if word[0] in '"`':
        return "the string has no end"
    if "/*" in word:
        return "comments start with //"
    # Bytes that are no UTF-8 stand for themselves here, as they do in Go.
    if not word.isprintable() and not all(c.isprintable() or "\udc80" <= c <= "\udcff" for c in word):
        return "an invisible character"
    return ""


def _unquoted(token: str) -> str:
    if token[0] == "`":
        return token[1:-1] if len(token) > 1 else token
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token[0] == '"' and len(token) > 1 else token
