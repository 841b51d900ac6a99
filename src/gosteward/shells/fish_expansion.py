"""What a word of fish stands for: a list of texts. Pure, linear time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gosteward.shells.fish_tree import bracket_end, quote_end
from gosteward.shells.posix_expansion import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

LIST_LIMIT = 1000
_TEXT = re.compile(r"[^\"'\\$(]+")
_NAME = re.compile(r"\$+([A-Za-z0-9_]+)(\[[^\]]{0,50}\])?")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}
_UNIVERSAL = re.compile(r"\\x([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\(.)", re.DOTALL)


class Piece(NamedTuple):
    """kind: "text", "variable" (text: name and index), "command".   quote: "", "'", '"'."""

    kind: str
    text: str
    quote: str = ""


class Known(Protocol):
    """Answers that an expansion needs."""

    def values(self, name: str) -> Sequence[str]:
        """Elements of a variable, () if it is unset."""

    def output(self, command: str) -> str:
        """Of a command substitution; UNKNOWN if it cannot be known."""

    def home_of(self, user: str) -> str:
        """Home directory of a named user, of the user themselves for ""."""


def pieces(raw: str) -> tuple[Piece, ...]:
    """The parts of a word as written."""
    found: list[Piece] = []
    index, end = 0, len(raw)
    while index < end:
        char = raw[index]
        if char == "'":
            close = quote_end(raw, index)
            found.append(Piece("text", re.sub(r"\\([\\'])", r"\1", raw[index + 1 : close - 1]), "'"))
            index = close
        elif char == '"':
            close = quote_end(raw, index)
            found.append(Piece("text", "", '"'))
            found += _within_quotes(raw[index + 1 : close - 1])
            index = close
        elif char == "\\":
            letter = raw[index + 1 : index + 2]
            found.append(Piece("text", _ESCAPED.get(letter, letter), "'"))
            index += 2
        elif char == "(" or raw.startswith("$(", index):
            start = index + (char == "$")
            close = bracket_end(raw, start)
            found.append(Piece("command", raw[start + 1 : close - 1]))
            index = close
        elif char == "$":
            match = _NAME.match(raw, index)
            found.append(Piece("variable", match[1] + (match[2] or ""))) if match else found.append(Piece("text", "$"))
            index = match.end() if match else index + 1
        else:
            match = _TEXT.match(raw, index)
            text = match[0] if match else char
            found.append(Piece("text", text))
            index += len(text)
    return tuple(found)


def _within_quotes(text: str) -> list[Piece]:
    found: list[Piece] = []
    index = 0
    for match in re.finditer(r"\\([\\\"$\n])|\$\(|\$+([A-Za-z0-9_]+)(\[[^\]]{0,50}\])?", text):
        if match.start() < index:
            continue
        found.append(Piece("text", text[index : match.start()], '"'))
        index = match.end()
        if match[1] is not None:
            found.append(Piece("text", match[1].replace("\n", ""), '"'))
        elif match[2] is None:
            index = bracket_end(text, match.start() + 1)
            found.append(Piece("command", text[match.end() : index - 1], '"'))
        else:
            found.append(Piece("variable", match[2] + (match[3] or ""), '"'))
    found.append(Piece("text", text[index:], '"'))
    return found


def expand(raw: str, known: Known) -> list[str]:
    """The texts that a word becomes; [] where an unquoted variable is empty."""
    results = [""]
    for number, piece in enumerate(pieces(raw)):
        options = _options(piece, known, first=number == 0)
        if len(options) * len(results) > LIST_LIMIT:
            return [UNKNOWN]
        results = [left + right for left in results for right in options]
        if sum(map(len, results)) > 1 << 18:
            return [UNKNOWN]
    return _braces(results, raw)


def _options(piece: Piece, known: Known, first: bool) -> list[str]:
    if piece.kind == "text":
        return [_with_home(piece.text, known) if first and not piece.quote else piece.text]
    if piece.kind == "command":
        return [known.output(piece.text)]
    name, _, index = piece.text.partition("[")
    values = list(known.values(name))
    if index:
        values = _selected(values, index.rstrip("]"))
    if piece.quote:
        return [(":" if name.endswith("PATH") else " ").join(values)]
    return values


def _selected(values: list[str], index: str) -> list[str]:
    if index.removeprefix("-").isdecimal() and len(index) < 8:
        place = int(index)
        place = place - 1 if place > 0 else place
        return values[place : place + 1 or None] if -len(values) <= place < len(values) else []
    return [UNKNOWN]


def _with_home(text: str, known: Known) -> str:
    if not text.startswith("~"):
        return text
    head, slash, tail = text.partition("/")
    return (known.home_of(head[1:]) or head) + slash + tail


def _braces(results: list[str], raw: str) -> list[str]:
    """One level of `{a,b}`, where it is not quoted."""
    match = re.fullmatch(r"([^{}'\"\\]*)\{([^{}'\"\\]*,[^{}'\"\\]*)\}([^{}'\"\\]*)", raw)
    if match is None or len(results) != 1:
        return results
    inner = re.fullmatch(r"([^{}]*)\{([^{}]*)\}([^{}]*)", results[0])
    return [inner[1] + part + inner[3] for part in inner[2].split(",")][:LIST_LIMIT] if inner else results


def universal(line: str) -> tuple[str, bool, tuple[str, ...]] | None:
    r"""Name, exported, elements of a line `SETUVAR --export NAME:a\x1eb` of fish_variables; None if it is none."""
    words = line.rstrip("\r").split(" ")
    if words[0] not in ("SETUVAR", "SET", "SET_EXPORT") or len(words) < 2:
        return None
    flags = [word for word in words[1:] if word.startswith("--")]
    name, colon, value = words[-1].partition(":")
    if not colon:
        return None
    exported = "--export" in flags or words[0] == "SET_EXPORT"
    text = _UNIVERSAL.sub(_character, value)
    return name, exported, tuple(text.split("\x1e")) if text != "\x1d" else ()


def _character(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _ESCAPED.get(match[3], match[3])
