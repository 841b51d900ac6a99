"""Objects in a directory that several hosts have mounted (NFS), or several proxies on one host use.

    DIR/modules/...   DIR/hashes/...   DIR/incoming/: what is not whole

It has to be there: where a mount is missing, nothing is written below its mount point, as long as DIR is a directory in the mount.
Source: link(2): fails where the name exists, on NFS, too; rename(2).
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from gosteward.host.writing import READING
from gosteward.modules.origins.directory import pieces_of
from gosteward.modules.origins.upstream import Coming
from gosteward.modules.shared.objects import UnusableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.modules.shared.objects import Content

_INCOMING = "incoming"
_ABANDONED = 86_400.0  # seconds after which nobody writes a file any more
_MAKING = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class ObjectsInDirectory:
    """Objects as files.

    Args:
        top: absolute path of a directory that is there.
    """

    def __init__(self, top: str) -> None:
        self._top = top.rstrip("/")
        self.shown = self._top

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[Coming | None]:
        with _usable():
            self._must_be_there()
            descriptor = self._open(name)
        if descriptor is None:
            yield None
            return
        try:
            size = os.fstat(descriptor).st_size
            yield Coming(pieces_of(descriptor, 0, size), size, self.shown)
        finally:
            os.close(descriptor)

    def put(self, name: str, content: Content, *, replace: bool) -> bool:
        return self._placed(name, pieces_of(content.descriptor, 0, content.size), replace=replace)

    def create(self, name: str, content: bytes) -> bool:
        return self._placed(name, iter((content,)), replace=False)

    def names(self, directory: str) -> Iterator[str]:
        with _usable():
            self._must_be_there()
            for above, _, files in os.walk(f"{self._top}/{directory}"):
                for name in files:
                    yield os.path.relpath(f"{above}/{name}", self._top)

    def _open(self, name: str) -> int | None:
        try:
            return os.open(f"{self._top}/{name}", READING)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _placed(self, name: str, pieces: Iterator[bytes], *, replace: bool) -> bool:
        with _usable():
            self._must_be_there()
            target = f"{self._top}/{name}"
            if not replace and os.path.lexists(target):
                return False
            with self._written(pieces) as new:
                os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
                if replace:
                    os.rename(new, target)
                    return True
                with contextlib.suppress(FileExistsError):
                    os.link(new, target)
                # An answer of an NFS server may get lost after it made the link, and the second try finds the name taken: by ourselves.
                return os.stat(new).st_nlink > 1

    @contextlib.contextmanager
    def _written(self, pieces: Iterator[bytes]) -> Iterator[str]:
        incoming = f"{self._top}/{_INCOMING}"
        os.makedirs(incoming, 0o755, exist_ok=True)
        new = f"{incoming}/{os.urandom(12).hex()}"
        descriptor = os.open(new, _MAKING, 0o644)
        try:
            try:
                for piece in pieces:
                    rest = memoryview(piece)
                    while rest:
                        rest = rest[os.write(descriptor, rest) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            yield new
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(new)

    def _must_be_there(self) -> None:
        if not os.path.isdir(self._top):
            raise UnusableError("there is no such directory")

    def remove_abandoned(self) -> None:
        """Remove what was left unwritten to its end long ago. Raises nothing."""
        with contextlib.suppress(OSError):
            for name in os.listdir(f"{self._top}/{_INCOMING}"):
                path = f"{self._top}/{_INCOMING}/{name}"
                with contextlib.suppress(OSError):
                    if os.lstat(path).st_mtime < time.time() - _ABANDONED:
                        os.unlink(path)


@contextlib.contextmanager
def _usable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnusableError(error.strerror or "it cannot be used") from error
