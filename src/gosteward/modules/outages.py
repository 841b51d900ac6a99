"""Whether a place that may be out of order is asked, so that requests do not wait for a dead one, and its trouble is told once.

A Redis and an object storage are such places. After a failure nobody asks for a while; then one does, and if that fails, too, nobody for longer.
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Told(NamedTuple):
    """Who learns of it, in any thread.  failed: each time.   began: with the reason, for people.   ended: it answers again."""

    failed: Callable[[], None]
    began: Callable[[str], None]
    ended: Callable[[], None]


class Outage:
    """What is known of a place: it answers, or it failed and is left alone for a while.

    Args:
        first, longest: seconds of a pause, which is doubled each time.   clock: seconds, which only grow.
    """

    def __init__(self, told: Told, first: float, longest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._told, self._first, self._longest, self.clock = told, first, longest, clock
        self._lock = threading.Lock()
        self._pause = self._again = self._failed_at = 0.0
        self._tried = False

    @property
    def lasts(self) -> bool:
        """Whether it failed the last time."""
        return self._pause > 0

    def asks(self) -> bool:
        """Whether to ask it now. After a failure one may try when the pause is over; the others go on without it meanwhile."""
        if not self._pause:
            return True
        with self._lock:
            if not self._pause:
                return True
            if self.clock() < self._again:
                return False
            self._again, self._tried = self.clock() + self._pause, True
            return True

    def failed(self, text: str) -> None:
        """It did not do what it was asked for.  text: why, for people."""
        with self._lock:
            begins = not self._pause
            if begins:
                self._pause = self._first
            elif self._tried:  # and not one of those who asked before the outage began
                self._pause = min(2 * self._pause, self._longest)
            self._failed_at = self.clock()
            self._again, self._tried = self._failed_at + self._pause, False
        self._told.failed()
        if begins:
            self._told.began(text)

    def answered(self, asked_at: float = math.inf) -> None:
        """It did what it was asked for.  asked_at: by `clock`; one that was asked before the last failure says nothing about now."""
        if not self._pause:
            return
        with self._lock:
            ended = self._pause > 0 and asked_at > self._failed_at
            self._pause = 0.0 if ended else self._pause
        if ended:
            self._told.ended()
