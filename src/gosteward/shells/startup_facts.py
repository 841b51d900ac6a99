"""What reading one start-up file gives, and the small questions that every dialect asks of a value. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.shells.trace_attribution import interesting

if TYPE_CHECKING:
    from gosteward.snapshot import StartupLine

# Stands for the old value of PATH while a right-hand side is taken apart.
OLD_PATH = "\x01"
LINES_LIMIT = 500
# No-break and other blanks that no shell takes for one, and marks without any width; web pages and word processors leave them.
INVISIBLE = "\u00a0\u2007\u2009\u202f\u3000\u200b\u200c\u200d\u2060\ufeff"
SMART_QUOTES = ("\u201c", "\u201d", "\u2018", "\u2019")


class Sourced(NamedTuple):
    """A file that another one reads.

    Attributes:
        path: absolute.   exported: everything it sets is exported (`set -a`).
        pairs: it is not run but turned into `export NAME=value` words.   quotes: the quotes around its values come through.
    """

    path: str
    exported: bool = False
    pairs: bool = False
    quotes: bool = False


class FileFacts(NamedTuple):
    """lines, early_return: see StartupFile.   sourced: files with literal names that it reads."""

    lines: tuple[StartupLine, ...] = ()
    early_return: int = 0
    sourced: tuple[Sourced, ...] = ()


class PathParts(NamedTuple):
    """A value of PATH, taken apart: see StartupLine."""

    adds: tuple[str, ...]
    keeps: bool
    at_end: bool


def path_parts(entries: list[str]) -> PathParts:
    """Take apart the entries of a new PATH, in which OLD_PATH marks the old one."""
    adds: dict[str, None] = {}
    first_add = old = -1
    for index, entry in enumerate(entries):
        if OLD_PATH in entry:
            old = index if old < 0 else old
            if entry == OLD_PATH:
                continue
        first_add = index if first_add < 0 else first_add
        adds.setdefault(entry.replace(OLD_PATH, ""))
    return PathParts(tuple(adds)[:100], old >= 0, 0 <= old < first_add)


def literal_of(value: str, *, single_quoted_dollar: bool = False, is_path: bool = False) -> str:
    """What stays literal in a value whose expansions are done: "tilde", "dollar", "quote" or ""."""
    entries = value.split(":") if is_path or ":" in value else [value]
    if any(entry == "~" or entry.startswith("~/") for entry in entries):
        return "tilde"
    if single_quoted_dollar:
        return "dollar"
    return "quote" if any(mark in value for mark in "\"'") else ""


def wanted(name: str) -> bool:
    """Whether a variable of this name is recorded."""
    return name == "PATH" or interesting(name)
