"""Answers that may change: lists, the latest version, what a branch stands for. Each is kept with the time at which it was true.

    STORE/answers/<SHA-256 of the path, 64 digits>

One line of JSON, `{"path": ..., "status": 200, "at": seconds since the epoch}`, then the body. They lie outside of the tree that a web server
may hand out, so that nobody gets an old one from there.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from hashlib import sha256
from typing import NamedTuple, Protocol

from gosteward.host.own_directory import OwnDirectory

LIMIT = 16 << 20
MOST_HELD = 4_096
# Nobody is told older ones, however long nobody gives a new one: see `changing.Freshness`.
LASTS, LASTS_OF_DATABASES = 8 * 86_400.0, 366 * 86_400.0
_NAME = re.compile(r"[0-9a-f]{64}")


class Kept(NamedTuple):
    """An answer.  at: when it was given, seconds since the epoch.   status: 200, 404 or 410."""

    status: int
    body: bytes
    at: float


class KeptAnswers(Protocol):
    """Where answers are kept: what is lost is asked for again."""

    def get(self, path: str) -> Kept | None: ...
    def put(self, path: str, answer: Kept) -> None: ...


class AnswersOnDisk:
    """Answers in a directory of ours, the ones that are asked for often in memory as well.

    Args:
        top: the store's directory.
    """

    def __init__(self, top: str) -> None:
        self._files = OwnDirectory(f"{top}/answers")
        self._held: dict[str, Kept] = {}

    def get(self, path: str) -> Kept | None:
        """The answer to a path; None if there is none, or it cannot be read."""
        held = self._held.get(path)
        if held is not None:
            return held
        found = _parsed(self._read(path), path)
        if found is not None:
            self._hold(path, found)
        return found

    def put(self, path: str, answer: Kept) -> None:
        """Keep one. Raises OSError."""
        self._hold(path, answer)
        head = json.dumps({"path": path, "status": answer.status, "at": answer.at})
        self._files.put(_name(path), head.encode() + b"\n" + answer.body)

    def _hold(self, path: str, answer: Kept) -> None:
        self._held.pop(path, None)
        self._held[path] = answer
        if len(self._held) > MOST_HELD:
            del self._held[next(iter(self._held))]

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
    return at < now - (LASTS_OF_DATABASES if path.startswith("sumdb/") else LASTS)


def _name(path: str) -> str:
    return sha256(path.encode()).hexdigest()


def _parsed(content: bytes, path: str) -> Kept | None:
    head, newline, body = content.partition(b"\n")
    try:
        said = json.loads(head) if newline else None
        if not isinstance(said, dict) or said.get("path") != path:
            return None
        return Kept(int(said["status"]), body, float(said["at"]))
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None
