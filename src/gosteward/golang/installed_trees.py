"""Go trees that gosteward installed: their places, and the text that names every file of one. Pure.

    ROOT/go1.26.8/                   GOROOT
    ROOT/.installed/go1.26.8.json    what it is, where it came from, what proved it
    ROOT/.installed/go1.26.8.files   one line per file: mode, SHA-256, name
    ROOT/current -> go1.26.8         the one in use

The lines of the listing are sorted by name: `0755 <64 hexadecimal digits>  bin/go`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.golang.distribution import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = ".installed"
CURRENT = "current"
_LINE = re.compile(r"([0-7]{4}) ([0-9a-f]{64})  ([^\x00]+)")
_LINES = re.compile(r"(?:[0-7]{4} [0-9a-f]{64}  [^\x00\n]+\n)*")


def record_of(tree: str) -> str:
    """Path of the record of a tree."""
    return f"{_folder(tree)}.json"


def listing_place(tree: str) -> str:
    """Path of the listing of a tree."""
    return f"{_folder(tree)}.files"


def _folder(tree: str) -> str:
    root, _, name = tree.rstrip("/").rpartition("/")
    return f"{root}/{FOLDER}/{name}"


def listing_of(entries: Iterable[Entry]) -> bytes:
    """The listing of files, in the order of their names."""
    lines = (f"{e.mode:04o} {e.sha256}  {_quoted(e.name)}\n" for e in sorted(entries))
    return "".join(lines).encode("utf-8", "surrogateescape")


def parse_listing(content: bytes) -> tuple[Entry, ...]:
    """The files that a listing names. Raises ValueError: it is none."""
    text = content.decode("utf-8", "surrogateescape")
    if text and not text.endswith("\n"):
        raise ValueError("the last line has no end")
    lines = text.split("\n")[:-1]
    if not _LINES.fullmatch(text):
        number = next(number for number, line in enumerate(lines, 1) if not _LINE.fullmatch(line))
        raise ValueError(f"line {number} is no line of a listing")
    return tuple([Entry(_plain(line[71:]), int(line[:4], 8), line[5:69]) for line in lines])


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace("\n", "\\n")


def _plain(text: str) -> str:
    if "\\" not in text:
        return text
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text)
