"""Files of module versions on disk, in the layout of the protocol: any web server can hand them out.

    STORE/modules/github.com/!burnt!sushi/toml/@v/v1.4.0.info   .mod   .zip
    STORE/incoming/                                             what is not whole, or not proved yet

A file is there whole, or not at all: it is written in `incoming`, synced, renamed to its place, and so is every directory above it.
What a kill leaves in `incoming` is removed at the next start.

Source: rename(2), fsync(2): a new name is on the disk when its directory is.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import PrivilegeError, StewardError

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES, INCOMING = "modules", "incoming"
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

    def __init__(self, store: DiskStore) -> None:
        self._store = store
        self._path = f"{store.top}/{INCOMING}/{os.urandom(12).hex()}"
        self.descriptor = os.open(self._path, _MAKING, 0o600)
        fcntl.flock(self.descriptor, fcntl.LOCK_SH)
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Write at the end. Raises OSError."""
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(self.descriptor, rest) :]
        self.size += len(piece)

    def keep(self, path: str) -> None:
        """Let it be the file of this path, on the disk when this returns. Raises OSError: then it is not."""
        os.fchmod(self.descriptor, 0o644)
        os.fsync(self.descriptor)
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
    """

    def __init__(self, top: str) -> None:
        self.top = top.rstrip("/")

    def prepare(self) -> None:
        """Make the directories, and remove what earlier processes left unfinished.

        Raises:
            StorageError: it cannot be made.   PrivilegeError: others than its owner may write to it.
        """
        try:
            for path in (self.top, f"{self.top}/{MODULES}", f"{self.top}/{INCOMING}"):
                os.makedirs(path, 0o755, exist_ok=True)
                status = os.lstat(path)
                if not stat.S_ISDIR(status.st_mode) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                    raise PrivilegeError("the store may be written to by others", subject=path, hint="chmod go-w it")
            for name in os.listdir(f"{self.top}/{INCOMING}"):
                path = f"{self.top}/{INCOMING}/{name}"
                if _is_abandoned(path):
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(path)
        except OSError as error:
            raise StorageError(f"the store cannot be used ({error.strerror})", subject=self.top) from error

    def opened(self, path: str) -> Stored | None:
        """A file by the path of its request; None if it is not there. Raises OSError."""
        try:
            descriptor = os.open(f"{self.top}/{MODULES}/{path}", _READING)
        except (FileNotFoundError, NotADirectoryError):
            return None
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            return Stored(descriptor, status.st_size)
        os.close(descriptor)
        return None

    def incoming(self) -> Incoming:
        """A new file. Raises OSError."""
        return Incoming(self)

    def place(self, source: str, path: str) -> None:
        """Rename a file that is whole to its place. Raises OSError."""
        target = f"{self.top}/{MODULES}/{path}"
        self._make_directory(os.path.dirname(target))
        os.rename(source, target)
        _sync(os.path.dirname(target))

    def remove(self, path: str) -> None:
        """Let there be no file of this path. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.top}/{MODULES}/{path}")

    def paths(self) -> Iterator[str]:
        """Paths of all files, sorted within each directory."""
        start = f"{self.top}/{MODULES}"
        for directory, below, names in os.walk(start):
            below.sort()
            for name in sorted(names):
                yield os.path.relpath(f"{directory}/{name}", start)

    def _make_directory(self, path: str) -> None:
        if os.path.isdir(path):
            return
        above = os.path.dirname(path)
        self._make_directory(above)
        with contextlib.suppress(FileExistsError):  # another process was faster
            os.mkdir(path, 0o755)
        _sync(above)


def _sync(directory: str) -> None:
    descriptor = os.open(directory, _DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_abandoned(path: str) -> bool:
    """Whether nobody writes an incoming file any more: who does holds a lock on it, which ends with its process."""
    try:
        descriptor = os.open(path, _READING)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
