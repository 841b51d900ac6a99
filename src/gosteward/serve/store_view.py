"""What the store holds, for people and for metrics: how much, and which modules. Looked at in threads, as disks can be slow."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward.modules.storage.disk import MODULES

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future

AT_MOST_EACH = 60.0  # seconds
_REST_SHARE = 10  # a measurement that took long is followed by as many times its time of rest
_BREATH = 500  # files, after which other threads get their turn
_ELEMENT = re.compile(r"(?!\.)[a-z0-9._~!-]+")


class Size(NamedTuple):
    """How much there is.  files: their number.   bytes: of all.   at: when that was so, seconds since the epoch.   took: seconds."""

    files: int
    bytes: int
    at: float
    took: float = 0.0


class StoreSize:
    """The size of a store, measured when somebody wants to know it, and never more often than each minute.

    Args:
        top: the store's directory.
    """

    def __init__(self, top: str, threads: Executor, clock: Callable[[], float] = time.time) -> None:
        self._top, self._threads, self._clock = f"{top}/{MODULES}", threads, clock
        self._last: Size | None = None
        self._measuring: Future[Size] | None = None

    def latest(self) -> Size | None:
        """What was measured last; None before the first one is done. Never blocks."""
        if self._measuring is not None and self._measuring.done():
            self._last = self._measuring.result()
            self._measuring = None
        rest = max(AT_MOST_EACH, _REST_SHARE * self._last.took) if self._last is not None else 0.0
        if self._measuring is None and (self._last is None or self._clock() - self._last.at >= rest):
            self._measuring = self._threads.submit(measured, self._top, self._clock)
        return self._last


def measured(directory: str, clock: Callable[[], float]) -> Size:
    """Count what is below a directory. What cannot be looked at, or goes away meanwhile, does not count."""
    began = clock()
    files = size = 0
    waiting = [directory]
    while waiting:
        for entry in _entries(waiting.pop()):
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                    continue
                size += entry.stat(follow_symlinks=False).st_size
            except OSError:
                continue
            files += 1
            if files % _BREATH == 0:
                time.sleep(0.001)
    return Size(files, size, clock(), clock() - began)


class Shelf(NamedTuple):
    """What stands below an element of module paths, escaped as in the protocol.

    Attributes:
        path: its own, "" at the top.   below: elements that go on.   versions: of the module of this path, each with the kinds of files there are.
    """

    path: str
    below: tuple[str, ...]
    versions: tuple[tuple[str, tuple[str, ...]], ...]


def shelf(top: str, path: str) -> Shelf | None:
    """Look into a store.

    Args:
        top: the store's directory.   path: as a client wrote it: it is not trusted.
    Returns:
        None if there is nothing of that name.
    """
    if path and not all(_ELEMENT.fullmatch(element) for element in path.split("/")):
        return None
    directory = f"{top}/{MODULES}/{path}".rstrip("/")
    below = sorted(entry.name for entry in _entries(directory) if _is_shown(entry))
    versions: dict[str, list[str]] = {}
    for entry in _entries(f"{directory}/@v"):
        version, _, kind = entry.name.rpartition(".")
        if version and kind in ("info", "mod", "zip"):
            versions.setdefault(version, []).append(kind)
    if path and not below and not versions:
        return None
    return Shelf(path, tuple(below), tuple((version, tuple(sorted(kinds))) for version, kinds in versions.items()))


def _is_shown(entry: os.DirEntry[str]) -> bool:
    return bool(_ELEMENT.fullmatch(entry.name)) and entry.is_dir(follow_symlinks=False)


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as found:
            return list(found)
    except OSError:
        return []
