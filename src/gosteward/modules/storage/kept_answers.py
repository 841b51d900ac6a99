"""Answers that may change: lists, the latest version, what a branch stands for. Each is kept with the time at which it was true.

    STORE/answers/<SHA-256 of the path, 64 digits>

One line of JSON, `{"path": ..., "status": 200, "at": seconds since the epoch}`, then the body. They lie outside of the tree that a web server
may hand out, so that nobody gets an old one from there.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import threading
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gosteward.host.own_directory import OwnDirectory

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.modules.answers import Refusal

LIMIT = 16 << 20
MOST_HELD, MOST_BYTES_HELD = 4_096, 4 << 20
# Nobody is told older ones, however long nobody gives a new one: see `changing.Freshness`.
LASTS, LASTS_OF_DATABASES = 8 * 86_400.0, 366 * 86_400.0
STATUSES = (200, 404, 410)
_NAME = re.compile(r"[0-9a-f]{64}")


class Kept(NamedTuple):
    """An answer.  at: when it was given, seconds since the epoch.   status: 200, 404 or 410."""

    status: int
    body: bytes
    at: float


class KeptAnswers(Protocol):
    """Where answers are kept: what is lost is asked for again."""

    def get(self, path: str) -> Kept | None:
        """What is at hand, without asking anybody over a network: an event loop waits for it."""
        ...

    def put(self, path: str, answer: Kept) -> None: ...

    def renewed(self, path: str, ask: Callable[[], Kept | Refusal], believed: Callable[[Kept], bool]) -> Kept | Refusal:
        """A newer answer than what is at hand, which is kept. Blocking.

        Args:
            ask: asks upstreams.   believed: whether one that somebody else got is new enough.
        """
        ...


class AnswersOnDisk:
    """Answers in a directory of ours, the ones that are asked for often in memory as well.

    Args:
        top: the store's directory.
    """

    def __init__(self, top: str) -> None:
        self._files = OwnDirectory(f"{top}/answers")
        self._held: dict[str, Kept] = {}
        self._bytes = 0  # of their bodies
        self._lock = threading.Lock()

    def get(self, path: str) -> Kept | None:
        """The answer to a path; None if there is none, or it cannot be read."""
        held = self._held.get(path)
        if held is not None:
            return held
        found = parsed(self._read(path), path)
        if found is not None:
            self._hold(path, found)
        return found

    def put(self, path: str, answer: Kept) -> None:
        """Keep one. Raises OSError."""
        self._hold(path, answer)
        self._files.put(_name(path), head_of(path, answer) + b"\n" + answer.body)

    def renewed(self, path: str, ask: Callable[[], Kept | Refusal], believed: Callable[[Kept], bool]) -> Kept | Refusal:  # noqa: ARG002 - there is nobody else
        """A newer answer, which is kept. Raises OSError."""
        found = ask()
        if isinstance(found, Kept):
            self.put(path, found)
        return found

    def _hold(self, path: str, answer: Kept) -> None:
        """Have one at hand: the oldest go when there are too many."""
        with self._lock:
            old = self._held.pop(path, None)
            self._held[path] = answer
            self._bytes += len(answer.body) - (len(old.body) if old is not None else 0)
            while len(self._held) > MOST_HELD or self._bytes > MOST_BYTES_HELD:
                self._bytes -= len(self._held.pop(next(iter(self._held))).body)

    def _read(self, path: str) -> bytes:
        try:
            return self._files.read(_name(path), LIMIT) or b""
        except OSError:
            return b""


def remove_expired(top: str, now: float, *, dry: bool = False) -> int:
    """Remove answers that are told to nobody any more.

    Args:
        top: the store's directory.   now: seconds since the epoch.   dry: nothing is removed.
    Returns:
        how many.
    Raises:
        PrivilegeError: the directory is not ours alone.
    """
    files, count = OwnDirectory(f"{top}/answers"), 0
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(files.path):
            if _NAME.fullmatch(name) and _is_expired(files.read(name, LIMIT) or b"", now):
                count += 1
                if not dry:
                    files.remove(name)
    return count


def _is_expired(content: bytes, now: float) -> bool:
    try:
        said = json.loads(content.partition(b"\n")[0])
        path, at = str(said["path"]), float(said["at"])
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return True
    return at < now - lasts(path)


def lasts(path: str) -> float:
    """For how many seconds the answer to a path may be of use."""
    return LASTS_OF_DATABASES if path.startswith("sumdb/") else LASTS


def _name(path: str) -> str:
    return sha256(path.encode()).hexdigest()


def head_of(path: str, answer: Kept) -> bytes:
    """The line before a body."""
    return json.dumps({"path": path, "status": answer.status, "at": answer.at}).encode()


def parsed(content: bytes, path: str) -> Kept | None:
    """The answer to a path that stands in a file or value; None if none does."""
    head, newline, body = content.partition(b"\n")
    try:
        said = json.loads(head) if newline else None
        if not isinstance(said, dict) or said.get("path") != path:
            return None
        status, at = int(said["status"]), float(said["at"])
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None
    return Kept(status, body, at) if status in STATUSES and math.isfinite(at) else None
