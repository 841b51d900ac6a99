"""Whether a place that may be out of order is asked, so that requests do not wait for a dead one, and its trouble is told once."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.modules.tally import Tally

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0  # seconds


class Outage:
    """What is known of a place: it answers, or it failed and is left alone for a while.

    Args:
        name: of the place, for people.   clock: seconds, which only grow.
    """

    def __init__(self, name: str, tally: Tally, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._tally, self._clock = name, tally, clock
        self._lock = threading.Lock()
        self._pause = self._again = 0.0
        self._tried = False

    @property
    def lasts(self) -> bool:
        """Whether it failed the last time."""
        return self._pause > 0

    def asks(self) -> bool:
        """Whether to ask it now. After a failure one may try when the pause is over; the others go on without it meanwhile."""
        with self._lock:
            if not self._pause:
                return True
            if self._clock() < self._again:
                return False
            self._again, self._tried = self._clock() + self._pause, True
            return True

    def failed(self, text: str) -> None:
        """It did not do what it was asked for.  text: why, for people."""
        with self._lock:
            begins = not self._pause
            if begins:
                self._pause = FIRST_PAUSE
            elif self._tried:  # and not one of those who asked before the outage began
                self._pause = min(2 * self._pause, LONGEST_PAUSE)
            self._again, self._tried = self._clock() + self._pause, False
        self._tally.shared_did("failed")
        if begins:
            self._tally.trouble("shared", f"{self._name} is done without until it answers: {text}")

    def answered(self) -> None:
        """It did what it was asked for."""
        if not self._pause:
            return
        with self._lock:
            ended, self._pause = self._pause > 0, 0.0
        if ended:
            self._tally.trouble("shared", f"{self._name} answers again")
