"""Turns by locks in a Redis: who of several proxies asks upstreams for something, while the others wait for what comes of it.

A lock ends by itself a few seconds after who has it is gone, and is renewed until then. Nothing depends on it: whoever waits too long, or cannot
ask Redis, goes on, and asks an upstream as well.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING

from gosteward.modules.storage.redis_link import RedisGoneError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.modules.requests import ModuleRequest
    from gosteward.modules.storage.redis_link import RedisLink

LASTS = 9.0  # seconds
RENEWED = 3.0
LONGEST_WAIT = 60.0
_PAUSES = 0.02, 0.5  # the first and the longest one
_GROWTH = 1.5


class TurnsInRedis:
    """Turns.

    Args:
        scope: which proxies have files in common: those who say the same; "" for this one alone, which then waits only for what
            is in Redis itself, the .info of a version.
    """

    def __init__(self, link: RedisLink, scope: str = "") -> None:
        self._link, self._scope = link, scope
        self._renewal = _Renewal(link)

    @contextlib.contextmanager
    def turn(self, request: ModuleRequest) -> Iterator[bool]:
        """As `Turns.turn`."""
        scope = "all" if request.kind == "info" else self._scope
        if not scope:
            yield False
            return
        with self.of(f"{scope}:{request.path}", LONGEST_WAIT) as others_had_one:
            yield others_had_one

    @contextlib.contextmanager
    def of(self, name: str, longest: float) -> Iterator[bool]:
        """A turn by its name.  longest: seconds to wait for it. Returns whether somebody else had one meanwhile."""
        key, token = f"turn:{name}", os.urandom(16).hex()
        has_it, others_had_one = self._taken(key, token, longest)
        if not has_it:
            yield others_had_one
            return
        self._renewal.begin(key, token)
        try:
            yield others_had_one
        finally:
            self._renewal.end(key, token)
            with contextlib.suppress(RedisGoneError):  # it ends by itself
                self._link.release(key, token)

    def _taken(self, key: str, token: str, longest: float) -> tuple[bool, bool]:
        """Wait for a lock. Returns whether it is ours, and whether it was somebody else's."""
        until, pause, waited = time.monotonic() + longest, _PAUSES[0], False
        with contextlib.suppress(RedisGoneError):
            while not self._link.take(key, token, LASTS):
                waited = True
                if time.monotonic() >= until:
                    return False, True
                time.sleep(pause)
                pause = min(pause * _GROWTH, _PAUSES[1])
            return True, waited
        return False, waited


class _Renewal:
    """Locks that are ours, made to last by one thread, which is there while there is one of them."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._held: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._works = False

    def begin(self, key: str, token: str) -> None:
        with self._lock:
            self._held.add((key, token))
            if not self._works:
                with contextlib.suppress(RuntimeError):  # there are too many threads: then the lock ends early
                    threading.Thread(target=self._work, daemon=True, name="turns").start()
                    self._works = True

    def end(self, key: str, token: str) -> None:
        with self._lock:
            self._held.discard((key, token))

    def _work(self) -> None:
        while True:
            time.sleep(RENEWED)
            with self._lock:
                held = tuple(self._held)
                if not held:
                    self._works = False
                    return
            for key, token in held:
                with contextlib.suppress(RedisGoneError):
                    self._link.extend(key, token, LASTS)
