"""The host as it will be: what is on disk, and over it what the changes so far would make of it. Reads only.

Actions of one plan build on each other (move a file aside, put a link in its place), and `--dry-run` shows all of them without any having
been done.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Text
from gosteward.host import writing
from gosteward.host.acting import acting_as
from gosteward.host.places import Place, Refused, place
from gosteward.host.writing import State
from gosteward.repair.changes import Change, Move, Replace

if TYPE_CHECKING:
    from gosteward.host.places import Accounts
    from gosteward.snapshot import User


class Seen(NamedTuple):
    """What is at a path, or will be.

    Attributes:
        path: absolute, without links.   missing: directories that must be made first, outermost first.
        uid, gid: of whatever is made there.
    """

    path: str
    state: State
    missing: tuple[str, ...] = ()
    uid: int = 0
    gid: int = 0


class World:
    """A host with changes laid over it."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self._over: dict[str, State] = {}

    def expect(self, change: Change) -> None:
        """Lay a change over what was seen so far."""
        if isinstance(change, Replace):
            self._over[change.path] = change.after
        elif isinstance(change, Move):
            self._over[change.to] = State(kind="moved")
            self._over[change.path] = State()

    def see(self, path: str, *, follow: bool = True) -> Seen:
        """What is at a path. Raises Refused and OSError as `places.place` and `writing.state`."""
        missing: tuple[str, ...] = ()
        parent = path
        found = self._at(parent, missing, follow=follow)
        while found is None:
            parent, _, name = parent.rpartition("/")
            missing = (name, *missing)
            found = self._at(parent or "/", missing, follow=True)
        return found

    def _at(self, path: str, missing: tuple[str, ...], *, follow: bool) -> Seen | None:
        """What is at a path, or at the names of `missing` below it; None if a directory on the way is missing."""
        try:
            with place(path, self.accounts, follow=follow) as where:
                return self._below(where, missing) if missing else self._seen(where)
        except FileNotFoundError:
            return None

    def _seen(self, where: Place) -> Seen:
        over = self._over.get(where.path)
        if over is None:
            with acting_as(where.account):
                over = writing.state(where.directory, where.name)
        uid, gid = _owner_of_new(where.directory, where.account)
        return Seen(where.path, over, uid=uid, gid=gid)

    def _below(self, where: Place, missing: tuple[str, ...]) -> Seen:
        """The names in `missing` lie below a name whose directory is there, but which is not itself."""
        if ".." in missing:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), f"{where.path}/{missing[0]}")
        above = self._seen(where)
        # A directory that is to be made may have names below it; what is there and yet leads nowhere may not.
        if above.state.kind not in (("absent", "directory") if where.path in self._over else ("absent",)):
            raise Refused(Text("{path} leads to something that is not there", path=f"{where.path}/{missing[0]}"))
        made = [where.path]
        for name in missing:
            made.append(f"{made[-1]}/{name}")
        found = self._over.get(made[-1], State())
        lacking = tuple(p for p in made[:-1] if self._over.get(p, State()).kind == "absent")
        return Seen(made[-1], found, lacking, above.uid, above.gid)


def _owner_of_new(directory: int, account: User | None) -> tuple[int, int]:
    status = os.fstat(directory)
    uid = account.uid if account is not None else os.geteuid()
    gid = account.gid if account is not None else os.getegid()
    return uid, status.st_gid if status.st_mode & stat.S_ISGID else gid
