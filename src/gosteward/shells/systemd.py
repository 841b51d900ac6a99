"""systemd's own syntax: unit files, *.conf files, environment files and environment.d. Pure, linear time.

Sources: systemd.syntax(7), systemd.exec(5), environment.d(5), systemd.service(5) "COMMAND LINES".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.shells.assignment import Assignment, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CONTINUED_LIMIT = 100_000
VALUE_LIMIT = 1 << 17
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|(.))", re.DOTALL)
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "s": " "}
_PIECE = re.compile(r"""(?:[^\s"'\\]+|\\.|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\\$)+""", re.DOTALL)
_QUOTED = re.compile(r"""\\.|"((?:[^"\\]|\\.)*)"?|'((?:[^'\\]|\\.)*)'?""", re.DOTALL)
_REFERENCE = re.compile(
    r"\$(?:\{([A-Za-z_][A-Za-z0-9_]{0,200})(?:(:[-+])([^{}]{0,2000}))?\}|([A-Za-z_][A-Za-z0-9_]{0,200}))"
)


class Entry(NamedTuple):
    """A line `key=value` of a section, continuations joined.  path, line, text: where it begins."""

    section: str
    key: str
    value: str
    path: str
    line: int
    text: str


def entries(path: str, lines: Iterable[str]) -> tuple[Entry, ...]:
    """Every setting of a unit or *.conf file, in order. Lines that are no settings are skipped, as systemd does."""
    found = []
    section, start, first = "", 0, ""
    parts: list[str] = []
    size = 0
    for number, line in enumerate(lines, 1):
        stripped = line.strip(" \t\r")
        if stripped.startswith(("#", ";")):  # also between continued lines
            continue
        if not parts:
            start, first = number, line
        size += len(stripped)
        if stripped.endswith("\\") and size < CONTINUED_LIMIT:
            parts.append(stripped[:-1])
            continue
        text = " ".join([*parts, stripped])
        parts, size = [], 0
        if text.startswith("["):
            section = text.strip("[]")
            continue
        key, equals, value = text.partition("=")
        if equals:
            found.append(Entry(section, key.strip(), value.strip(), path, start, shown(first)))
    return tuple(found)


def values(found: Iterable[Entry], key: str, *, section: str = "Service") -> tuple[Entry, ...]:
    """Entries of a list setting: an empty value throws away those before it."""
    kept: list[Entry] = []
    for entry in found:
        if entry.key == key and entry.section == section:
            if entry.value:
                kept.append(entry)
            else:
                kept = []
    return tuple(kept)


def words(text: str) -> list[str]:
    """Split a value as systemd does: blanks separate, quotes hold together, C escapes count also within quotes."""
    return [_QUOTED.sub(_content, piece) for piece in _PIECE.findall(text)]


def _content(match: re.Match[str]) -> str:
    inner = match[1] if match[1] is not None else match[2]
    return _ESCAPE.sub(_unescaped, match[0] if inner is None else inner)


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    if match[2]:
        return chr(int(match[2], 8))
    return _ESCAPED.get(match[3], match[3] if match[3] in "\\\"' $" else match[0])


def assignments(entry: Entry) -> tuple[Assignment, ...]:
    """The NAME=value words of Environment=, DefaultEnvironment= or ManagerEnvironment=. `$` means nothing in them."""
    found = []
    for word in words(entry.value):
        name, equals, value = word.partition("=")
        if equals and _NAME.fullmatch(name):
            found.append(Assignment(name=name, value=value, line=entry.line, text=entry.text))
    return tuple(found)


def environment_file(lines: Iterable[str]) -> tuple[Assignment, ...]:
    """Assignments of an EnvironmentFile=: literal values, quotes removed, no `$`; `export NAME=` is no assignment."""
    found = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not _NAME.fullmatch(name):
            continue
        found.append(Assignment(name=name, value=_environment_value(value.strip()), line=number, text=shown(line)))
    return tuple(found)


def _environment_value(value: str) -> str:
    if value[:1] == "'" and value.find("'", 1) > 0:
        return value[1 : value.find("'", 1)]
    if value[:1] == '"':
        inner = re.match(r'"((?:[^"\\]|\\.)*)"', value, re.DOTALL)
        if inner:
            return re.sub(r'\\(["\\$`])', r"\1", inner[1])
    return re.sub(r"\\(.)", r"\1", value)


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """`$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}` replaced, as environment.d does; unset names vanish."""
    room = VALUE_LIMIT

    def replaced(match: re.Match[str]) -> str:
        nonlocal room
        value = variables.get(match[1] or match[4], "")
        room -= len(value)
        if room < 0:  # values that name themselves twice would double with every line
            return ""
        if match[2] == ":-":
            return value or match[3]
        if match[2] == ":+":
            return match[3] if value else ""
        return value

    return _REFERENCE.sub(replaced, text)
