"""What lies below a place: every name is reached from the directory above it, which is held meanwhile, and through no link.

Whoever exchanges a directory for a link while we are on the way leads us nowhere: a link is held itself, and nothing lies below it.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Text
from gosteward.host import writing
from gosteward.host.descriptors import mount_number
from gosteward.host.places import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from gosteward.host.places import Place
    from gosteward.host.writing import Rights

SET_ID = stat.S_ISUID | stat.S_ISGID
TREE_LIMIT = 500_000
LISTING = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Met(NamedTuple):
    """A name below a path ("" for itself), with what it is and its rights.  powers: it is a program that runs with rights of its own."""

    name: str
    status: os.stat_result
    rights: Rights
    powers: bool


class Descent:
    """Descriptors (O_PATH) of names below a place; used as a context manager. Names that lie near each other are cheap in a row."""

    def __init__(self, where: Place) -> None:
        self._directory = where.directory
        self._top = where.name
        self._way: list[tuple[str, int]] = []

    def __enter__(self) -> Descent:  # noqa: PYI034 - Self is not in Python 3.9
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._back_to(0)

    def held(self, name: str) -> int:
        """A descriptor of what is at a name, "" for the place itself; it is closed by the next call. Raises OSError."""
        parts = [self._top, *(name.split("/") if name else ())]
        common = 0
        while common < min(len(parts), len(self._way)) and parts[common] == self._way[common][0]:
            common += 1
        self._back_to(common)
        for part in parts[common:]:
            above = self._way[-1][1] if self._way else self._directory
            self._way.append((part, writing.pinned(above, part)))
        return self._way[-1][1]

    def _back_to(self, depth: int) -> None:
        while len(self._way) > depth:
            os.close(self._way.pop()[1])


def only(where: Place) -> Met:
    """What is at a place, without what lies below it. Raises OSError."""
    with Descent(where) as descent:
        return _met("", descent.held(""))


def everything(where: Place, *, past_closed: bool = False) -> Iterator[Met]:
    """What is at a place and below it, parents first; only on its mount.

    An overlay of several file systems shows its files with other device numbers than its directories, so these alone tell nothing.

    Args:
        past_closed: leave out what is in directories that may not be listed.

    Raises:
        Refused: there are too many names.   OSError: a directory cannot be listed.
    """
    with Descent(where) as descent:
        top = _met("", descent.held(""))
        yield top
        mount = mount_number(descent.held(""))
        waiting = [""] if stat.S_ISDIR(top.status.st_mode) else []
        count = 0
        while waiting:
            name = waiting.pop()
            for met in _children(name, descent.held(name), past_closed=past_closed, top=top, mount=mount):
                count += 1
                if count > TREE_LIMIT:
                    raise Refused(Text("{name} has more than {count} files", name=where.path, count=str(TREE_LIMIT)))
                if stat.S_ISDIR(met.status.st_mode):
                    waiting.append(met.name)
                yield met


def _children(name: str, directory: int, *, past_closed: bool, top: Met, mount: str) -> Iterator[Met]:
    try:
        listing = os.open(".", LISTING, dir_fd=directory)
        try:
            entries = sorted(os.listdir(listing))
        finally:
            os.close(listing)
        for entry in entries:
            try:
                descriptor = writing.pinned(directory, entry)
            except FileNotFoundError:  # it went meanwhile
                continue
            try:
                met = _met(f"{name}/{entry}" if name else entry, descriptor)
                if met.status.st_dev == top.status.st_dev or mount_number(descriptor) == mount != "":
                    yield met
            finally:
                os.close(descriptor)
    except PermissionError:
        if not past_closed:
            raise


def _met(name: str, descriptor: int) -> Met:
    status = os.fstat(descriptor)
    powers = stat.S_ISREG(status.st_mode) and has_powers(descriptor, status)
    return Met(name, status, writing.rights(descriptor, status), powers)


def has_other_names(status: os.stat_result) -> bool:
    """Whether a file has several names (hard links): it may be one of somebody else's."""
    return stat.S_ISREG(status.st_mode) and status.st_nlink > 1


def has_powers(descriptor: int, status: os.stat_result) -> bool:
    """Whether a program runs with more rights than those of whoever starts it."""
    return bool(status.st_mode & SET_ID or (status.st_mode & 0o111 and writing.capabilities(descriptor)))
