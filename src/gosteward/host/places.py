"""Where a change takes place: a directory held by a descriptor, a name in it, and the account whose rights suffice there.

A path is walked one component at a time, each opened without following links, so that nobody can swap a part of it afterwards. On the
way root becomes the owner of the first directory that is not root's: whatever that owner planted there, nothing happens that they could
not have done; a link of theirs that leads into a place of somebody else leads to nothing at all. A link is followed only where its directory belongs to root or to the account that acts, and nobody else may write to it.

Source: openat(2), path_resolution(7); CWE-59 (link following), CWE-367 (time of check, time of use).
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Text
from gosteward.formats.access import ACCESS_LIST
from gosteward.host.acting import acting_as
from gosteward.host.descriptors import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from gosteward.snapshot import User

LINKS_LIMIT = 40  # as in the kernel's path_resolution
FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Refused(Exception):  # noqa: N818 - it is an answer: this is not done, and why
    """A change is not made.  text: the reason, for the user."""

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


class Accounts(NamedTuple):
    """Who is who.

    Attributes:
        named: the account with a uid.   homes: directory of a home, and the uid that must own it.
        examined: uid of the user whose environment is repaired, None if nobody's is: programs run only for that one.
    """

    named: Callable[[int], User]
    homes: tuple[tuple[str, int], ...] = ()
    examined: int | None = None


class Place:
    """A name in a directory; used as a context manager, which closes the directory.

    Attributes:
        directory: descriptor.   name: last component, never empty, "." or "..".   path: absolute, without links.
        account: who acts here, None for this process as it is.
    """

    def __init__(self, directory: int, name: str, path: str, account: User | None) -> None:
        self.directory = directory
        self.name = name
        self.path = path
        self.account = account

    def __enter__(self) -> Place:  # noqa: PYI034 - Self is not in Python 3.9
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.directory)


def place(path: str, accounts: Accounts, *, follow: bool = True, own_hands: bool = False) -> Place:
    """Walk to the parent directory of a path.

    Args:
        path: absolute.   follow: also a link that is the last component.
        own_hands: keep the rights of this process also in directories of others, and follow no link there.

    Raises:
        Refused: a link that somebody else could have planted, a home that is not its user's.   OSError: FileNotFoundError if a directory
            on the way is missing, and whatever else the kernel says.
    """
    checked(path)
    walk = _Walk(accounts, own_hands)
    try:
        walk.go([part for part in path.split("/") if part not in ("", ".")], follow)
        if walk.links and walk.account is not None:
            _refuse_other_hands(path, walk)
        return Place(os.dup(walk.directory), walk.name, walk.path(walk.name), walk.account)
    finally:
        os.close(walk.directory)


@contextlib.contextmanager
def exact_place(path: str, accounts: Accounts, *, own_hands: bool = False) -> Iterator[Place]:
    """The place of a path that was found without links on its way before; raises Refused if there is one now, else as `place`."""
    with place(path, accounts, follow=False, own_hands=own_hands) as where:
        if where.path != path:
            raise Refused(Text("{path} now leads to {other}", path=path, other=where.path))
        yield where


def _refuse_other_hands(path: str, walk: _Walk) -> None:
    """Who comes through the link of a user does there what this user may do, and a change is made at the path without links: if that
    one is in other hands, root's above all, those would do what the user's link says.
    """
    real = walk.path(walk.name)
    with place(real, walk.accounts, follow=False) as direct:
        if direct.account != walk.account or direct.path != real:
            raise Refused(Text("{path} leads to {real}, which is not a place of the same user", path=path, real=real))


class _Walk:
    def __init__(self, accounts: Accounts, own_hands: bool) -> None:
        self.accounts = accounts
        self.own_hands = own_hands
        self.account: User | None = None
        self.foreign = False
        self.links = 0
        self.name = ""
        self.names: list[str] = []
        self.directory = os.open("/", FLAGS)

    def path(self, *more: str) -> str:
        return "/" + "/".join((*self.names, *more))

    def go(self, parts: list[str], follow: bool) -> None:
        while parts:
            part = parts.pop(0)
            with acting_as(self.account):
                if part == "..":
                    self._up()
                    continue
                status = self._status(part)
                if status is not None and stat.S_ISLNK(status.st_mode) and (parts or follow):
                    target = self._followed(part)
                    parts = [p for p in target.split("/") if p not in ("", ".")] + parts
                    if target.startswith("/"):
                        self._back_to_root()
                    if not parts:
                        break
                    continue
                if not parts:
                    self.name = part
                    return
                if status is None:
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.path(part))
                self._enter(part)
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), self.path())

    def _status(self, name: str) -> os.stat_result | None:
        try:
            return os.lstat(name, dir_fd=self.directory)
        except FileNotFoundError:
            return None

    def _enter(self, name: str) -> None:
        entered = os.open(name, FLAGS, dir_fd=self.directory)
        os.close(self.directory)
        self.directory = entered
        self.names.append(name)
        self._consider()

    def _up(self) -> None:
        self.names = self.names[:-1]
        names = self.names
        self._back_to_root()
        for name in names:  # by names, not by "..": a directory may have been moved meanwhile
            self._enter(name)

    def _back_to_root(self) -> None:
        os.close(self.directory)
        self.directory = os.open("/", FLAGS)
        self.names = []

    def _consider(self) -> None:
        """Whose directory is this, and who acts from here on?"""
        owner = os.fstat(self.directory).st_uid
        here = self.path()
        for home, uid in self.accounts.homes:
            if here == home and owner != uid:
                raise Refused(
                    Text(
                        "{home} is the home of uid {uid}, and belongs to uid {owner}: nothing is written there",
                        home=home,
                        uid=str(uid),
                        owner=str(owner),
                    )
                )
        if owner not in (0, os.getuid()):
            self.foreign = True
            if self.account is None and os.geteuid() == 0 and not self.own_hands:
                self.account = self.accounts.named(owner)

    def _followed(self, name: str) -> str:
        """Target of a link, if nobody but root and the account that acts can have put it there."""
        status = os.fstat(self.directory)
        mine = self.account.uid if self.account is not None else os.getuid()
        own_group = self.account.gid if self.account is not None else os.getgid()
        # Where there is an access list, the bits of the group say what anybody in it may get at most.
        others = status.st_mode & stat.S_IWOTH or (
            status.st_mode & stat.S_IWGRP and (status.st_gid not in (0, own_group) or _has_list(self.directory))
        )
        if status.st_uid not in (0, mine) or others or (self.own_hands and self.foreign):
            raise Refused(
                Text(
                    "{link} is a link in a directory that others may write to: it is not followed", link=self.path(name)
                )
            )
        self.links += 1
        if self.links > LINKS_LIMIT:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), self.path(name))
        return os.readlink(name, dir_fd=self.directory)


def _has_list(directory: int) -> bool:
    try:
        return bool(os.getxattr(directory, ACCESS_LIST))
    except OSError as error:
        return error.errno not in (errno.ENODATA, errno.EOPNOTSUPP)
