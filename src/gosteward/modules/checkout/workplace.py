"""Where modules are checked out: what git has fetched is kept and used again, everything else of a run is gone after it.

    TOP/UID/                one account's, and nobody else's
        vcs/                clones without a working tree, as go makes them in GOMODCACHE/cache/vcs, with a lock for each: all runs share them
        toolchains/             newer ones of go, which some modules want
        runs/RANDOM/        of one run: `cache` (GOMODCACHE, in which cache/vcs leads to vcs above), `tmp`, `config`, `home`

A git that was killed leaves locks in its clone, by which every later one would fail: such a clone is removed when nobody uses it.

Source: cmd/go/internal/modfetch/codehost/codehost.go (`WorkDir`), cmd/go/internal/lockedfile: go locks KEY.lock by flock(2) while it fetches.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import stat
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import PrivilegeError, UsageError
from gosteward.modules.checkout.questions import Rooms
from gosteward.toolchains.origins.log_files import opened_below

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import User

MOST_BYTES = 4 << 30
MOST_TOOLCHAINS = 4
EACH = 600.0  # seconds between looks at how much there is
_CLONE = re.compile(r"[0-9a-f]{64}")
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Clone(NamedTuple):
    """What was fetched of a repository.  name: its directory's.   size: bytes.   used: seconds since the epoch.   broken: a killed git left a lock."""

    name: str
    size: int
    used: float
    broken: bool


class Workplace:
    """Directories of one account.

    Args:
        top: absolute path; the directory itself is this process's.   user: whose they are, None for this user.   most: bytes of clones that are kept.
    """

    def __init__(self, top: str, user: User | None, most: int = MOST_BYTES) -> None:
        self.user, self.most = user, most
        self._owner = user.uid if user is not None else os.geteuid()
        self.top = top
        self.path = f"{top}/{self._owner}"
        self._lock = threading.Lock()
        self._looked = 0.0
        self._own: set[str] = set()

    def prepare(self) -> None:
        """Make the directories, and remove what was left by runs that were killed.

        Raises:
            UsageError: they cannot be made, or the account cannot reach them.   PrivilegeError: they belong to somebody else.
        """
        try:
            os.makedirs(self.top, 0o755, exist_ok=True)
            for path in (self.path, f"{self.path}/vcs", f"{self.path}/runs"):
                self._make(path)
            self._refuse_unreachable()
            for name in os.listdir(f"{self.path}/runs"):
                if name not in self._own and _is_free(f"{self.path}/runs/{name}"):
                    remove_tree(f"{self.path}/runs/{name}")
            if len(_names(f"{self.path}/toolchains/unpacked")) > MOST_TOOLCHAINS:
                remove_tree(f"{self.path}/toolchains")
        except OSError as error:
            raise UsageError(f"modules cannot be checked out there ({error.strerror})", subject=self.path) from error
        self.tidy()

    @contextlib.contextmanager
    def run(self) -> Iterator[Rooms]:
        """Directories for a run, until the end of the context. Raises OSError."""
        name = os.urandom(12).hex()
        top = f"{self.path}/runs/{name}"
        self._own.add(name)
        try:
            self._make(top)
            held = os.open(top, _DIRECTORY)
            try:
                # Another process that shares the store must not take it for one that was left.
                fcntl.flock(held, fcntl.LOCK_SH)
                yield self._furnished(top)
            finally:
                os.close(held)
        finally:
            remove_tree(top)
            self._own.discard(name)

    def lend_toolchains(self, rooms: Rooms) -> bool:
        """Let a run keep the toolchains that it takes where later ones find them; False where a module is in the way. Raises OSError."""
        shared = f"{self.path}/toolchains"
        for path in (shared, f"{shared}/unpacked", f"{shared}/download", f"{rooms.cache}/cache/download"):
            self._make(path)
        try:
            os.symlink(f"{shared}/unpacked", f"{rooms.cache}/golang.org")
            os.symlink(f"{shared}/download", f"{rooms.cache}/cache/download/golang.org")
        except FileExistsError:
            return False
        return True

    def opened(self, rooms: Rooms, inside: str) -> int:
        """A descriptor of a file that a run made, if it is one, and its own. Raises OSError.  inside: relative to the run's directory."""
        top = os.open(rooms.top, _DIRECTORY)
        try:
            descriptor = opened_below(top, inside)
        finally:
            os.close(top)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != self._owner or status.st_nlink != 1:
            os.close(descriptor)
            raise PermissionError(1, "it is no file of the run")
        return descriptor

    def look(self) -> None:
        """Tidy up, if that was not done lately."""
        with self._lock:
            if time.monotonic() - self._looked < EACH:
                return
            self._looked = time.monotonic()
        self.tidy()

    def tidy(self) -> None:
        """Remove clones that a killed git left unusable, and, until the rest is small enough, those that were not used for the longest time."""
        clones = sorted(clones_in(f"{self.path}/vcs"), key=lambda clone: (not clone.broken, clone.used))
        left = sum(clone.size for clone in clones)
        for clone in clones:
            if clone.broken or left > self.most:
                left -= clone.size if self._removed(clone.name) else 0

    def _removed(self, name: str) -> bool:
        """Remove a clone that no go holds; False if one does."""
        base = f"{self.path}/vcs/{name}"
        try:
            lock = os.open(f"{base}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError:
            return False
        try:
            if self.user is not None:
                os.fchown(lock, self.user.uid, self.user.gid)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{base}.info")  # without it go begins anew
            remove_tree(base)
        except OSError:
            return False
        finally:
            os.close(lock)
        return True

    def _furnished(self, top: str) -> Rooms:
        for name in ("cache", "cache/cache", "tmp", "home", "config", "config/go", "config/go/telemetry"):
            self._make(f"{top}/{name}")
        mode = os.open(
            f"{top}/config/go/telemetry/mode",
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC,
            0o644,
        )
        try:
            os.write(mode, b"off 2000-01-01\n")
        finally:
            os.close(mode)
        os.symlink(f"{self.path}/vcs", f"{top}/cache/cache/vcs")
        return Rooms(top, f"{top}/cache")

    def _make(self, path: str) -> None:
        """A directory of the account, which nobody else can look into. Raises PrivilegeError: it is somebody else's.   OSError."""
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)
            if self.user is not None:
                os.chown(path, self.user.uid, self.user.gid, follow_symlinks=False)
        status = os.lstat(path)
        if (
            not stat.S_ISDIR(status.st_mode)
            or status.st_uid != self._owner
            or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        ):
            raise PrivilegeError("it is not the directory of the account that checks out modules", subject=path)

    def _refuse_unreachable(self) -> None:
        if self.user is None:
            return
        above = os.path.dirname(self.path)
        while above != "/":
            if not os.stat(above).st_mode & stat.S_IXOTH:
                raise UsageError(f"{self.user.name} cannot reach the store", subject=above, hint=f"chmod o+x {above}")
            above = os.path.dirname(above)


def clones_in(path: str) -> list[Clone]:
    """The clones in a directory, with what they take."""
    found = []
    with os.scandir(path) as entries:
        for entry in entries:
            if _CLONE.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                found.append(_clone(entry.path, entry.name))
    return found


def _clone(path: str, name: str) -> Clone:
    size, used, broken = 0, 0.0, False
    for directory, _, names in os.walk(path):
        for one in names:
            with contextlib.suppress(OSError):  # git renames and removes its files meanwhile
                status = os.lstat(f"{directory}/{one}")
                size, used = size + status.st_blocks * 512, max(used, status.st_mtime)
            broken |= one.endswith(".lock") or one.startswith(("tmp_pack_", "tmp_idx_"))
    return Clone(name, size, used, broken)


def remove_tree(path: str) -> None:
    """Let there be no such directory; what is in there is somebody else's, and may be anything. Links are not followed."""
    shutil.rmtree(path, ignore_errors=True)
    if os.path.lexists(path):  # a directory without the right to write, which whoever owns it can give back
        for directory, _, _ in os.walk(path):
            with contextlib.suppress(OSError):
                os.chmod(directory, 0o700)
        shutil.rmtree(path, ignore_errors=True)


def _names(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except FileNotFoundError:
        return []


def _is_free(path: str) -> bool:
    """Whether no process is at work there."""
    try:
        descriptor = os.open(path, _DIRECTORY)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)
