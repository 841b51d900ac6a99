"""Whole answers in memory, by the target as it came, so that most requests are a dictionary's lookup and one write."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 1 << 16  # bytes of an answer that is kept
OF_EACH = 384  # bytes that Python needs for one, about


class Held:
    """Answers that never change, the oldest of which go when there are too many.

    Args:
        most: bytes of all, with what Python needs for each.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._answers: dict[bytes, tuple[bytes, list[int]]] = {}
        self.get = self._answers.get

    def put(self, target: bytes, answer: bytes, count: list[int]) -> None:
        """Keep one.  count: one number, to which each use of it adds 1."""
        if len(answer) > LARGEST or target in self._answers:
            return
        self._answers[target] = answer, count
        self._size += len(answer) + len(target) + OF_EACH
        while self._size > self._most:
            oldest = next(iter(self._answers))
            self._size -= len(self._answers.pop(oldest)[0]) + len(oldest) + OF_EACH

    def clear(self) -> None:
        """Forget all, as what may be told has changed."""
        self._answers.clear()
        self._size = 0


class Brief(NamedTuple):
    """An answer that holds for a while.  since, until: seconds since the epoch.   uses: one number, to which each use of it adds 1."""

    answer: bytes
    since: float
    until: float
    uses: list[int]


class HeldBriefly:
    """Answers that hold for less than a second: all of them go when there are too many.

    Args:
        most: as of `Held`.   clock: seconds since the epoch.
    """

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most, self._clock = most, clock
        self._size = 0
        self._answers: dict[bytes, Brief] = {}

    def get(self, target: bytes) -> Brief | None:
        """One that holds."""
        found = self._answers.get(target)
        # A clock may be put back.
        return found if found is not None and found.since <= self._clock() < found.until else None

    def put(self, target: bytes, answer: bytes, until: float, count: list[int]) -> None:
        """Keep one."""
        if len(answer) > LARGEST:
            return
        self._size += len(answer) + len(target) + OF_EACH  # of the one before it, too: it is soon over
        if self._size > self._most:
            self.clear()
            self._size = len(answer) + len(target) + OF_EACH
        self._answers[target] = Brief(answer, self._clock(), until, count)

    def clear(self) -> None:
        """Forget all, as what may be told has changed."""
        self._answers.clear()
        self._size = 0
