"""The way from a path to what it leads to: every link, and every directory that has to be searched for it."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, NamedTuple

from gosteward.snapshot import Link

if TYPE_CHECKING:
    import os

    from gosteward.host.reading import Host

# As the kernel: more links than this on one way are a loop.
MOST_LINKS = 40
LONGEST_PATH = 4096
_MOST_COMPONENTS = 2048
_MOST_KEPT = 20_000


class Way(NamedTuple):
    """What stands on the way to a path.

    Attributes:
        real: the path without links, "" unless problem is "".   links: in the order in which they are followed.
        directories: all that have to be searched, each once, without links; the last one holds the target.
        problem: "" (something is there), "missing", "loop".   stopped_at: the path without links that is not there.
        through_link: it is the target of a link that is missing.
    """

    real: str = ""
    links: tuple[Link, ...] = ()
    directories: tuple[str, ...] = ()
    problem: str = ""
    stopped_at: str = ""
    through_link: bool = False


class Ways:
    """Ways on one host. What was looked up once is kept: all answers are of the same moment."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._statuses: dict[str, os.stat_result | None] = {}
        self._parents: dict[str, Way] = {}

    def to(self, path: str) -> Way:
        """Follow an absolute path to its end."""
        if not path.startswith("/") or len(path) > LONGEST_PATH or "\0" in path:
            return Way(problem="missing", stopped_at=path)
        parent, _, name = path.rstrip("/").rpartition("/")
        if name in ("", ".", ".."):
            return self._walk(Way(), path)
        before = self._parents.get(parent)
        if before is None:
            before = self._walk(Way(), parent)
            if len(self._parents) < _MOST_KEPT:
                self._parents[parent] = before
        return before if before.problem else self._walk(before, name)

    def status(self, path: str) -> os.stat_result | None:
        """What lstat says about a path whose directories are no links; None if it does not exist or may not be reached."""
        if path in self._statuses:
            return self._statuses[path]
        status = self._host.lstat(path)
        if len(self._statuses) < _MOST_KEPT:
            self._statuses[path] = status
        return status

    def _walk(self, start: Way, rest: str) -> Way:
        """Go on from where `start` ends (the top, if it is empty)."""
        at, links, directories = start.real.rstrip("/"), list(start.links), dict.fromkeys(start.directories)
        todo = _components(rest)
        inside: list[int] = []  # of each link whose target is being walked: how many components come behind it
        while todo:
            name = todo.pop()
            while inside and len(todo) < inside[-1]:
                inside.pop()
            directories[at or "/"] = None
            if name == ".":
                continue
            if name == "..":
                at = at.rpartition("/")[0]
                continue
            here = f"{at}/{name}"
            status = self.status(here)
            if status is None or (todo and not _passable(status)):
                return Way("", tuple(links), tuple(directories), "missing", here, bool(inside))
            if not stat.S_ISLNK(status.st_mode):
                at = here
                continue
            target = self._host.readlink(here)
            links.append(Link(here, target))
            if len(links) > MOST_LINKS or len(todo) > _MOST_COMPONENTS or not target:
                return Way("", tuple(links[:MOST_LINKS]), tuple(directories), "loop", here, through_link=True)
            inside.append(len(todo))
            at = "" if target.startswith("/") else at
            todo += _components(target)
        return Way(at or "/", tuple(links), tuple(directories))


def _passable(status: os.stat_result) -> bool:
    return stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode)


def _components(path: str) -> list[str]:
    """The last one first. Behind a slash at the end is a dot: what stands before has to be a directory."""
    names = path.split("/")
    return [name for name in reversed((*names[:-1], names[-1] or ".")) if name]
