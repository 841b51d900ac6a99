"""Answers that change: kept with their time, asked for again when that is over, and told as they were while nobody answers.

However many ask, one question goes out. Source: RFC 5861 (stale-while-revalidate, stale-if-error).
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, NamedTuple

from gosteward.modules.answers import BAD_GATEWAY, Refusal, failed
from gosteward.modules.origins.upstream import ANSWER_SECONDS, BrokenError
from gosteward.modules.storage.kept_answers import Kept

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from gosteward.modules.origins.upstream import Coming, UpstreamOrigin
    from gosteward.modules.storage.kept_answers import KeptAnswers

LIMIT = 16 << 20


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


class ChangingAnswers:
    """Answers by path.

    Args:
        threads: where questions are asked.   clock: seconds since the epoch.
    """

    def __init__(self, kept: KeptAnswers, threads: Executor, clock: Callable[[], float]) -> None:
        self._kept, self._threads, self._clock = kept, threads, clock
        self._asked: dict[str, asyncio.Task[tuple[Kept | Refusal, bool]]] = {}

    def fresh(self, path: str, freshness: Freshness) -> Content | Refusal | None:
        """The answer to a path while it is believed; None if it has to be asked for."""
        kept = self._kept.get(path)
        if kept is None:
            return None
        now = self._clock()
        left = _lifetime(kept, freshness) - (now - kept.at)
        if left <= 0:
            return None
        found = _told(kept, left)
        return found._replace(until=now + left % 1.0) if isinstance(found, Content) else found

    async def answer(self, path: str, ask: Callable[[], Kept | Refusal], freshness: Freshness) -> Content | Refusal:
        """The answer to a path.  ask: asks for it, blocking; called in a thread."""
        fresh = self.fresh(path, freshness)
        if fresh is not None:
            return fresh
        kept = self._kept.get(path)
        age = self._clock() - kept.at if kept is not None else 0.0
        asked = self._asked.get(path)
        if asked is None:
            asked = self._asked[path] = asyncio.ensure_future(self._ask(path, ask, freshness))
        old = kept if kept is not None and kept.status == 200 else None
        if old is not None and age < freshness.lists + freshness.stale:
            return _told(old, 0, stale=True)
        found, came_now = await asyncio.shield(asked)
        if isinstance(found, Kept):
            left = _lifetime(found, freshness) - (0.0 if came_now else self._clock() - found.at)
            return _told(found, left, asked=came_now)
        latest = self._kept.get(path)  # another proxy's, perhaps
        if latest is not None and latest.status == 200:
            old, age = latest, self._clock() - latest.at
        if old is not None and not found.is_absence and age < freshness.on_error:
            return _told(old, 0, stale=True)
        return found

    async def _ask(
        self, path: str, ask: Callable[[], Kept | Refusal], freshness: Freshness
    ) -> tuple[Kept | Refusal, bool]:
        """Returns the answer, and whether an upstream was asked for it."""
        asked = threading.Event()

        def from_upstream() -> Kept | Refusal:
            asked.set()
            return ask()

        def is_believed(kept: Kept) -> bool:
            return _lifetime(kept, freshness) > self._clock() - kept.at

        def asking() -> Kept | Refusal:
            return self._kept.renewed(path, from_upstream, is_believed)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, asking), asked.is_set()
        except Exception as error:  # noqa: BLE001 - whoever waits has to learn of it
            return failed(error), asked.is_set()
        finally:
            self._asked.pop(path, None)


def asked(origin: UpstreamOrigin, path: str, clock: Callable[[], float]) -> Kept | Refusal:
    """Ask upstreams for a small answer; that there is none is one, too. Blocking."""
    try:
        with origin.opened(path, ANSWER_SECONDS) as coming:
            if not isinstance(coming, Refusal):
                return Kept(200, _whole(coming), clock())
            return Kept(coming.status, coming.reason.encode(), clock()) if coming.is_absence else coming
    except BrokenError as error:
        return Refusal(BAD_GATEWAY, f"the answer broke off: {error}")


def _whole(coming: Coming) -> bytes:
    pieces, size = [], 0
    for piece in coming.body:
        size += len(piece)
        if size > LIMIT:
            raise BrokenError(f"more than {LIMIT} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _lifetime(kept: Kept, freshness: Freshness) -> float:
    return freshness.lists if kept.status == 200 else freshness.absent


def _told(kept: Kept, max_age: float, *, stale: bool = False, asked: bool = False) -> Content | Refusal:
    if kept.status == 200:
        return Content(kept.body, int(max(0.0, max_age)), stale, asked)
    return Refusal(kept.status, kept.body.decode("utf-8", "replace"))
