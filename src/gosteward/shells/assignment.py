"""A value that a line of a configuration file gives to a name."""

from __future__ import annotations

from typing import NamedTuple

TEXT_LIMIT = 300


class Assignment(NamedTuple):
    """One name and its value.

    Attributes:
        name; value: as the reading program takes it, quotes removed.
        line: of the assignment, from 1.   text: that line, without its line end, cut to 300 characters.
    """

    name: str
    value: str
    line: int = 0
    text: str = ""


def shown(line: str) -> str:
    """A line as a Location shows it."""
    return line.rstrip("\r\n")[:TEXT_LIMIT]
