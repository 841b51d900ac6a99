r"""What a word of sh, bash or zsh stands for: quotes removed, `~` and variables expanded as far as they are known. Pure, linear time.

An expansion whose result cannot be known from reading becomes UNKNOWN, one character that no file name contains.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gosteward.shells.posix_tokens import skip

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN = "\x00"
DEPTH_LIMIT = 6
VALUE_LIMIT = 1 << 17
_TEXT = re.compile(r"[^'\"\\$`]+")
_QUOTED_TEXT = re.compile(r"[^\"\\$`]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
_PARAMETER = re.compile(
    r"(?P<length>\#(?=[A-Za-z_@*]))?(?P<name>[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*\#?$!-])(?:\[[@*0-9]{1,6}\])?"
    r"(?P<operator>:?[-+=?]|%%?|\#\#?|//?|:|\^\^?|,,?)?(?P<word>.*)",
    re.DOTALL,
)
_TILDE = re.compile(r"~([A-Za-z_][A-Za-z0-9_.-]*)?(?=[/:]|$)")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}


class Piece(NamedTuple):
    r"""A part of a word.

    Attributes:
        kind: "text", "variable" (text: its name), "parameter" (text: between the braces), "command", "arithmetic".
        quote: "" unquoted, "'" and "\" literal, '"' within double quotes.
    """

    kind: str
    text: str
    quote: str = ""


class Known(Protocol):
    """Answers that an expansion needs."""

    def value(self, name: str) -> str | None:
        """Of a variable or a special parameter such as "1", "@", "-"; None if unset, UNKNOWN if it cannot be known."""

    def output(self, command: str) -> str:
        """What a command substitution gives, UNKNOWN if it cannot be known."""

    def home_of(self, user: str) -> str:
        """Home directory of a named user, of the user themselves for ""; "" if unknown."""


def pieces(raw: str) -> tuple[Piece, ...]:
    """The parts of a word as written."""
    return tuple(_pieces(raw, ""))


def _pieces(raw: str, quote: str) -> Iterator[Piece]:
    text = _QUOTED_TEXT if quote else _TEXT
    index, end = 0, len(raw)
    while index < end:
        char = raw[index]
        if char == "$":
            piece, index = _dollar(raw, index, quote)
            yield piece
        elif char == "`":
            close = skip(raw, index + 1, "`")
            yield Piece("command", _inner(raw, index + 1, close), quote)
            index = close
        elif char == "\\":
            following = raw[index + 1 : index + 2]
            if quote and following not in ("$", "`", '"', "\\", "\n"):
                yield Piece("text", "\\" + following, quote)
            elif following != "\n":
                yield Piece("text", following, "\\")
            index += 2
        elif char == "'" and not quote:
            close = raw.find("'", index + 1)
            close = end if close < 0 else close
            yield Piece("text", raw[index + 1 : close], "'")
            index = close + 1
        elif char == '"' and quote:
            index += 1  # quotes within `"${NAME:-"word"}"`
        elif char == '"':
            close = skip(raw, index + 1, '"')
            yield Piece("text", "", '"')
            yield from _pieces(_inner(raw, index + 1, close), '"')
            index = close
        else:
            match = text.match(raw, index)
            found = match[0] if match else char
            yield Piece("text", found, quote)
            index += len(found)


def _inner(raw: str, start: int, close: int) -> str:
    return raw[start : close - 1] if close > start else ""


def _dollar(raw: str, index: int, quote: str) -> tuple[Piece, int]:
    following = raw[index + 1 : index + 2]
    if following == "(":
        close = skip(raw, index + 2, ")")
        inner = _inner(raw, index + 2, close)
        kind = "arithmetic" if inner.startswith("(") and inner.endswith(")") else "command"
        return Piece(kind, inner, quote), close
    if following == "{":
        close = skip(raw, index + 2, "}q" if quote else "}")
        return Piece("parameter", _inner(raw, index + 2, close), quote), close
    if following == "'" and not quote:
        close = index + 2
        while close < len(raw) and raw[close] != "'":
            close += 2 if raw[close] == "\\" else 1
        return Piece("text", _ESCAPE.sub(_unescaped, raw[index + 2 : close]), "'"), close + 1
    match = _VARIABLE.match(raw, index + 1)
    if match:
        return Piece("variable", match[0], quote), match.end()
    return Piece("text", "" if following == '"' and not quote else "$", quote), index + 1


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    if match[2]:
        return chr(int(match[2], 8) & 0xFF)
    return _ESCAPED.get(match[3], match[3])


def expand(raw: str, known: Known, *, assignment: bool = False, depth: int = 0, quote: str = "") -> str:
    """The text of a word.

    Args:
        quote: '"' for a word within double quotes.
        assignment: it is the right side of `NAME=`, so that `~` is expanded behind every unquoted `:` too.
    """
    if depth > DEPTH_LIMIT:
        return UNKNOWN
    found: list[str] = []
    size = 0
    after = (
        ":"  # what stands before the piece, where it is unquoted: a tilde is expanded at the start and behind a colon
    )
    for piece in _pieces(raw, quote):
        if piece.kind == "text":
            text = _with_homes(piece.text, known, assignment, after) if not piece.quote else piece.text
            after = piece.text[-1:] if not piece.quote else "quoted"
        else:
            text = _value(piece, known, depth)
            after = "expansion"
        found.append(text)
        size += len(text)
        if size > VALUE_LIMIT:
            return UNKNOWN
    return "".join(found)


def _with_homes(text: str, known: Known, assignment: bool, after: str) -> str:
    def home(match: re.Match[str]) -> str:
        before = text[match.start() - 1] if match.start() else after
        start = match.start() == 0 and before == ":"
        if start or (assignment and before == ":"):
            return known.home_of(match[1] or "") or match[0]
        return match[0]

    return _TILDE.sub(home, text)


def _value(piece: Piece, known: Known, depth: int) -> str:
    if piece.kind == "variable":
        return known.value(piece.text) or ""
    if piece.kind == "parameter":
        return _parameter(piece.text, known, depth, piece.quote)
    return known.output(piece.text) if piece.kind == "command" else UNKNOWN


def _parameter(text: str, known: Known, depth: int, quote: str) -> str:
    match = _PARAMETER.fullmatch(text)
    if match is None:
        return UNKNOWN
    value = known.value(match["name"])
    operator, word = match["operator"] or "", match["word"]
    if value is not None and UNKNOWN in value and operator.lstrip(":") not in ("+", ""):
        return UNKNOWN
    if match["length"]:
        return str(len(value or "")) if not operator and not word else UNKNOWN
    if not operator:
        return (value or "") if not word else UNKNOWN
    if operator.lstrip(":") in ("-", "=", "?", "+") and operator.lstrip(":"):
        is_set = bool(value) if operator.startswith(":") else value is not None
        if operator.endswith("+"):
            return expand(word, known, depth=depth + 1, quote=quote) if is_set else ""
        return (
            (value or "")
            if is_set
            else expand(word, known, depth=depth + 1, quote=quote)
            if operator[-1] in "-="
            else ""
        )
    if operator.startswith("/"):
        return _replaced(value or "", operator, word, known, depth)
    return _trimmed(value or "", operator, expand(word, known, depth=depth + 1))


def _replaced(value: str, operator: str, word: str, known: Known, depth: int) -> str:
    """`${NAME/old/new}`, where `old` is a plain text."""
    slash = re.match(r"(?:[^\\/]|\\.)*", word, re.DOTALL)
    end = slash.end() if slash else len(word)
    old, new = expand(word[:end], known, depth=depth + 1), expand(word[end + 1 :], known, depth=depth + 1)
    if not old or re.search(r"[*?\[#%]", old) or len(value) * (len(new) + 1) > VALUE_LIMIT * 8:
        return UNKNOWN
    return value.replace(old, new, 1 if operator == "/" else -1)


def _trimmed(value: str, operator: str, pattern: str) -> str:
    """`${NAME%pattern}` and its relatives, for the patterns that need no pattern matching."""
    plain = not re.search(r"[*?\[\\]", pattern)
    if operator in ("%", "%%") and plain:
        return value[: len(value) - len(pattern)] if pattern and value.endswith(pattern) else value
    if operator in ("#", "##") and plain:
        return value.removeprefix(pattern)
    if operator == "%" and pattern == "/*":
        return value.rpartition("/")[0] if "/" in value else value
    if operator == "##" and pattern == "*/":
        return value.rpartition("/")[2]
    return UNKNOWN


def fields(raw: str, known: Known, *, zsh: bool = False) -> tuple[str, ...]:
    """The words that a word becomes as an argument: unquoted expansions are split at blanks, except in zsh."""
    text = expand(raw, known)
    split = not zsh and any(piece.kind != "text" and not piece.quote for piece in pieces(raw))
    if not split:
        return (text,)
    return tuple(text.split())


def is_literal(raw: str) -> bool:
    """Whether a word contains no expansion, so that reading alone tells its text."""
    return all(piece.kind == "text" for piece in pieces(raw))
