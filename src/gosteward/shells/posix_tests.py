"""Conditions of sh, bash and zsh as far as reading can decide them: `test`, `[`, `[[`, `case` patterns. Pure.

Every answer is True, False, or None for "cannot be known".
"""

from __future__ import annotations

import fnmatch
from typing import Callable, Protocol

from gosteward.shells.posix_expansion import UNKNOWN, Known, expand, pieces
from gosteward.shells.posix_tokens import tokens

FILE_TESTS = frozenset(["-e", "-f", "-d", "-r", "-w", "-x", "-s", "-L", "-h", "-p", "-S", "-b", "-c", "-O", "-G"])
WORDS_LIMIT = 200


class Surroundings(Known, Protocol):
    """What a condition may ask besides values."""

    def file_test(self, test: str, path: str) -> bool | None:
        """`-d path` and its relatives."""

    def option(self, name: str) -> bool | None:
        """Whether a shell option, "interactive" or "login" is on."""


def both(left: bool | None, right: bool | None) -> bool | None:
    """`left and right`."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left: bool | None, right: bool | None) -> bool | None:
    """`left or right`."""
    if left or right:
        return True
    return None if left is None or right is None else False


def negated(value: bool | None) -> bool | None:
    """`not value`."""
    return None if value is None else not value


def bracket(text: str, world: Surroundings) -> bool | None:
    """`[[ ... ]]` as written."""
    inner = text[2:-2] if text.endswith("]]") else text[2:]
    parts = [token.text for token in tokens(inner) if token.kind in ("word", "operator")]
    if len(parts) > WORDS_LIMIT:
        return None
    return _Expression(parts, world, double=True).value()


def test(words: tuple[str, ...], world: Surroundings) -> bool | None:
    """`test ...` or `[ ... ]`, words as written, without the command itself."""
    parts = [word for word in words if word != "]"]
    if len(parts) > WORDS_LIMIT:
        return None
    return _Expression(parts, world, double=False).value()


def matches(subject: str, pattern: str, world: Surroundings) -> bool | None:
    """Whether a text matches a pattern as written; quoted parts of the pattern are literal."""
    wanted = glob_of(pattern, world)
    if UNKNOWN in wanted or (UNKNOWN in subject and wanted != "*"):
        return None
    if len(wanted) > 4096 or wanted.count("*") > 20:
        return None
    return fnmatch.fnmatchcase(subject, wanted)


def glob_of(pattern: str, world: Known) -> str:
    """A pattern with its quoted and expanded parts made literal, in the syntax of fnmatch."""
    found = []
    for piece in pieces(pattern):
        if piece.kind == "text" and not piece.quote:
            found.append(piece.text.replace("[^", "[!"))
        else:
            text = piece.text if piece.kind == "text" else expand(_written(piece.kind, piece.text), world)
            found.append("".join(f"[{char}]" if char in "*?[" else char for char in text))
    return "".join(found)


def _written(kind: str, text: str) -> str:
    return {"variable": f"${{{text}}}", "parameter": f"${{{text}}}", "command": f"$({text})"}.get(kind, f"$(({text}))")


class _Expression:
    """Operators from the weakest: or, and, not, brackets, then the tests themselves."""

    def __init__(self, parts: list[str], world: Surroundings, double: bool) -> None:
        self.parts = parts
        self.world = world
        self.either, self.both = ("||", "&&") if double else ("-o", "-a")
        self.double = double
        self.index = 0
        self.depth = 0

    def peek(self, ahead: int = 0) -> str:
        place = self.index + ahead
        return self.parts[place] if place < len(self.parts) else ""

    def value(self) -> bool | None:
        if not self.parts:
            return False
        result = self.disjunction()
        return result if self.index >= len(self.parts) else None

    def disjunction(self) -> bool | None:
        result = self.conjunction()
        while self.peek() == self.either and self.index < len(self.parts):
            self.index += 1
            result = either(result, self.conjunction())
        return result

    def conjunction(self) -> bool | None:
        result = self.negation()
        while self.peek() == self.both and self.index < len(self.parts):
            self.index += 1
            result = both(result, self.negation())
        return result

    def negation(self) -> bool | None:
        flips = 0
        while self.peek() == "!" and self.index + 1 < len(self.parts):
            self.index += 1
            flips += 1
        result = self.primary()
        return negated(result) if flips % 2 else result

    def primary(self) -> bool | None:
        if self.peek() in ("(", "\\(") and self.depth < 20:
            self.index += 1
            self.depth += 1
            result = self.disjunction()
            self.depth -= 1
            self.index += self.peek() in (")", "\\)")
            return result
        first, operator, last = self.peek(), self.peek(1), self.peek(2)
        if operator in BINARY and self.index + 2 < len(self.parts):
            self.index += 3
            return self.compared(first, operator, last)
        if first.startswith("-") and len(first) == 2 and self.index + 1 < len(self.parts) and operator != self.both:
            self.index += 2
            return self.unary(first, operator)
        self.index += 1
        text = expand(first, self.world)
        return None if UNKNOWN in text and not text.replace(UNKNOWN, "") else bool(text)

    def unary(self, operator: str, raw: str) -> bool | None:
        text = expand(raw, self.world)
        if operator in ("-n", "-z"):
            if not text.replace(UNKNOWN, "") and text:
                return None
            return bool(text) if operator == "-n" else not text
        if UNKNOWN in text:
            return None
        if operator in FILE_TESTS:
            return self.world.file_test(operator, text)
        if operator == "-t":
            return self.world.option("terminal")
        if operator == "-o":
            return self.world.option(text)
        if operator == "-v":
            return self.world.value(text) is not None
        return None

    def compared(self, raw_left: str, operator: str, raw_right: str) -> bool | None:
        left = expand(raw_left, self.world)
        if operator in ("=", "==", "!="):
            same = self.same(left, raw_right)
            return negated(same) if operator == "!=" else same
        right = expand(raw_right, self.world)
        if operator == "=~":
            return self.contains(left, right)
        if not (_number(left) and _number(right)):
            return None
        return BINARY[operator](int(left), int(right))

    def same(self, left: str, raw_right: str) -> bool | None:
        if self.double:
            return matches(left, raw_right, self.world)
        right = expand(raw_right, self.world)
        return None if UNKNOWN in left + right else left == right

    def contains(self, left: str, right: str) -> bool | None:
        """`=~` for expressions that are a plain text, anchored or not."""
        plain = right.removeprefix("^").removesuffix("$")
        if UNKNOWN in left + right or any(char in "\\^$.|?*+()[]{}" for char in plain):
            return None
        if right.startswith("^") and right.endswith("$"):
            return left == plain
        if right.startswith("^"):
            return left.startswith(plain)
        return left.endswith(plain) if right.endswith("$") else plain in left


def _number(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and len(text) < 19


BINARY: dict[str, Callable[[int, int], bool]] = {
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "=~": lambda a, b: a == b,
    "-eq": lambda a, b: a == b,
    "-ne": lambda a, b: a != b,
    "-lt": lambda a, b: a < b,
    "-le": lambda a, b: a <= b,
    "-gt": lambda a, b: a > b,
    "-ge": lambda a, b: a >= b,
}
