r"""git's configuration, as far as `safe.directory` and includes go, and whether git takes the file at all. Pure.

    [safe]
        directory = /srv/app
        directory = "/srv/with # hash"
    [include]
        path = ~/.gitconfig.local

Source: git-config(1), "CONFIGURATION FILE"; git's setup.c (`safe_directory_cb`) and config.c (`git_parse_source`).
"""

from __future__ import annotations

import re

MAX_LINES = 10_000
_SECTION = re.compile(r"\[[ \t]*(?P<name>[A-Za-z0-9.-]+)[ \t]*(?:\"(?P<sub>(?:[^\"\\]|\\.)*)\")?[ \t]*\][ \t]*")
_HEADER = re.compile(r"\[(?:[A-Za-z0-9.-]+|[A-Za-z0-9.-]*[ \t\r\f\v]+\"(?:[^\"\\\n]|\\[^\n])*\")\]")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*[ \t]*")
_PLAIN = re.compile(r"[^\"\\#;\n]+")
_QUOTED = re.compile(r"[^\"\\\n]+")
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


def first_error(text: str) -> int:
    """Number of the first line that git refuses (`fatal: bad config line 4 in file ...`), 0 if it takes the whole file."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    at = line = 0
    while at < len(text):
        character = text[at]
        if character == "\n":
            line += 1
        if character in " \t\n\v\f\r":
            at += 1
            continue
        if character in "#;":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        header = _HEADER.match(text, at)
        end = header.end() if header else -1 if character == "[" else _behind_setting(text, at)
        if end < 0:
            return line + 1 + text.count("\n", at, -end - 1)
        line += text.count("\n", at, end)
        at = end
    return 0


def mended(line: str) -> str:
    """The line with the bracket or the quote that it lacks at its end, "" if that alone does not make it right."""
    if first_error(line):
        for end in ("]", '"', '"]'):
            if not first_error(line + end):
                return line + end
    return ""


def _behind_setting(text: str, at: int) -> int:
    """Where a setting that begins at `at` has ended; -1 - N if it is none, or goes wrong at N."""
    name = _NAME.match(text, at)
    if name is None:
        return -1 - at
    at = name.end()
    if at >= len(text) or text[at] == "\n":
        return at
    return _behind_value(text, at + 1) if text[at] == "=" else -1 - at


def _behind_value(text: str, at: int) -> int:
    quoted = False
    while at < len(text):
        run = (_QUOTED if quoted else _PLAIN).match(text, at)
        if run is not None:
            at = run.end()
            continue
        character = text[at]
        if character == "\n":
            return -1 - at if quoted else at
        if character in "#;":
            end = text.find("\n", at)
            return len(text) if end < 0 else end
        if character == "\\" and text[at + 1 : at + 2] not in ("", "\n", "t", "b", "n", "\\", '"'):
            return -1 - at
        quoted ^= character == '"'
        at += 2 if character == "\\" else 1
    return -1 - at if quoted else at


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
