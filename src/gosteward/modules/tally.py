"""What a proxy has done since it began, counted: for metrics, the log and the status page."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_TROUBLES = 50
_MOST_TEXT = 500  # characters of a trouble's text
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)  # upper bounds of a histogram
METADATA = ("hit", "miss", "failed")
SHARED = ("found", "absent", "failed", "wrong", "published")
RESULTS = ("ok", "absent", "refused", "busy", "late", "failed", "broken")


class Trouble(NamedTuple):
    """Something went wrong.  at: seconds since the epoch.   kind: "upstream", "verification", "store", "metadata", "shared", "server".   text: for people."""

    at: float
    kind: str
    text: str


class Health(NamedTuple):
    """How an upstream does.

    Attributes:
        results: how often, in the order of RESULTS.   spread: answers by the seconds until they began, one count for each of SECONDS and one for more.
        seconds: sum of those.   succeeded, failed: when it last did, seconds since the epoch, 0.0 for never.   error: what it was then.
    """

    results: tuple[int, ...] = (0,) * len(RESULTS)
    spread: tuple[int, ...] = (0,) * (len(SECONDS) + 1)
    seconds: float = 0.0
    succeeded: float = 0.0
    failed: float = 0.0
    error: str = ""


class Reports(NamedTuple):
    """The copy of a vulnerability database.

    Attributes:
        number: of reports, 0 while there is no copy.   size: bytes of the copy.   changed: when the database did last, by its own word.
        confirmed: when it was last known to be the newest, 0.0 for not since the start; where no database is asked, when the copy came.
            Both in seconds since the epoch.
    """

    number: int = 0
    size: int = 0
    changed: float = 0.0
    confirmed: float = 0.0


class Tally:
    """Counts, which only grow. One event loop changes them; what transfers tell, from threads, goes through the methods.

    Attributes:
        memory: files given from memory, by kind, a list of one number each: it is the only thing that most requests change.
        brief: lists, @latest and branches given from memory, in the same form.
        stored: given from the store.   missed: asked for and not there; clients, not transfers.   refused: by the policy.
        requests: answers by kind and status, without those from memory.   unverified: files that were not what they should be.
        metadata: questions to shared metadata, by result (METADATA), empty where there is none.   metadata_up: whether it answers.
        shared: what happened with a shared store, by result (SHARED), empty where there is none.   shared_up: whether it answers.
        unshared: files that are to be published there, -1 where it is not known which ones.
        reports: the copy of a vulnerability database, None where there is to be none.
        troubles: the last ones, the newest last.   told: called with each, by any thread.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.memory: dict[str, list[int]] = {kind: [0] for kind in ("info", "mod", "zip")}
        self.brief: dict[str, list[int]] = {kind: [0] for kind in ("list", "latest", "info")}
        self.stored = self.missed = self.refused = self.unverified = 0
        self.requests: dict[tuple[str, int], int] = {}
        self.health: dict[str, Health] = {}
        self.metadata: dict[str, int] = {}
        self.metadata_up = False
        self.shared: dict[str, int] = {}
        self.shared_up: Callable[[], bool] = lambda: True
        self.unshared: Callable[[], int] = lambda: 0
        self.reports: Callable[[], Reports | None] = lambda: None
        self.troubles: deque[Trouble] = deque(maxlen=MOST_TROUBLES)
        self.told: Callable[[Trouble], None] = lambda _: None
        self.began = clock()
        self._clock = clock
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """Files given from memory."""
        return sum(count for (count,) in self.memory.values())

    def answered(self, kind: str, status: int) -> None:
        """One more answer; not for those from memory."""
        self.requests[kind, status] = self.requests.get((kind, status), 0) + 1

    def trouble(self, kind: str, text: str) -> None:
        """Remember what went wrong."""
        found = Trouble(self._clock(), kind, text[:_MOST_TEXT])
        with self._lock:
            self.unverified += kind == "verification"
            self.troubles.append(found)
        self.told(found)

    def looked_up(self, result: str) -> None:
        """Shared metadata was asked.  result: one of METADATA."""
        with self._lock:
            self.metadata[result] += 1

    def metadata_answers(self, *, answers: bool) -> None:
        """There is shared metadata, and it answers, or does not."""
        with self._lock:
            self.metadata_up = answers
            for result in METADATA:
                self.metadata.setdefault(result, 0)

    def shares(self, up: Callable[[], bool]) -> None:
        """There is a shared store.  up: whether it answers."""
        self.shared_up = up
        self.shared = dict.fromkeys(SHARED, 0)

    def shared_did(self, result: str) -> None:
        """Something happened with the shared store.  result: one of SHARED."""
        with self._lock:
            self.shared[result] += 1

    def recent(self) -> tuple[Trouble, ...]:
        """The last troubles, the newest first."""
        with self._lock:
            return tuple(reversed(self.troubles))

    def asked(self, upstream: str, result: str, seconds: float | None, error: str = "") -> None:
        """An upstream was asked.

        Args:
            result: one of RESULTS.   seconds: until its answer began, None where it is told about another time.   error: its text, if it is one.
        """
        now = self._clock()
        with self._lock:
            known = self.health.get(upstream, Health())
            if seconds is not None:
                spread = _one_more(known.spread, bisect_left(SECONDS, seconds))
                known = known._replace(spread=spread, seconds=known.seconds + seconds)
            known = known._replace(results=_one_more(known.results, RESULTS.index(result)))
            known = known._replace(failed=now, error=error[:_MOST_TEXT]) if error else known._replace(succeeded=now)
            self.health[upstream] = known
        if error:
            self.trouble("upstream", error)


def _one_more(counts: tuple[int, ...], place: int) -> tuple[int, ...]:
    return (*counts[:place], counts[place] + 1, *counts[place + 1 :])
