"""What a fuzz target is: a reader, the inputs to begin with, and what may be said about its answers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

HERE = Path(__file__).parent
TESTS = HERE.parent


class Target(NamedTuple):
    """A reader of hostile bytes.

    Attributes:
        read: what is called with the bytes; what it returns is looked at by `problem_of`.
        seeds: glob patterns below tests/, besides the files in tests/fuzz/seeds/NAME.
        errors: exceptions that its documentation names.
        lines: its answer holds numbers of lines of its input, in attributes named `line` or `number`.
        words: what the format is made of, for the mutator; a space between two of them.
        longest: bytes of an input.   mutate: makes another input of one, for formats that chance never gets right.
    """

    read: Callable[[bytes], object]
    seeds: tuple[str, ...] = ()
    errors: tuple[type[Exception], ...] = ()
    lines: bool = False
    words: str = ""
    longest: int = 1 << 12
    mutate: Callable[[bytes, Random], bytes] | None = None


def text_of(data: bytes) -> str:
    """The text as the doors to a host decode it."""
    return data.decode("utf-8", "surrogateescape")


def lines_of(data: bytes) -> list[str]:
    """Its lines, as `Host.lines` gives them."""
    return text_of(data).split("\n")


def seed_files(name: str, target: Target) -> list[Path]:
    """Files with inputs that the format's own programs take, and inputs that once made a reader fail."""
    files = [*(HERE / "seeds" / name).glob("*"), *(HERE / "found" / name).glob("*")]
    for pattern in target.seeds:
        files += TESTS.glob(pattern)
    return sorted(path for path in files if path.is_file())


def seeds(name: str, target: Target) -> list[bytes]:
    """The contents of those files; an empty input is always among them."""
    return [b"", *(path.read_bytes()[: target.longest] for path in seed_files(name, target))]


def problem_of(target: Target, data: bytes) -> str:
    """What is wrong with the answer to these bytes, "" if nothing is. Raises what `read` raises and does not document."""
    try:
        answer = target.read(data)
    except target.errors:
        return ""
    last = data.count(b"\n") + 1
    for value in _parts(answer):
        if isinstance(value, float) and not math.isfinite(value):
            return f"{value} is no number of JSON"
        for name in ("line", "number") if target.lines else ():
            number = getattr(value, name, 0)
            if isinstance(number, int) and not 0 <= number <= last:
                return f"line {number} of a text with {last}"
    return ""


def _parts(value: object) -> Iterator[object]:
    """An answer, and everything in it."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        yield value
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, (list, tuple)):
            waiting += value
