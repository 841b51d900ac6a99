"""The structure of fish source: commands with their connectors, if, for, switch, function. Pure, linear time, forgiving."""

from __future__ import annotations

import re
from typing import NamedTuple, Union

DEPTH_LIMIT = 25
TOKENS_LIMIT = 100_000
_PLAIN = re.compile(r"[^\s\"'\\$();&|<>#]+|#")
_REDIRECTION = re.compile(r"(?:&>>?|[0-9]*(?:>>\?|>>|>\?|>|<)(?:&[0-9-])?)\|?")
_NESTED = re.compile(r"[()\"'\\]")


class Command(NamedTuple):
    """A command.  connector: "" or how it depends on the one before: "and", "or".   negated: `not` in front.   words: as written."""

    line: int
    words: tuple[str, ...]
    connector: str = ""
    negated: bool = False
    piped: bool = False


class Block(NamedTuple):
    """if, while, for, switch, function, begin.

    Attributes:
        words: of `for NAME in ...`, `function NAME ...`, `switch VALUE`, as written.
        arms: (condition, body); of switch (patterns as one command, body); only bodies for the others.
    """

    line: int
    kind: str
    words: tuple[str, ...]
    arms: tuple[tuple[tuple[Statement, ...], tuple[Statement, ...]], ...]
    connector: str = ""
    negated: bool = False


Statement = Union[Command, Block]


class _Token(NamedTuple):
    kind: str  # "word", "end" (of a statement), "and", "or", "pipe"
    text: str
    line: int


def parse(text: str) -> tuple[Statement, ...]:
    """The statements of a file, in order."""
    parser = _Parser(_tokens(text))
    found: list[Statement] = []
    while parser.index < len(parser.tokens):
        found += parser.statements((), 0)
        parser.index += 1  # an `end` too many
    return tuple(found)


def _tokens(text: str) -> tuple[_Token, ...]:
    found: list[_Token] = []
    index, line, counted, end = 0, 1, 0, len(text)
    while index < end and len(found) < TOKENS_LIMIT:
        char = text[index]
        line += text.count("\n", counted, index)
        counted = index
        if char in " \t\r":
            index += 1
        elif char in "\n;":
            found.append(_Token("end", char, line))
            index += 1
        elif char == "#":
            newline = text.find("\n", index)
            index = end if newline < 0 else newline
        elif text.startswith(("&&", "||"), index):
            found.append(_Token("and" if char == "&" else "or", char * 2, line))
            index += 2
        elif char in "|&" and not text.startswith(("&>",), index):
            found.append(_Token("pipe" if char == "|" else "end", char, line))
            index += 1
        elif text.startswith("\\\n", index):
            index += 2
        else:
            redirection = _REDIRECTION.match(text, index)
            stop = word_end(text, redirection.end() if redirection else index)
            if redirection:
                index = _behind_target(
                    text, max(stop, redirection.end()), stop == redirection.end() and redirection[0][-1] in "<>?"
                )
            else:
                stop = max(stop, index + 1)
                found.append(_Token("word", text[index:stop], line))
                index = stop
    return tuple(found)


def _behind_target(text: str, index: int, apart: bool) -> int:
    """Behind the file of a redirection, which may stand `apart`."""
    if not apart:
        return index
    while text[index : index + 1] in (" ", "\t"):
        index += 1
    return word_end(text, index)


def word_end(text: str, index: int) -> int:
    """Index behind the word that begins at `index`."""
    end = len(text)
    while index < end:
        char = text[index]
        if char in " \t\r\n;&|<>)":
            break
        if char == "\\":
            if text[index + 1 : index + 2] == "\n":
                break
            index += 2
        elif char in "\"'":
            index = quote_end(text, index)
        elif char == "(":
            index = bracket_end(text, index)
        else:
            match = _PLAIN.match(text, index)
            index = match.end() if match else index + 1
    return min(index, end)


def quote_end(text: str, index: int) -> int:
    """Index behind the quote that begins at `index`."""
    mark, index = text[index], index + 1
    while index < len(text) and text[index] != mark:
        index += 2 if text[index] == "\\" else 1
    return min(index + 1, len(text))


def bracket_end(text: str, index: int) -> int:
    """Index behind the `(...)` that begins at `index`."""
    depth = 0
    while True:
        match = _NESTED.search(text, index)
        if match is None:
            return len(text)
        index = match.end()
        if match[0] == "(":
            depth += 1
        elif match[0] == ")":
            depth -= 1
            if depth <= 0:
                return index
        elif match[0] == "\\":
            index += 1
        else:
            index = quote_end(text, match.start())


class _Parser:
    def __init__(self, tokens: tuple[_Token, ...]) -> None:
        self.tokens = tokens
        self.index = 0

    def word(self, *texts: str) -> bool:
        token = self.tokens[self.index] if self.index < len(self.tokens) else None
        return token is not None and token.kind == "word" and token.text in texts

    def statements(self, stops: tuple[str, ...], depth: int) -> tuple[Statement, ...]:
        """Statements up to `end` or a word in `stops`, which is not taken."""
        found: list[Statement] = []
        connector = ""
        while self.index < len(self.tokens):
            token = self.tokens[self.index]
            if token.kind == "end":
                connector = ""
                self.index += 1
                continue
            if token.kind in ("and", "or", "pipe"):
                connector = "" if token.kind == "pipe" else token.kind
                self.index += 1
                continue
            if self.word("end", *stops):
                break
            statement = self.statement(connector, depth)
            if statement is not None:
                found.append(statement)
            connector = ""
        return tuple(found)

    def statement(self, connector: str, depth: int) -> Statement | None:
        line = self.tokens[self.index].line
        negated = False
        while self.word("and", "or", "not", "!", "command", "builtin") and self._followed():
            text = self.tokens[self.index].text
            if text in ("command", "builtin"):
                break
            connector = text if text in ("and", "or") else connector
            negated = negated != (text in ("not", "!"))
            self.index += 1
        if self.word("if", "while", "for", "switch", "function", "begin"):
            return self.block(connector, negated, line, depth)
        words = self.rest()
        piped = self.index < len(self.tokens) and self.tokens[self.index].kind == "pipe"
        return Command(line, words, connector, negated, piped) if words else None

    def _followed(self) -> bool:
        following = self.tokens[self.index + 1 : self.index + 2]
        return bool(following) and following[0].kind == "word"

    def rest(self) -> tuple[str, ...]:
        found = []
        while self.index < len(self.tokens) and self.tokens[self.index].kind == "word":
            found.append(self.tokens[self.index].text)
            self.index += 1
        return tuple(found)

    def block(self, connector: str, negated: bool, line: int, depth: int) -> Statement | None:
        kind = self.tokens[self.index].text
        self.index += 1
        if depth >= DEPTH_LIMIT:
            self.rest()
            return None
        words = self.rest() if kind in ("for", "switch", "function") else ()
        arms: list[tuple[tuple[Statement, ...], tuple[Statement, ...]]] = []
        if kind in ("if", "while"):
            self.conditions(arms, depth + 1)
        elif kind == "switch":
            self.cases(arms, depth + 1)
        else:
            arms.append(((), self.statements((), depth + 1)))
        if self.word("end"):
            self.index += 1
        return Block(line, kind, words, tuple(arms), connector, negated)

    def conditions(self, arms: list[tuple[tuple[Statement, ...], tuple[Statement, ...]]], depth: int) -> None:
        while True:
            test = self.condition(depth)
            arms.append((test, self.statements(("else",), depth)))
            if not self.word("else"):
                return
            self.index += 1
            if self.word("if"):
                self.index += 1
                continue
            arms.append(((), self.statements((), depth)))
            return

    def condition(self, depth: int) -> tuple[Statement, ...]:
        """The first job, and those behind it that begin with and / or."""
        found: list[Statement] = []
        connector = ""
        while self.index < len(self.tokens):
            if not self.word("end", "else"):
                statement = self.statement(connector, depth)
                if statement is not None:
                    found.append(statement)
            connector = ""
            start = self.index
            while self.index < len(self.tokens) and self.tokens[self.index].kind in ("end", "and", "or", "pipe"):
                kind = self.tokens[self.index].kind
                connector = kind if kind in ("and", "or") else connector
                self.index += 1
            if connector or (self.word("and", "or") and self.index > start):
                continue
            return tuple(found)
        return tuple(found)

    def cases(self, arms: list[tuple[tuple[Statement, ...], tuple[Statement, ...]]], depth: int) -> None:
        self.statements(("case",), depth)
        while self.word("case"):
            line = self.tokens[self.index].line
            self.index += 1
            patterns = Command(line, self.rest())
            arms.append(((patterns,), self.statements(("case",), depth)))
