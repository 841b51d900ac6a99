"""Parts of Go's caches that belong to somebody else and cannot be written: what `sudo go build` leaves behind."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.snapshot import User

BUDGET = 300
MOST_FOUND = 10
# Levels below the place that are listed. Modules themselves ("x@v1.0.0") are only read: whose they are does not matter.
_DEPTHS = {"GOCACHE": 1, "GOMODCACHE": 4, "GOPATH": 2}
_FIRST = ("cache", "pkg", "download", "lock")


def below(host: Host, account: User, purpose: str, place: str) -> tuple[tuple[str, ...], int]:
    """Directories and lock files in a cache that are not of `account`, and that it may not write.

    Returns:
        At most 10 paths, the upper ones first, and the owner of the first (0 if there is none). At most 300 files are looked at.
    """
    found: dict[str, int] = {}
    left = BUDGET
    todo = [(place.rstrip("/"), 0)]
    while todo and left > 0 and len(found) < MOST_FOUND:
        directory, depth = todo.pop(0)
        if depth >= _DEPTHS.get(purpose, 0):
            continue
        names = host.listdir(directory, left)
        left -= len(names)
        for name in sorted(names, key=lambda name: name not in _FIRST):
            path = f"{directory}/{name}"
            status = host.lstat(path)
            if status is None or "@v" in name:
                continue
            is_directory = stat.S_ISDIR(status.st_mode)
            if status.st_uid != account.uid and _needed(name, is_directory) and not host.may(path, "w", account):
                found[path] = status.st_uid
            elif is_directory and (purpose != "GOPATH" or name == "pkg"):
                todo.append((path, depth + 1))
    return tuple(list(found)[:MOST_FOUND]), next(iter(found.values()), 0)


def _needed(name: str, is_directory: bool) -> bool:
    """Whether Go writes to it: entries of a directory are replaced, only locks are opened as they are."""
    return is_directory or name == "lock" or name.endswith(".lock")
