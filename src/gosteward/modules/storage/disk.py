"""Files of module versions on disk, in the layout of the protocol: any web server can hand them out.

    STORE/modules/github.com/!burnt!sushi/toml/@v/v1.4.0.info   .mod   .zip
    STORE/incoming/                                             what is not whole, or not proved yet
    STORE/staging/                                              imports that are not proved to their ends yet, a directory each
    STORE/quarantine/                                           what was found to be wrong: kept for whoever looks into it, served to nobody

A file is there whole, or not at all: it is written in `incoming`, synced, renamed to its place, and then every directory with a new name is synced.
What a kill leaves in `incoming` and `staging` is removed at the next start.

When a file was last used is its access time, to the day: it is set where a file is opened for a client, whatever the mount options say.

Source: rename(2), fsync(2): a new name is on the disk when its directory is.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import PrivilegeError, StewardError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MODULES, INCOMING, STAGING, QUARANTINE = "modules", "incoming", "staging", "quarantine"
DAY = 86_400
LARGE = 4 << 20  # bytes of a file that takes the disk a while
_READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MAKING = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class StorageError(StewardError):
    """The store cannot be used."""

    exit_code = 73  # EX_CANTCREAT


class Stored(NamedTuple):
    """A file that is there.  descriptor: for the caller to close.   size: bytes."""

    descriptor: int
    size: int


class Incoming:
    """A file that comes: written piece by piece, read by others meanwhile, and in the end kept or discarded.

    Attributes:
        descriptor: open for reading and writing.   size: bytes that were written.
    """

    def __init__(self, store: DiskStore, path: str = "") -> None:
        self._store = store
        self._path = path or f"{store.top}/{INCOMING}/{os.urandom(12).hex()}"
        self.descriptor = _locked(lambda: os.open(self._path, _MAKING, 0o600), lambda: os.unlink(self._path))
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Write at the end. Raises OSError."""
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(self.descriptor, rest) :]
        self.size += len(piece)

    @contextlib.contextmanager
    def going_down(self) -> Iterator[None]:
        """Let a large file go to the disk while it is looked at: then `settle` has little left to wait for. Raises OSError at the end."""
        if self.size < LARGE:
            yield
            return
        with ThreadPoolExecutor(1, thread_name_prefix="syncing") as thread:
            synced = thread.submit(os.fsync, self.descriptor)
            yield
            synced.result()  # the kernel tells an error of the disk once

    def settle(self) -> None:
        """It is whole: let its content be on the disk when this returns. Raises OSError."""
        os.fchmod(self.descriptor, 0o644)
        os.fsync(self.descriptor)

    def keep(self, path: str) -> None:
        """Let it be the file of this path, on the disk when this returns. Raises OSError: then it is not, or may not be after a loss of power."""
        self.settle()
        self._store.place(self._path, path)

    def discard(self) -> None:
        """Let there be nothing of it, if it was not kept; close it in any case."""
        with contextlib.suppress(OSError):
            os.unlink(self._path)
        os.close(self.descriptor)


class DiskStore:
    """A store below a directory, for one process or several.

    Args:
        top: absolute path.

    Attributes:
        came: called with the path of a zip that was not there before, by any thread; it raises nothing.
    """

    def __init__(self, top: str) -> None:
        self.top = top.rstrip("/") or "/."
        self.came: Callable[[str], None] = lambda _: None

    def prepare(self) -> None:
        """Make the directories, and remove what earlier processes left unfinished.

        Raises:
            StorageError: it cannot be made.   PrivilegeError: others than its owner may write to it.
        """
        try:
            for path in (self.top, f"{self.top}/{MODULES}", f"{self.top}/{INCOMING}"):
                os.makedirs(path, 0o755, exist_ok=True)
                status = os.lstat(path)
                if stat.S_ISLNK(status.st_mode):
                    raise PrivilegeError(
                        "the store is a link", subject=path, hint="name the directory that it leads to"
                    )
                if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                    raise PrivilegeError("the store may be written to by others", subject=path, hint="chmod go-w it")
            self._remove_abandoned()
        except OSError as error:
            raise StorageError(f"the store cannot be used ({error.strerror})", subject=self.top) from error

    def opened(self, path: str, *, use: bool = True) -> Stored | None:
        """A file by the path of its request; None if it is not there.  use: it is for a client, and not for care. Raises OSError."""
        try:
            descriptor = _opened(f"{self.top}/{MODULES}/{path}", use=use)
        except (FileNotFoundError, NotADirectoryError):
            return None
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            if use and status.st_atime < time.time() - DAY:
                with contextlib.suppress(OSError):  # a file system for reading only
                    os.utime(descriptor, ns=(time.time_ns(), status.st_mtime_ns))
            return Stored(descriptor, status.st_size)
        os.close(descriptor)
        return None

    def incoming(self) -> Incoming:
        """A new file. Raises OSError."""
        return Incoming(self)

    def place(self, source: str, path: str) -> None:
        """Rename a file that is whole to its place. Raises OSError."""
        comes = path.endswith(".zip") and self.status(path) is None
        self._move(source, f"{self.top}/{MODULES}/{path}", lambda: self.came(path) if comes else None)

    def remove(self, path: str) -> None:
        """Let there be no file of this path. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.top}/{MODULES}/{path}")

    def remove_empty(self, path: str) -> None:
        """Let there be no directories above the path of a file that hold nothing. Raises nothing."""
        directory = os.path.dirname(path)
        with contextlib.suppress(OSError):  # it holds something, or somebody else was faster
            while directory:
                os.rmdir(f"{self.top}/{MODULES}/{directory}")
                directory = os.path.dirname(directory)

    def set_aside(self, path: str) -> str:
        """Let a file be served no more: it lies below `quarantine` then. Returns its path there, below the store. Raises OSError."""
        directory, _, name = path.rpartition("/")
        place = f"{QUARANTINE}/{directory}/{name[:200]}.{os.urandom(4).hex()}".replace("//", "/")
        self._move(f"{self.top}/{MODULES}/{path}", f"{self.top}/{place}")
        os.utime(f"{self.top}/{QUARANTINE}")  # whoever serves looks at it, and forgets what it holds in memory
        return place

    def status(self, path: str) -> os.stat_result | None:
        """What the file system says of a file; None if it is not there."""
        try:
            return os.lstat(f"{self.top}/{MODULES}/{path}")
        except OSError:
            return None

    @contextlib.contextmanager
    def staging(self) -> Iterator[Staging]:
        """A place for many files that are to come into the store together, or not at all. Raises OSError."""
        os.makedirs(f"{self.top}/{STAGING}", 0o700, exist_ok=True)
        staging = Staging(self, f"{self.top}/{STAGING}/{os.urandom(12).hex()}")
        try:
            yield staging
        finally:
            staging.discard()

    def _move(self, source: str, target: str, placed: Callable[[], None] = lambda: None) -> None:
        """Rename a file, and make the directories for it, some of which another process may just take away for being empty."""
        directory = os.path.dirname(target)
        for _ in range(4):
            with contextlib.suppress(FileNotFoundError):
                grown = self._make_directory(directory)
                os.rename(source, target)
                placed()
                # The first of these waits for all that happened so far; one behind each step would wait each time.
                for one in (directory, *grown):
                    _sync(one)
                return
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), source)

    def _remove_abandoned(self) -> None:
        for name in os.listdir(f"{self.top}/{INCOMING}"):
            _remove_abandoned(f"{self.top}/{INCOMING}/{name}", os.unlink)
        with contextlib.suppress(FileNotFoundError):
            for name in os.listdir(f"{self.top}/{STAGING}"):
                _remove_abandoned(f"{self.top}/{STAGING}/{name}", shutil.rmtree)

    def paths(self) -> Iterator[str]:
        """Paths of all files, sorted within each directory."""
        start = f"{self.top}/{MODULES}"
        for directory, below, names in os.walk(start):
            below.sort()
            for name in sorted(names):
                yield os.path.relpath(f"{directory}/{name}", start)

    def _make_directory(self, path: str) -> list[str]:
        """Returns the directories in which there is a new name."""
        if os.path.isdir(path):
            return []
        above = os.path.dirname(path)
        grown = self._make_directory(above)
        with contextlib.suppress(FileExistsError):  # another process was faster
            os.mkdir(path, 0o755)
        return [above, *grown]


class Staging:
    """Files that are whole, each proved, and not in their places yet."""

    def __init__(self, store: DiskStore, path: str) -> None:
        self._store, self._path = store, path
        self._directory = _locked(self._made, lambda: os.rmdir(self._path))

    def incoming(self, name: str) -> Incoming:
        """A new file.  name: one component. Raises OSError."""
        return Incoming(self._store, f"{self._path}/{name}")

    def keep(self, name: str, path: str) -> None:
        """Let a file of `incoming`, synced by its `settle`, be the one of a path of the store. Raises OSError."""
        self._store.place(f"{self._path}/{name}", path)

    def _made(self) -> int:
        os.mkdir(self._path, 0o700)
        return os.open(self._path, _DIRECTORY)

    def discard(self) -> None:
        """Let there be nothing left of it."""
        shutil.rmtree(self._path, ignore_errors=True)
        os.close(self._directory)


def _opened(path: str, *, use: bool) -> int:
    if not use:
        with contextlib.suppress(PermissionError):  # files of another user
            return os.open(path, _READING | os.O_NOATIME)
    return os.open(path, _READING)


def _sync(directory: str) -> None:
    descriptor = os.open(directory, _DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked(make: Callable[[], int], remove: Callable[[], None]) -> int:
    """A new file or directory with a lock on it, which ends with this process. Raises OSError: then there is none."""
    while True:
        descriptor = make()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            if os.fstat(descriptor).st_nlink:
                return descriptor
        except OSError:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                remove()
            raise
        os.close(descriptor)  # another process took it for an abandoned one before it was locked


def _remove_abandoned(path: str, remove: Callable[[str], None]) -> None:
    """Remove what comes, if nobody writes it any more: who does holds a lock on it."""
    try:
        descriptor = os.open(path, _READING)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        remove(path)
    except OSError:
        pass
    finally:
        os.close(descriptor)
