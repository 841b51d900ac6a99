"""The time that all reading together may take: a home or an image can hold any number of files, each of them within its own limit."""

from __future__ import annotations

import contextlib
import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gosteward.snapshot import Gap

REASON = "the time for reading was up before all of it was looked at; a longer --deadline gives more"


class ReadingTime:
    """What is left of it. Probes that read many files ask between two of them, and stop where it is up.

    Args:
        seconds: for all probes together; by default there is no end.   clock: seconds that never go back.
    """

    def __init__(self, seconds: float = math.inf, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = self._end_of_share = clock() + seconds
        self._left_out: dict[str, None] = {}

    def share(self) -> None:
        """Begin the next part of the work: it gets half of what is left, so that no part takes all from those behind it."""
        now = self._clock()
        self._end_of_share = now + max(0.0, self._end - now) / 2

    def is_up(self, field: str) -> bool:
        """Whether to stop, until the next share begins. Then something is left out, which becomes a gap of this field."""
        if self._clock() < self._end_of_share:
            return False
        self._left_out[field] = None
        return True

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """What happens in the `with` block has a deadline of its own, and takes nothing from reading."""
        begun = self._clock()
        try:
            yield
        finally:
            passed = self._clock() - begun
            self._end += passed
            self._end_of_share += passed

    def gaps(self) -> tuple[Gap, ...]:
        """One for each field of which something was left out."""
        from gosteward.snapshot import Gap  # here, as commands without a snapshot have no gaps

        return tuple(Gap(field, REASON) for field in self._left_out)
