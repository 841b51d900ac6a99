"""The machine that the program runs on, as an examined host."""

from __future__ import annotations

import contextlib
import errno
import os
from itertools import islice
from typing import TYPE_CHECKING

from gosteward.host.derived import DerivedAnswers
from gosteward.host.descriptors import FLAGS, checked, read_all, read_range, refuse_special
from gosteward.host.reading import READ_LIMIT, Space

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gosteward.snapshot import User

RIGHTS = {"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}


class LocalHost(DerivedAnswers):
    """The machine that this program runs on.

    Args:
        environ: environment of the calling process.
    """

    kind = "local"
    root = "/"
    live = True

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__()
        self.environ = dict(environ)
        self._privileged = os.geteuid() == 0
        self._gid, self._groups = os.getegid(), os.getgroups()
        self._as: User | None = None
        # Set where we are root and yet cannot become the user: then only what the user might read is opened.
        self._guard: User | None = None

    def reader(self) -> int:
        user = self._as or self._guard
        return -1 if user is None else user.uid

    def read(self, path: str, limit: int = READ_LIMIT) -> bytes:
        descriptor, size = self._open(path)
        try:
            return read_all(descriptor, size, limit)
        finally:
            os.close(descriptor)

    def read_at(self, path: str, offset: int, size: int) -> bytes:
        descriptor, _ = self._open(path)
        try:
            return read_range(descriptor, offset, size)
        finally:
            os.close(descriptor)

    def descriptor(self, path: str) -> int:
        return self._open(path)[0]

    def _open(self, path: str) -> tuple[int, int]:
        """Descriptor and size of a regular file. What is none is not even opened: that alone can wake a FIFO or start a watchdog."""
        name = checked(path)
        refuse_special(os.stat(name), path)
        descriptor = os.open(name, FLAGS)
        try:
            status = os.fstat(descriptor)
            refuse_special(status, path)
            self._heed_guard(path)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor, status.st_size

    def _heed_guard(self, path: str) -> None:
        if self._guard is not None and not self.allowed_by_modes(path, "r", self._guard):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    def listdir(self, path: str, limit: int = 10_000) -> list[str]:
        try:
            self._heed_guard(path)
            with os.scandir(checked(path)) as entries:
                return sorted(entry.name for entry in islice(entries, limit))
        except OSError:
            return []

    def lstat(self, path: str) -> os.stat_result | None:
        try:
            return os.lstat(checked(path))
        except OSError:
            return None

    def stat(self, path: str) -> os.stat_result | None:
        try:
            return os.stat(checked(path))
        except OSError:
            return None

    def readlink(self, path: str) -> str:
        try:
            return os.readlink(checked(path))
        except OSError:
            return ""

    def realpath(self, path: str) -> str:
        return os.path.realpath(path) if self.stat(path) is not None else ""

    def xattr(self, path: str, name: str) -> bytes:
        try:
            return os.getxattr(checked(path), name)
        except OSError:
            return b""

    def space(self, path: str) -> Space | None:
        place = path.rstrip("/")
        while True:
            try:
                facts = os.statvfs(checked(place or "/"))
            except OSError:
                if not place:
                    return None
                place = place.rpartition("/")[0]
                continue
            return Space(
                free_bytes=facts.f_bavail * facts.f_frsize,
                total_bytes=facts.f_blocks * facts.f_frsize,
                free_inodes=facts.f_favail,
                total_inodes=facts.f_files,
                noexec=bool(facts.f_flag & os.ST_NOEXEC),
                read_only=bool(facts.f_flag & os.ST_RDONLY),
            )

    @contextlib.contextmanager
    def reading_as(self, user: User) -> Iterator[None]:
        before, guard = self._as, self._guard
        self._become(user if self._privileged and user.uid != 0 else None)
        try:
            yield
        finally:
            self._become(before)
            self._guard = guard

    def _become(self, user: User | None) -> None:
        """Take the effective ids of `user`, or our own again. All threads of the process follow."""
        if user == self._as:
            return
        self._be_ourselves()
        if user is None:
            return
        try:
            os.setgroups((*user.groups, user.gid))
            os.setegid(user.gid)
            os.seteuid(user.uid)
        except (OSError, OverflowError):  # root of a container that may not, or cannot, be anybody else
            self._be_ourselves(must=False)
            self._guard = user
        else:
            self._as = user

    def _be_ourselves(self, must: bool = True) -> None:
        if self._as is None and must:
            return
        os.seteuid(0)
        os.setegid(self._gid)
        with contextlib.suppress(*() if must else (PermissionError,)):
            os.setgroups(self._groups)
        self._as = None

    def may(self, path: str, rights: str, user: User) -> bool:
        if not self._privileged and user.uid != os.geteuid():
            return self.allowed_by_modes(path, rights, user)
        with self.reading_as(user):
            if self._guard is not None:
                return self.allowed_by_modes(path, rights, user)
            try:
                return os.access(checked(path), sum(RIGHTS[right] for right in set(rights)), effective_ids=True)
            except OSError:
                return False
