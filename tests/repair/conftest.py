"""A journal, and hands that change what lies below a directory."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from gosteward.host.places import Accounts
from gosteward.repair.executor import begin
from gosteward.repair.journal import Journal
from gosteward.repair.preparation import prepare
from gosteward.repair.undo import to_undo, undo
from gosteward.repair.world import World
from gosteward.snapshot import User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from gosteward.actions import Action
    from gosteward.repair.executor import Done
    from gosteward.repair.undo import Undone

IN_MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None  # the tests sync a lot
STRANGER = User(name="stranger", uid=61234, gid=61234)


def account_named(uid: int) -> User:
    return User(name=str(uid), uid=uid, gid=uid)


class Steward(NamedTuple):
    """Hands with a journal.  top: directory that is theirs to change.  place: where the journal lies."""

    top: Path
    place: str
    accounts: Accounts = Accounts(account_named)

    def journal(self) -> Journal:
        return Journal(self.place)

    def fix(self, *actions: Action) -> list[Done]:
        with self.journal().locked("fix") as journal:
            executor, world = begin(journal, self.accounts, "fix"), World(self.accounts)
            done = [executor.apply(change, 1) for action in actions for change in prepare(action, world)]
            journal.append(executor.run, "ended")
        return done

    def undo(self, run: int = 0, *, force: bool = False) -> tuple[Undone, ...]:
        with self.journal().locked("undo") as journal:
            number, made = to_undo(journal, self.accounts, run)
            return undo(journal, self.accounts, number, made, force=force)

    def planned(self, action: Action) -> tuple[Any, ...]:
        return prepare(action, World(self.accounts))

    def looks(self, *, times: bool = False) -> dict[str, tuple[Any, ...]]:
        return looks(self.top, times=times)


def looks(top: Path, *, times: bool = False) -> dict[str, tuple[Any, ...]]:
    """Everything below a directory that an undo restores.  times: also when files and links were written."""
    found = {}
    for path in sorted(
        [os.fsencode(top), *(os.path.join(d, n) for d, ds, fs in os.walk(os.fsencode(top)) for n in ds + fs)]
    ):
        status = os.lstat(path)
        row: list[Any] = [stat.filemode(status.st_mode), status.st_uid, status.st_gid]
        if stat.S_ISLNK(status.st_mode):
            row.append(os.readlink(path))
        elif stat.S_ISREG(status.st_mode):
            row.append(Path(os.fsdecode(path)).read_bytes())
        if times and not stat.S_ISDIR(status.st_mode):
            row.append(status.st_mtime_ns)
        row.append(
            tuple(
                (n, os.getxattr(path, n, follow_symlinks=False))
                for n in sorted(os.listxattr(path, follow_symlinks=False))
            )
        )
        found[os.fsdecode(os.path.relpath(path, os.fsencode(top)))] = tuple(row)
    return found


@pytest.fixture
def open_top() -> Iterator[Path]:
    """A directory that also other users reach; pytest's own are root's alone, and on a disk."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.fixture
def steward(open_top: Path) -> Steward:
    (open_top / "host").mkdir()
    return Steward(open_top / "host", str(open_top / "journal"))


@pytest.fixture
def home(open_top: Path) -> Path:
    """The home of a stranger."""
    path = open_top / "home"
    path.mkdir()
    os.chown(path, STRANGER.uid, STRANGER.gid)
    return path


@pytest.fixture
def stranger() -> User:
    return STRANGER


@pytest.fixture(scope="session")
def fresh_steward() -> Callable[[], AbstractContextManager[Steward]]:
    """Hands for an empty directory."""

    @contextlib.contextmanager
    def fresh() -> Iterator[Steward]:
        with tempfile.TemporaryDirectory(dir=IN_MEMORY) as name:
            os.mkdir(f"{name}/host")
            yield Steward(Path(name, "host"), f"{name}/journal")

    return fresh
