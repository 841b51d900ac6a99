"""How much a reader does, counted and not timed, and inputs that grow.

The work of a call is the number of lines of Python that it executes, and the sizes of the texts, bytes and lists that it makes and
names on the way: a loop that cuts off the first character of its text again and again executes few lines and copies everything.
What happens inside of one call of C code (a regular expression) is not seen; the fuzzer's time limit for a single input looks after that.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

import gosteward

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from fuzz.target import Target

OURS = os.path.dirname(gosteward.__file__)
# Copying a character is that much cheaper than executing a line.
COPIED_PER_LINE = 64
# Four times the input is to take about four times the work. Squared growth would be 16 times.
MOST_GROWTH = 9
SIZES = (1_000, 4_000)
# Readers have limits up to which they do everything; what they do below this is no trouble whatever its growth.
LITTLE_WORK = 5_000
MUCH_WORK = 3_000_000


class TooMuchWorkError(Exception):
    """The call did more than it was allowed to."""


def work_of(call: Callable[[], object], most: int = 1 << 62, *, copies: bool = True) -> int:
    """Run the call and count what it does; exceptions of its own pass through.

    Args:
        copies: look at sizes, too, which takes several times as long.
    Raises:
        TooMuchWorkError: as soon as `most` is exceeded.
    """
    total = 0
    seen: dict[int, object] = {}  # keeps what it knows alive, so that no second object gets the same id

    def note(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal total
        total += 1
        if event in ("line", "return"):
            for value in frame.f_locals.values():
                if type(value) in (str, bytes, list, tuple) and len(value) >= COPIED_PER_LINE and id(value) not in seen:
                    seen[id(value)] = value
                    total += len(value) // COPIED_PER_LINE
        if total > most:
            raise TooMuchWorkError
        return note

    def lines_only(_: FrameType, __: str, ___: Any) -> Any:
        nonlocal total
        total += 1
        if total > most:
            raise TooMuchWorkError
        return lines_only

    def begin(frame: FrameType, _: str, __: Any) -> Any:
        return note if copies and frame.f_code.co_filename.startswith(OURS) else lines_only

    before = sys.gettrace()
    sys.settrace(begin)
    try:
        call()
    finally:
        sys.settrace(before)
    return total


def grown(data: bytes, size: int) -> Iterator[tuple[str, bytes]]:
    """The input with one of its parts repeated until it has about that size: (which part, bytes)."""
    lines = data.split(b"\n")
    middle = len(data) // 2
    parts = {"all": (0, len(data)), "first half": (0, middle), "second half": (middle, len(data))}
    if len(lines) > 1:
        start = sum(len(line) + 1 for line in lines[: len(lines) // 2])
        parts["a line"] = (start, start + len(lines[len(lines) // 2]) + 1)
    parts["a piece"] = (middle, min(middle + 2, len(data)))
    for name, (start, end) in parts.items():
        piece = data[start:end]
        if piece:
            times = max(1, (size - len(data) + len(piece)) // len(piece))
            yield name, data[:start] + piece * times + data[end:]


def growth_of(target: Target, data: bytes) -> Iterator[tuple[bytes, str]]:
    """Each longer form of an input, and what is wrong with the work that it takes, "" if nothing is."""
    short, long = SIZES
    for (name, less), (_, more) in zip(grown(data, short), grown(data, long)):
        if len(more) < 2 * len(less):
            continue
        few = _work_or_none(target, less, MUCH_WORK)
        if few is None:
            yield less, f"{name}: {len(less)} bytes take more than {MUCH_WORK} steps"
            continue
        most = MOST_GROWTH * max(few, LITTLE_WORK)
        many = _work_or_none(target, more, most)
        yield (
            more,
            "" if many is not None else f"{name}: {len(less)} bytes take {few} steps, {len(more)} bytes over {most}",
        )


def _work_or_none(target: Target, data: bytes, most: int) -> int | None:
    """What the reader does with the input; None if that is more than `most`."""

    def read() -> None:
        with contextlib.suppress(*target.errors):  # to find out that it is wrong is work, too
            target.read(data)

    try:
        return work_of(read, most)
    except TooMuchWorkError:
        return None
