r"""git's configuration, as far as `safe.directory` and includes go. Pure.

    [safe]
        directory = /srv/app
        directory = "/srv/with # hash"
    [include]
        path = ~/.gitconfig.local

Source: git-config(1), "CONFIGURATION FILE"; git's setup.c (`safe_directory_cb`).
"""

from __future__ import annotations

import re

MAX_LINES = 10_000
_SECTION = re.compile(r"\[[ \t]*(?P<name>[A-Za-z0-9.-]+)[ \t]*(?:\"(?P<sub>(?:[^\"\\]|\\.)*)\")?[ \t]*\][ \t]*")
_KEY = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9-]*)[ \t]*(?:=(?P<value>.*))?")


def values(text: str, section: str, key: str) -> tuple[str, ...]:
    """All values of `section.key` in order, quotes and comments taken off; a key without `=` counts as "true"."""
    found: list[str] = []
    current = ""
    for line in _joined(text):
        rest = line.strip(" \t\r\ufeff")
        match = _SECTION.match(rest)
        if match:
            current = match["name"].lower() if match["sub"] is None else f"{match['name'].lower()}.{match['sub']}"
            rest = rest[match.end() :]
        match = _KEY.match(rest)
        if match and current == section and match["key"].lower() == key:
            found.append("true" if match["value"] is None else _value(match["value"]))
    return tuple(found)


def is_safe(directory: str, wanted: tuple[str, ...], home: str) -> bool:
    """Whether a list of safe.directory values lets any owner's repository at `directory` (a real path) be used."""
    safe = False
    for value in wanted:
        path = f"{home.rstrip('/')}{value[1:]}" if value.startswith("~/") else value
        if not path:
            safe = False  # an empty value takes back all before it
        elif path == "*" or path.rstrip("/") == directory or _below(path, directory):
            safe = True
    return safe


def _below(path: str, directory: str) -> bool:
    return path.endswith("/*") and directory.startswith(path[:-1])


def _joined(text: str) -> list[str]:
    """Lines, with those that end in a backslash joined to the next one."""
    lines: list[str] = []
    pieces: list[str] = []
    for line in text.split("\n")[:MAX_LINES]:
        pieces.append(line.removesuffix("\\"))
        if not line.endswith("\\"):
            lines.append("".join(pieces))
            pieces = []
    return [*lines, "".join(pieces)]


def _value(text: str) -> str:
    taken: list[str] = []
    quoted = False
    escaped = False
    for character in text.strip(" \t\r"):
        if escaped:
            taken.append({"n": "\n", "t": "\t", "b": ""}.get(character, character))
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character in "#;" and not quoted:
            break
        else:
            taken.append(character)
    return "".join(taken).rstrip() if not quoted else "".join(taken)
