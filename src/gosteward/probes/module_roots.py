"""Directories that hold a go.mod or go.work: the project's, those in which jobs run go, and those in the user's home."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.host.reading import Host

DEPTH = 3
BUDGET = 2_000
MOST_ROOTS = 20
_LONGEST_WAY_UP = 64
_SKIPPED = frozenset(("node_modules", "vendor", "testdata", "snap", "site-packages", "lost+found"))


class Root(NamedTuple):
    """A directory with a go.mod, or else with a go.work.  current: it holds the project that was asked for."""

    directory: str
    current: bool = False


def find(
    host: Host, project: str, job_directories: Iterable[str], home: str, trees: frozenset[str]
) -> tuple[Root, ...]:
    """All roots, those of the project first, at most 20.

    Args:
        project: a directory, "" for none.   job_directories: where jobs run go.   home: "" to leave it out.
        trees: Go trees: their own modules (std, cmd) are nobody's project.
    """
    found: dict[str, bool] = {}
    for directory in (project, *job_directories):
        root = _root_above(host, directory) if directory.startswith("/") else ""
        if root:
            found.setdefault(root, directory == project)
    # In / lies the whole system, and no developer's home.
    if home.startswith("/") and home.strip("/"):
        for directory in _below(host, home.rstrip("/"), trees):
            found.setdefault(directory, False)
    return tuple(Root(directory, current) for directory, current in list(found.items())[:MOST_ROOTS])


def above(host: Host, directory: str, name: str, stop: frozenset[str] = frozenset()) -> str:
    """The nearest directory that has a file `name`: this one or one above it, "" if none has. Those in `stop` are not entered."""
    place = directory.rstrip("/")
    for _ in range(_LONGEST_WAY_UP):
        status = host.stat(f"{place}/{name}")
        if status is not None and not stat.S_ISDIR(status.st_mode):
            return place or "/"
        parent = place.rpartition("/")[0]
        if not place or parent in stop:
            break
        place = parent
    return ""


def _root_above(host: Host, directory: str) -> str:
    return above(host, directory, "go.mod") or above(host, directory, "go.work")


def _below(host: Host, home: str, trees: frozenset[str]) -> list[str]:
    """Level by level, so that what lies near is found before the budget ends. Links are not followed."""
    found: list[str] = []
    left = BUDGET
    level = [home]
    for depth in range(DEPTH + 1):
        below: list[str] = []
        for directory in level:
            names = host.listdir(directory, left)
            left -= len(names)
            if "go.mod" in names or "go.work" in names:
                found.append(directory)
            if depth < DEPTH:
                below += (f"{directory}/{name}" for name in names if _entered(name, directory, home))
            if left <= 0:
                return found
        level = [path for path in below if path not in trees and _is_directory(host, path)]
    return found


def _entered(name: str, directory: str, home: str) -> bool:
    if name.startswith((".", "_")) or name in _SKIPPED:
        return False
    # The default GOPATH: installed programs and the module cache.
    return not (directory == f"{home}/go" and name in ("pkg", "bin"))


def _is_directory(host: Host, path: str) -> bool:
    status = host.lstat(path)
    return status is not None and stat.S_ISDIR(status.st_mode)
