"""An unpacked root file system below a directory, as an examined host.

Every path and every link in it is resolved inside that directory, one component after the other, on descriptors and without ever
letting the kernel follow a link: `/etc/x -> /etc/shadow` means the root's own shadow, and `..` stops at its top.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from itertools import islice
from typing import TYPE_CHECKING

from gosteward.errors import UsageError
from gosteward.host.derived import DerivedAnswers
from gosteward.host.descriptors import FLAGS, checked, read_all, read_range, refuse_special
from gosteward.host.reading import READ_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.host.reading import Space
    from gosteward.snapshot import User

# As the kernel: more links than this on one way are a loop.
MOST_LINKS = 40
MOST_COMPONENTS = 512
KEPT_DIRECTORIES = 128
DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class RootedHost(DerivedAnswers):
    """The root file system in the directory `root`.

    Raises:
        UsageError: it is no directory, or may not be entered.
    """

    kind = "rooted"
    live = False

    def __init__(self, root: str) -> None:
        super().__init__()
        self.root = os.path.abspath(root)
        self.environ: dict[str, str] = {}
        try:
            self._top = os.open(self.root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            raise UsageError(
                "cannot examine this directory", subject=root, hint="give the top of an unpacked root file system"
            ) from error
        # Resolved directories, "" for the top: their descriptors stay the same directories whatever is renamed meanwhile.
        self._directories: dict[str, int] = {"": self._top}

    def close(self) -> None:
        """Give back all descriptors; the host answers nothing any more."""
        for descriptor in self._directories.values():
            os.close(descriptor)
        self._directories = {}

    def __del__(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            self.close()

    def _resolve(self, path: str, *, follow: bool = True) -> str:
        """The path without links ("" for the top). With `follow=False` its last component may be a link, or missing."""
        todo = _components(checked(path))
        real = ""
        links = 0
        while todo:
            name = todo.pop()
            if name == "..":
                real = real.rpartition("/")[0]
                continue
            target = self._link(real, name) if todo or follow else ""
            if not target:
                real = f"{real}/{name}"
                continue
            links += 1
            if links > MOST_LINKS or len(todo) > MOST_COMPONENTS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            if target.startswith("/"):
                real = ""
            todo += _components(target)
        return real

    def _link(self, parent: str, name: str) -> str:
        """Target of a link, "" for what is none. Raises FileNotFoundError if nothing is there."""
        try:
            return os.readlink(name, dir_fd=self._directory(parent))
        except OSError as error:
            if error.errno == errno.EINVAL:
                return ""
            raise

    def _directory(self, real: str) -> int:
        """Descriptor of a resolved directory. It is ours until the next call."""
        known = self._directories.get(real)
        if known is not None:
            return known
        if len(self._directories) >= KEPT_DIRECTORIES:
            for path in [path for path in self._directories if path]:
                os.close(self._directories.pop(path))
        descriptor, opened = self._top, ""
        for name in real.split("/")[1:]:
            opened = f"{opened}/{name}"
            kept = self._directories.get(opened)
            if kept is None:
                kept = self._directories[opened] = os.open(name, DIRECTORY, dir_fd=descriptor)
            descriptor = kept
        return descriptor

    def _status(self, real: str) -> os.stat_result:
        parent, _, name = real.rpartition("/")
        return os.stat(name or ".", dir_fd=self._directory(parent), follow_symlinks=False)

    @contextlib.contextmanager
    def _opened(self, path: str, flags: int, *, regular: bool) -> Iterator[int]:
        real = self._resolve(path)
        if regular:
            refuse_special(self._status(real), path)
        parent, _, name = real.rpartition("/")
        descriptor = os.open(name or ".", flags | os.O_NOFOLLOW, dir_fd=self._directory(parent))
        try:
            if regular:
                refuse_special(os.fstat(descriptor), path)
            yield descriptor
        finally:
            os.close(descriptor)

    def read(self, path: str, limit: int = READ_LIMIT) -> bytes:
        with self._opened(path, FLAGS, regular=True) as descriptor:
            return read_all(descriptor, os.fstat(descriptor).st_size, limit)

    def read_at(self, path: str, offset: int, size: int) -> bytes:
        with self._opened(path, FLAGS, regular=True) as descriptor:
            return read_range(descriptor, offset, size)

    def descriptor(self, path: str) -> int:
        with self._opened(path, FLAGS, regular=True) as descriptor:
            return os.dup(descriptor)

    def listdir(self, path: str, limit: int = 10_000) -> list[str]:
        try:
            with self._opened(path, FLAGS | os.O_DIRECTORY, regular=False) as descriptor:
                entries = os.scandir(descriptor)
                with entries:
                    return sorted(entry.name for entry in islice(entries, limit))
        except OSError:
            return []

    def lstat(self, path: str) -> os.stat_result | None:
        try:
            return self._status(self._resolve(path, follow=False))
        except OSError:
            return None

    def stat(self, path: str) -> os.stat_result | None:
        try:
            return self._status(self._resolve(path))
        except OSError:
            return None

    def readlink(self, path: str) -> str:
        try:
            parent, _, name = self._resolve(path, follow=False).rpartition("/")
            return self._link(parent, name) if name else ""
        except OSError:
            return ""

    def realpath(self, path: str) -> str:
        try:
            real = self._resolve(path)
            self._status(real)
        except OSError:
            return ""
        return real or "/"

    def xattr(self, path: str, name: str) -> bytes:
        try:
            with self._opened(path, os.O_PATH | os.O_CLOEXEC, regular=False) as descriptor:
                return b"" if stat.S_ISLNK(os.fstat(descriptor).st_mode) else os.getxattr(_by_number(descriptor), name)
        except OSError:
            return b""

    def space(self, path: str) -> Space | None:  # noqa: ARG002
        """Nothing: the file systems of the examined host are not here."""
        return None

    def reading_as(self, user: User) -> contextlib.AbstractContextManager[object]:  # noqa: ARG002
        """Nothing to change: no link leads out of the root, and its users are not ours."""
        return contextlib.nullcontext()

    def may(self, path: str, rights: str, user: User) -> bool:
        return self.allowed_by_modes(path, rights, user)


def _components(path: str) -> list[str]:
    """The last one first."""
    return [name for name in reversed(path.split("/")) if name not in ("", ".")]


def _by_number(descriptor: int) -> str:
    """A name for what an O_PATH descriptor holds: system calls for attributes take no such descriptor."""
    return f"/proc/self/fd/{descriptor}"
