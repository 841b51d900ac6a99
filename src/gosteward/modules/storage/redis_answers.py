"""What proxies tell each other through a Redis: lists, the latest versions, what branches stand for, answers of checksum databases, and .info
files of versions.

What a proxy has at hand, in memory and on its own disk, stays there. Redis is asked, in threads, where otherwise an upstream would be.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from gosteward.modules.origins.upstream import Coming
from gosteward.modules.storage import shared_values
from gosteward.modules.storage.kept_answers import Kept, lasts
from gosteward.modules.storage.redis_link import RedisGoneError
from gosteward.modules.verification import MOST_INFO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gosteward.modules.answers import Refusal
    from gosteward.modules.requests import ModuleRequest
    from gosteward.modules.storage.kept_answers import KeptAnswers
    from gosteward.modules.storage.redis_link import RedisLink
    from gosteward.modules.storage.redis_turns import TurnsInRedis
    from gosteward.modules.storage.sharing import SharedFiles

INFO_LASTS = 86_400.0  # seconds; every proxy keeps it for good
LONGEST_WAIT = 10.0  # seconds for an answer that another proxy asks for


class ValuesInRedis:
    """Answers by path.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(self, link: RedisLink, clock: Callable[[], float]) -> None:
        self._link, self._clock = link, clock

    def get(self, path: str) -> Kept | None:
        """An answer; None if there is none, or nobody can say."""
        try:
            value = self._link.get(_key(path), shared_values.LONGEST)
        except RedisGoneError:
            return None
        return shared_values.read(value, path, self._clock())

    def count(self, *, was_there: bool) -> None:
        """Whether somebody else had to be asked."""
        self._link.tally.looked_up("hit" if was_there else "miss")

    def put(self, path: str, answer: Kept, seconds: float) -> None:
        """Let others have one, for some time."""
        value = shared_values.written(path, answer)
        with contextlib.suppress(RedisGoneError):
            if value:
                self._link.put(_key(path), value, seconds)


class AnswersInRedis:
    """Answers that change.

    Args:
        own: what this proxy has.
    """

    def __init__(self, own: KeptAnswers, values: ValuesInRedis, turns: TurnsInRedis) -> None:
        self._own, self._values, self._turns = own, values, turns

    def get(self, path: str) -> Kept | None:
        """What this proxy has."""
        return self._own.get(path)

    def put(self, path: str, answer: Kept) -> None:
        """Keep one, and tell the others. Blocking. Raises OSError."""
        self._own.put(path, answer)
        self._values.put(path, answer, lasts(path))

    def renewed(self, path: str, ask: Callable[[], Kept | Refusal], believed: Callable[[Kept], bool]) -> Kept | Refusal:
        """As `KeptAnswers.renewed`: what another proxy got a moment ago, or is just getting, else what upstreams say. Raises OSError."""
        found = self._others(path, believed)
        if found is None:
            with self._turns.of(f"answer:{path}", LONGEST_WAIT):
                # Whoever had a turn before may have got it between our look and our turn.
                found = self._others(path, believed)
                if found is None:
                    return self._asked(path, ask)
        self._values.count(was_there=True)
        return found

    def _asked(self, path: str, ask: Callable[[], Kept | Refusal]) -> Kept | Refusal:
        self._values.count(was_there=False)
        found = ask()
        if isinstance(found, Kept):
            self.put(path, found)
        return found

    def _others(self, path: str, believed: Callable[[Kept], bool]) -> Kept | None:
        """The answer of others, if it is new enough. If it is only newer than ours, ours it is from now on."""
        found, own = self._values.get(path), self._own.get(path)
        if found is None or (own is not None and own.at >= found.at):
            return own if own is not None and believed(own) else None
        self._own.put(path, found)
        return found if believed(found) else None


class InfosInRedis:
    """The .info of versions; other files are somebody else's matter.

    Args:
        behind: where it is not in Redis, and all other files.   clock: seconds since the epoch.
    """

    def __init__(self, values: ValuesInRedis, behind: SharedFiles, clock: Callable[[], float]) -> None:
        self._values, self._behind, self._clock = values, behind, clock

    @contextlib.contextmanager
    def opened(self, request: ModuleRequest) -> Iterator[Coming | None]:
        """As `SharedFiles.opened`."""
        found = self._values.get(request.path) if request.kind == "info" else None
        if request.kind == "info":
            self._values.count(was_there=found is not None)
        if found is not None:
            yield Coming(iter([found.body]), len(found.body), "the shared metadata")
            return
        with self._behind.opened(request) as coming:
            yield coming

    def publish(self, request: ModuleRequest, descriptor: int, size: int) -> None:
        """As `SharedFiles.publish`."""
        if request.kind == "info":
            self._values.put(request.path, Kept(200, os.pread(descriptor, MOST_INFO, 0), self._clock()), INFO_LASTS)
        self._behind.publish(request, descriptor, size)

    def distrust(self, request: ModuleRequest) -> None:
        """As `SharedFiles.distrust`: one from Redis was looked at before it was given."""
        self._behind.distrust(request)


def _key(path: str) -> str:
    return f"answer:{path}"
