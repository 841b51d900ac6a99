"""A directory of this user alone, with files of ours: what was downloaded, tiles and heads of a checksum database.

    /var/cache/gosteward, /var/lib/gosteward (root)
    $XDG_CACHE_HOME/gosteward or ~/.cache/gosteward, $XDG_STATE_HOME/gosteward or ~/.local/state/gosteward (others)

A name is one component. What is read here was still written by somebody else at first: whoever reads it checks it again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from typing import TYPE_CHECKING

from gosteward.errors import PrivilegeError, StewardError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

NAME = "gosteward"
READ_LIMIT = 16 << 20
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def cache_for(environ: Mapping[str, str], home: str) -> str:
    """Where this process's user keeps what can be had again. Raises StewardError for a user without a home and XDG_CACHE_HOME."""
    return _place(environ, home, "/var/cache", "XDG_CACHE_HOME", ".cache")


def state_for(environ: Mapping[str, str], home: str) -> str:
    """Where this process's user keeps what must not be lost. Raises StewardError for a user without a home and XDG_STATE_HOME."""
    return _place(environ, home, "/var/lib", "XDG_STATE_HOME", ".local/state")


def _place(environ: Mapping[str, str], home: str, of_root: str, variable: str, below: str) -> str:
    # Root's is never where the environment of somebody who called sudo says.
    if os.geteuid() == 0:
        return f"{of_root}/{NAME}"
    given = environ.get(variable, "")
    if given.startswith("/"):
        return f"{given.rstrip('/')}/{NAME}"
    if not home.startswith("/") or home == "/":
        raise StewardError("there is no place for files of ours", hint=f"set {variable} to a directory of yours")
    return f"{home.rstrip('/')}/{below}/{NAME}"


@contextlib.contextmanager
def opened(path: str) -> Iterator[int]:
    """A descriptor of a directory of ours. Raises OSError, and PrivilegeError if it is not this user's alone."""
    try:
        directory = os.open(path, DIRECTORY)
    except NotADirectoryError as error:  # a link, above all
        raise _not_ours(path) from error
    try:
        status = os.fstat(directory)
        if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise _not_ours(path)
        yield directory
    finally:
        os.close(directory)


def _not_ours(path: str) -> PrivilegeError:
    hint = "move it aside, or chown it and chmod it 0700"
    return PrivilegeError("a directory of gosteward is not yours alone", subject=path, hint=hint)


class Growing:
    """A file that is being written, and that nobody else writes meanwhile.

    Attributes:
        descriptor: open for reading and writing.   size: bytes that are there.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.size = os.lseek(descriptor, 0, os.SEEK_END)

    def append(self, piece: bytes) -> None:
        """Write at the end. Raises OSError."""
        rest = memoryview(piece)
        while rest:
            written = os.write(self.descriptor, rest)
            rest, self.size = rest[written:], self.size + written

    def restart(self) -> None:
        """Forget what is there."""
        os.ftruncate(self.descriptor, 0)
        self.size = os.lseek(self.descriptor, 0, os.SEEK_SET)

    def sync(self) -> None:
        """Let it be on the disk when this returns."""
        os.fsync(self.descriptor)


def _make_parents(path: str) -> None:
    """Directories that nobody else may write to, whatever the umask. Raises OSError."""
    if not os.path.isdir(path):
        _make_parents(os.path.dirname(path))
        with contextlib.suppress(FileExistsError):  # another process was faster
            os.mkdir(path, 0o755)


class OwnDirectory:
    """Files by name in one directory, which is made when something is first written.

    Args:
        path: absolute.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def read(self, name: str, limit: int = READ_LIMIT) -> bytes | None:
        """The content of a file; None if there is none, or it is longer. Raises PrivilegeError: the directory is not ours alone."""
        try:
            with self._named(name), open(self.opened(name), "rb") as file:
                found = file.read(limit + 1)
        except FileNotFoundError:
            return None
        return found if len(found) <= limit else None

    def put(self, name: str, content: bytes, *, sync: bool = False) -> None:
        """Let a file have this content, in one step.  sync: it is on the disk when this returns. Raises OSError, PrivilegeError."""
        with self._named(name), self._made() as directory:
            # Not the number of this process: in a container that is often the same, and a kill may have left the file.
            new = f".{name[:64]}.{os.urandom(8).hex()}"
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE, 0o600, dir_fd=directory)
            try:
                try:
                    rest = memoryview(content)
                    while rest:
                        rest = rest[os.write(descriptor, rest) :]
                    if sync:
                        os.fsync(descriptor)
                finally:
                    os.close(descriptor)
                os.rename(new, name, src_dir_fd=directory, dst_dir_fd=directory)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(new, dir_fd=directory)
                raise
            if sync:
                os.fsync(directory)

    def sync(self, name: str) -> None:
        """Let a file be on the disk when this returns, as what it is now. Raises OSError, PrivilegeError."""
        with self._named(name), opened(self.path) as directory:
            descriptor = os.open(name, os.O_RDONLY | _FILE, dir_fd=directory)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.fsync(directory)

    def opened(self, name: str) -> int:
        """A descriptor for reading a whole file of ours. Raises FileNotFoundError, OSError, PrivilegeError."""
        with self._named(name), opened(self.path) as directory:
            return os.open(name, os.O_RDONLY | _FILE, dir_fd=directory)

    def rename(self, name: str, new_name: str) -> None:
        """Give a file another name, in one step. Raises OSError."""
        with self._named(name), opened(self.path) as directory:
            os.rename(name, new_name, src_dir_fd=directory, dst_dir_fd=directory)
            os.fsync(directory)

    def remove(self, name: str) -> None:
        """Let there be no file of this name."""
        with contextlib.suppress(FileNotFoundError), self._named(name), opened(self.path) as directory:
            os.unlink(name, dir_fd=directory)

    @contextlib.contextmanager
    def growing(self, name: str, waiting: Callable[[], None] = lambda: None) -> Iterator[Growing]:
        """Open a file for appending, alone: whoever comes second waits until the first is done. Raises OSError, PrivilegeError.

        Args:
            waiting: called if there is somebody to wait for.
        """
        with self._named(name), self._made() as directory:
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | _FILE, 0o600, dir_fd=directory)
            try:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    waiting()
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield Growing(descriptor)
            finally:
                os.close(descriptor)

    @contextlib.contextmanager
    def _named(self, name: str) -> Iterator[None]:
        """An error of the kernel is about a descriptor, or about a name below one: it says which file that is, for people."""
        try:
            yield
        except OSError as error:
            ours = error.filename in (None, name) or str(error.filename).startswith(f".{name[:64]}.")
            if ours and error.errno:
                raise OSError(error.errno, error.strerror, f"{self.path}/{name}") from error
            raise

    @contextlib.contextmanager
    def _made(self) -> Iterator[int]:
        _make_parents(os.path.dirname(self.path))
        with contextlib.suppress(FileExistsError):
            os.mkdir(self.path, 0o700)
        with opened(self.path) as directory:
            yield directory
