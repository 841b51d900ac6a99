"""A place in a file that a person can open."""

from typing import NamedTuple


class Location(NamedTuple):
    """A line of a file, or something that has no file.

    Attributes:
        path: absolute path; or `built in: PROGRAM` for a value that is compiled into a program.
        line: 1 for the first line; 0 where the whole file is meant.
        text: the line itself without its line end, cut to 300 characters; "" where line is 0.
    """

    path: str
    line: int = 0
    text: str = ""
