"""Answers that change: kept with their time, asked for again when that is over, and told as they were while nobody answers.

However many ask, one question goes out. One that nobody waits for is given up where many are under way: an upstream whose answers drip would hold
all threads. Source: RFC 5861 (stale-while-revalidate, stale-if-error).
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Callable, NamedTuple, Union

from gosteward.modules.answers import BAD_GATEWAY, Refusal, failed
from gosteward.modules.origins.upstream import ANSWER_SECONDS, BrokenError
from gosteward.modules.storage.kept_answers import Kept

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from gosteward.modules.origins.upstream import Coming, UpstreamOrigin
    from gosteward.modules.storage.kept_answers import KeptAnswers

LIMIT = 16 << 20
SKEW = 5.0  # seconds by which the clock of another proxy may be ahead
MANY = 12  # questions under way: a quarter of the threads, which lists, databases and files share
PATIENCE = 2.0  # seconds for an answer that nobody waited for from the beginning, as an old one was given, while there are many


class Freshness(NamedTuple):
    """How long answers are believed, in seconds.

    Attributes:
        lists: lists, @latest, branches.   absent: that there is no such thing.   stale: after `lists` is over, an old answer is given at
            once and a new one fetched meanwhile.   on_error: how old an answer may be while nobody gives another one.
    """

    lists: float = 60.0
    absent: float = 30.0
    stale: float = 600.0
    on_error: float = 7 * 86_400.0


USUAL = Freshness()


class Content(NamedTuple):
    """A small answer.

    Attributes:
        max_age: seconds for which it may be kept by others.   stale: it is older than it should be.   asked: an upstream has just given it.
        until: the same holds until then, max_age and all, seconds since the epoch; 0.0 for not any longer.
    """

    body: bytes
    max_age: int = 0
    stale: bool = False
    asked: bool = False
    until: float = 0.0


class _GivenUpError(Exception):
    """Nobody waits for the answer any more, and many are under way."""


class _Question:
    """What goes out once, however many wait for its answer.

    Attributes:
        task: ends with the answer, and whether an upstream was asked for it; with None if it was given up.   waiting: how many wait.
        was_awaited: whether anybody ever did.
    """

    task: asyncio.Task[tuple[Kept | Refusal, bool] | None]

    def __init__(self) -> None:
        self.waiting = 0
        self.was_awaited = False

    async def outcome(self) -> tuple[Kept | Refusal, bool] | None:
        """Wait for the answer; it goes on if whoever waits is cancelled."""
        self.waiting, self.was_awaited = self.waiting + 1, True
        try:
            return await asyncio.shield(self.task)
        finally:
            self.waiting -= 1


IsUnwanted = Callable[[], bool]  # whether the question is to be given up
Ask = Callable[[IsUnwanted], Union[Kept, Refusal]]  # asks it, blocking, in a thread


class ChangingAnswers:
    """Answers by path.

    Args:
        threads: where questions are asked.   clock: seconds since the epoch.
    """

    def __init__(self, kept: KeptAnswers, threads: Executor, clock: Callable[[], float]) -> None:
        self._kept, self._threads, self._clock = kept, threads, clock
        self._asked: dict[str, _Question] = {}

    def fresh(self, path: str, freshness: Freshness) -> Content | Refusal | None:
        """The answer to a path while it is believed; None if it has to be asked for."""
        kept = self._kept.get(path)
        if kept is None:
            return None
        now = self._clock()
        left = _lifetime(kept, freshness) - _age(kept, now, freshness)
        if left <= 0:
            return None
        found = _told(kept, left)
        return found._replace(until=now + left % 1.0) if isinstance(found, Content) else found

    async def answer(self, path: str, ask: Ask, freshness: Freshness) -> Content | Refusal:
        """The answer to a path."""
        fresh = self.fresh(path, freshness)
        if fresh is not None:
            return fresh
        outcome = None
        while outcome is None:  # one that was given up just before somebody wanted it is asked again
            kept = self._kept.get(path)
            age = _age(kept, self._clock(), freshness) if kept is not None else 0.0
            question = self._asked.get(path) or self._begun(path, ask, freshness)
            old = kept if kept is not None and kept.status == 200 else None
            if old is not None and age < freshness.lists + freshness.stale:
                return _told(old, 0, stale=True)
            outcome = await question.outcome()
        found, came_now = outcome
        if isinstance(found, Kept):
            left = _lifetime(found, freshness) - (0.0 if came_now else _age(found, self._clock(), freshness))
            return _told(found, left, asked=came_now)
        latest = self._kept.get(path)  # another proxy's, perhaps
        if latest is not None and latest.status == 200:
            old, age = latest, _age(latest, self._clock(), freshness)
        if old is not None and not found.is_absence and age < freshness.on_error:
            return _told(old, 0, stale=True)
        return found

    def _begun(self, path: str, ask: Ask, freshness: Freshness) -> _Question:
        question = self._asked[path] = _Question()
        question.task = asyncio.ensure_future(self._ask(path, ask, freshness, question))
        return question

    async def _ask(
        self, path: str, ask: Ask, freshness: Freshness, question: _Question
    ) -> tuple[Kept | Refusal, bool] | None:
        """Returns the answer, and whether an upstream was asked for it; None if it was given up."""
        asked, loop = threading.Event(), asyncio.get_running_loop()

        def is_believed(kept: Kept) -> bool:
            return _lifetime(kept, freshness) > _age(kept, self._clock(), freshness)

        def asking() -> Kept | Refusal:
            began = time.monotonic()

            def is_unwanted() -> bool:
                if loop.is_closed():  # nobody is left, and the process ends as soon as its threads do
                    return True
                if question.waiting or len(self._asked) < MANY:
                    return False
                return question.was_awaited or time.monotonic() - began > PATIENCE

            def from_upstream() -> Kept | Refusal:
                asked.set()
                return ask(is_unwanted)

            _go_on_if_wanted(is_unwanted)  # it may have waited for its thread longer than anybody for it
            return self._kept.renewed(path, from_upstream, is_believed)

        try:
            return await loop.run_in_executor(self._threads, asking), asked.is_set()
        except _GivenUpError:
            return None
        except Exception as error:  # noqa: BLE001 - whoever waits has to learn of it
            return failed(error), asked.is_set()
        finally:
            self._asked.pop(path, None)


def asked(
    origin: UpstreamOrigin, path: str, clock: Callable[[], float], is_unwanted: IsUnwanted = bool
) -> Kept | Refusal:
    """Ask upstreams for a small answer; that there is none is one, too. Blocking."""
    try:
        with origin.opened(path, ANSWER_SECONDS) as coming:
            if not isinstance(coming, Refusal):
                return Kept(200, _whole(coming, is_unwanted), clock())
            return Kept(coming.status, coming.reason.encode(), clock()) if coming.is_absence else coming
    except BrokenError as error:
        return Refusal(BAD_GATEWAY, f"the answer broke off: {error}")


def _go_on_if_wanted(is_unwanted: IsUnwanted) -> None:
    if is_unwanted():
        raise _GivenUpError


def _whole(coming: Coming, is_unwanted: IsUnwanted) -> bytes:
    pieces, size = [], 0
    for piece in coming.body:
        _go_on_if_wanted(is_unwanted)
        size += len(piece)
        if size > LIMIT:
            raise BrokenError(f"more than {LIMIT} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _age(kept: Kept, now: float, freshness: Freshness) -> float:
    """Seconds since an answer was given. One from the future counts as just over: the clock was put back, and it would be believed till then."""
    age = now - kept.at
    return age if age >= -SKEW else max(freshness.lists, freshness.absent)


def _lifetime(kept: Kept, freshness: Freshness) -> float:
    return freshness.lists if kept.status == 200 else freshness.absent


def _told(kept: Kept, max_age: float, *, stale: bool = False, asked: bool = False) -> Content | Refusal:
    if kept.status == 200:
        return Content(kept.body, int(max(0.0, max_age)), stale, asked)
    return Refusal(kept.status, kept.body.decode("utf-8", "replace"))
