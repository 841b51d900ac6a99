"""Start-up files of fish, read line by line: which PATH, variable, alias each sets. Pure, linear time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.shells.fish_expansion import expand, pieces, universal
from gosteward.shells.fish_run import options
from gosteward.shells.fish_tree import Block, Command, parse
from gosteward.shells.startup_facts import (
    LINES_LIMIT,
    OLD_PATH,
    SMART_QUOTES,
    FileFacts,
    Sourced,
    literal_of,
    path_parts,
    wanted,
)
from gosteward.snapshot import Location, StartupLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gosteward.shells.fish_tree import Statement

PATHS = ("PATH", "fish_user_paths")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)


def read(path: str, lines: list[str], *, home: str) -> FileFacts:
    """Facts of config.fish or a file in conf.d."""
    walk = _Walk(path, lines, home)
    walk.top(parse("\n".join(lines)))
    return FileFacts(walk.finished(), walk.early_return, tuple(dict.fromkeys(walk.sourced)))


def universal_variables(path: str, lines: list[str]) -> FileFacts:
    """Facts of fish_variables."""
    found = []
    for number, line in enumerate(lines[:20_000], 1):
        variable = universal(line)
        if variable is None or not (wanted(variable[0]) or variable[0] in PATHS):
            continue
        name, exported, elements = variable
        place = Location(path=path, line=number, text=line[:300])
        is_path = name in PATHS
        found.append(
            StartupLine(
                kind="path" if is_path else "variable", name="PATH" if is_path else name, location=place,
                value=":".join(elements), adds=elements[:100] if is_path else (), keeps=name != "PATH", guarded=is_path,
                exported=exported or is_path,
            )
        )  # fmt: skip
    return FileFacts(tuple(found[:LINES_LIMIT]))


class _Walk:
    def __init__(self, path: str, lines: list[str], home: str) -> None:
        self.path = path
        self.lines = lines
        self.home = home
        self.known: dict[str, list[str]] = {"HOME": [home]}
        self.found: list[StartupLine] = []
        self.sourced: list[Sourced] = []
        self.exported_names: set[str] = set()
        self.functions: dict[str, Block] = {}
        self.early_return = 0

    # What expansions ask.

    def values(self, name: str) -> Sequence[str]:
        return [OLD_PATH] if name in PATHS else self.known.get(name, [f"${name}"])

    def output(self, command: str) -> str:
        return f"({command})"

    def home_of(self, user: str) -> str:
        return self.home if not user else ""

    def words(self, raw: Sequence[str]) -> list[str]:
        return [text for word in raw for text in expand(word, self)]

    # Structure.

    def finished(self) -> tuple[StartupLine, ...]:
        return tuple(
            line._replace(exported=line.exported or line.name in self.exported_names)
            for line in self.found[:LINES_LIMIT]
        )

    def top(self, statements: tuple[Statement, ...]) -> None:
        for index, statement in enumerate(statements):
            looked = index > 0 and bool(statement.connector) and _looks_at_path(statements[index - 1])
            self.statement(statement, guarded=looked)
            if not self.early_return:
                self.early_return = _stop(statement, statements[index - 1] if index else None)

    def body(self, statements: tuple[Statement, ...], guarded: bool) -> None:
        looked = False
        for statement in statements:
            self.statement(statement, guarded or (looked and bool(statement.connector)))
            looked = _looks_at_path(statement)

    def statement(self, statement: Statement, guarded: bool) -> None:
        if len(self.found) > LINES_LIMIT:
            return
        if isinstance(statement, Command):
            self.command(statement, guarded)
        elif statement.kind == "function":
            name = statement.words[0] if statement.words else ""
            self.functions[name] = statement
            if name in ("go", "gofmt"):
                self.add(statement.line, kind="alias", name=name, value="function")
        else:
            if statement.kind == "for" and len(statement.words) > 2:
                self.known[statement.words[0]] = self.words(statement.words[2:])[:50]
            for test, body in statement.arms:
                guarded = guarded or any(_looks_at_path(part) for part in test)
                self.body(body, guarded)

    def add(self, line: int, **facts: object) -> None:
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        place = Location(path=self.path, line=line, text=text.rstrip("\r")[:300])
        base = StartupLine(
            kind="", name="", location=place, reached=not self.early_return, carriage_return=text.endswith("\r")
        )
        self.found.append(base._replace(**facts))  # type: ignore[arg-type]

    # Commands.

    def command(self, command: Command, guarded: bool) -> None:
        name = command.words[0]
        if name == "set":
            self.set_(command, guarded)
        elif name == "fish_add_path":
            flags, directories = options(self.words(command.words[1:]))
            self.path_line(
                command, [*directories, OLD_PATH] if "a" not in flags else [OLD_PATH, *directories], guarded=True
            )
        elif name == "export":
            self.export(command, guarded)
        elif name in ("source", "."):
            self.source(command)
        elif name == "alias":
            self.alias(command)
        elif name in self.functions:
            self.function_call(command, guarded)
        else:
            self.assignment(command, guarded)

    def set_(self, command: Command, guarded: bool) -> None:
        flags, rest = options(list(command.words[1:]))
        if "e" in flags and rest == ["PATH"]:
            self.add(command.line, kind="path", name="PATH", keeps=False, guarded=guarded)
        if not rest or {"e", "q", "n", "S"} & flags:
            return
        name = rest[0]
        values = self.words(rest[1:])
        if name in PATHS:
            old = [OLD_PATH] if {"a", "p"} & flags or name == "fish_user_paths" else []
            entries = [*old, *values] if "a" in flags else [*values, *old]
            self.path_line(command, entries, guarded, value=" ".join(rest[1:]))
            return
        self.known[name] = values
        if "x" in flags and not rest[1:]:
            self.exported_names.add(name)
        if wanted(name):
            text = " ".join(values)
            literal = literal_of(text, single_quoted_dollar=_literal_dollar(rest[1:]))
            self.add(
                command.line, kind="variable", name=name, value=" ".join(rest[1:]), exported="x" in flags, guarded=guarded,
                literal=literal, syntax=_smart(rest[1:]),
            )  # fmt: skip

    def path_line(
        self, command: Command, entries: list[str], guarded: bool, *, value: str = "", syntax: str = ""
    ) -> None:
        parts = path_parts([part for entry in entries for part in entry.split(":")])
        literal = literal_of(
            ":".join(parts.adds), single_quoted_dollar=_literal_dollar(command.words[1:]), is_path=True
        )
        self.add(
            command.line, kind="path", name="PATH", value=value or " ".join(command.words[1:]), adds=parts.adds, keeps=parts.keeps,
            at_end=parts.at_end, guarded=guarded, literal=literal, syntax=syntax or _smart(command.words),
        )  # fmt: skip

    def export(self, command: Command, guarded: bool) -> None:
        """The `export NAME=value` of fish works, but an unquoted `$PATH` in it becomes a row of words of which the last one wins."""
        for word in command.words[1:]:
            match = _ASSIGNMENT.match(word)
            if match is None:
                self.exported_names.add(word)
            elif match[1] == "PATH":
                bare = any(
                    piece.kind == "variable" and not piece.quote for piece in pieces(match[2]) if piece.text == "PATH"
                )
                syntax = "export-in-fish" if bare else ""
                self.path_line(command, self.words((match[2],)), guarded, value=match[2], syntax=syntax)
            else:
                self.known[match[1]] = self.words((match[2],))
                if wanted(match[1]):
                    self.add(
                        command.line,
                        kind="variable",
                        name=match[1],
                        value=match[2],
                        guarded=guarded,
                        syntax=_smart((word,)),
                    )

    def assignment(self, command: Command, guarded: bool) -> None:
        """`NAME=value` alone is an error in fish, for which it gives up the whole file."""
        match = _ASSIGNMENT.match(command.words[0])
        if match is None or len(command.words) > 1:
            return
        if match[1] == "PATH":
            self.path_line(command, self.words((match[2],)), guarded, value=match[2], syntax="export-in-fish")
        elif wanted(match[1]):
            self.add(
                command.line, kind="variable", name=match[1], value=match[2], exported=False, syntax="export-in-fish"
            )

    def source(self, command: Command) -> None:
        raw = command.words[1] if len(command.words) > 1 else ""
        texts = self.words((raw,))
        text = texts[0] if len(texts) == 1 else ""
        known = text.startswith("/") and not any(char in text for char in "$*?(\x00\x01")
        self.add(command.line, kind="source", name=text, value=raw)
        if known:
            self.sourced.append(Sourced(text))

    def alias(self, command: Command) -> None:
        rest = [word for word in self.words(command.words[1:]) if not word.startswith("-")]
        name, is_set, value = rest[0].partition("=") if rest else ("", "", "")
        if name in ("go", "gofmt"):
            self.add(command.line, kind="alias", name=name, value=value if is_set else " ".join(rest[1:]))

    def function_call(self, command: Command, guarded: bool) -> None:
        """A call of a function of this file that sets PATH."""
        body = self.functions[command.words[0]].arms[0][1]
        sets = [part for part in body if isinstance(part, Command) and part.words[:1] in (("set",), ("fish_add_path",))]
        if any("PATH" in part.words or part.words[0] == "fish_add_path" for part in sets):
            adds = [text for text in self.words(command.words[1:]) if "/" in text]
            self.path_line(command, [*adds, OLD_PATH], guarded or any(_looks_at_path(part) for part in body))


def _smart(words: Sequence[str]) -> str:
    return "smart-quotes" if any(mark in word for word in words for mark in SMART_QUOTES) else ""


def _literal_dollar(words: Sequence[str]) -> bool:
    return any(
        piece.kind == "text" and piece.quote == "'" and re.search(r"\$[A-Za-z_]", piece.text)
        for word in words
        for piece in pieces(word)
    )


def _looks_at_path(statement: Statement) -> bool:
    return isinstance(statement, Command) and any(
        "$PATH" in word or "$fish_user_paths" in word for word in statement.words[1:]
    )


def _stops(statement: Statement) -> int:
    return statement.line if isinstance(statement, Command) and statement.words[0] in ("return", "exit") else 0


def _attended(statement: Statement) -> bool | None:
    """What `status is-interactive` says without a terminal; None for other commands."""
    if (
        isinstance(statement, Command)
        and statement.words[0] == "status"
        and "".join(statement.words[1:2]).lstrip("-") in ("is-interactive", "i")
    ):
        return statement.negated
    return None


def _stop(statement: Statement, before: Statement | None) -> int:
    """Line of the exit by which a fish without a terminal leaves the file in this statement; 0 if it goes on."""
    if isinstance(statement, Block):
        if statement.kind != "if":
            return 0
        for test, body in statement.arms:
            held = _attended(test[0]) if len(test) == 1 else None if test else True
            if held is None:
                return 0
            if held:
                return next((line for line in map(_stops, body) if line), 0)
        return 0
    line = _stops(statement)
    if not line or not statement.connector:
        return line
    held = _attended(before) if before is not None else None
    return line if held is not None and held == (statement.connector == "and") else 0
