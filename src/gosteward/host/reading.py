"""The reading door to a host: the only place where probes touch a file system.

A `Host` answers questions about paths of the examined host, whether that is this machine (`host.local`) or an unpacked root
below a directory (`host.rooted`). Every answer is bounded and never follows a path out of the host. Files of a user are read with
that user's rights, so that a link planted in a home shows nothing that its owner could not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import os
    from contextlib import AbstractContextManager

    from gosteward.host.reading_time import ReadingTime
    from gosteward.snapshot import User

READ_LIMIT = 1 << 20


class Space(NamedTuple):
    """What statvfs says: bytes and inodes, and whether the mount forbids execution or writing."""

    free_bytes: int
    total_bytes: int
    free_inodes: int
    total_inodes: int
    noexec: bool
    read_only: bool


class Host(Protocol):
    """What probes may ask. All paths are absolute paths of the examined host.

    Attributes:
        kind: "local" or "rooted".   root: "/" or the directory on this machine.
        live: processes can be started and /proc read (False for an unpacked root).
        environ: environment of the calling process, empty for an unpacked root.
        known_users: accounts that were looked up, by reader and by name or uid (`host.accounts`).
        reading_time: what is left of the time that probes share.
    """

    kind: str
    root: str
    live: bool
    environ: dict[str, str]
    known_users: dict[tuple[int, str | int], User]
    reading_time: ReadingTime

    def reader(self) -> int:
        """Uid whose rights count at the moment; -1 for our own."""
        ...

    def read(self, path: str, limit: int = READ_LIMIT) -> bytes:
        """At most `limit` bytes from the start of a regular file. Raises OSError (also for FIFOs, devices, directories)."""
        ...

    def read_at(self, path: str, offset: int, size: int) -> bytes:
        """`size` bytes at `offset`, fewer at the end. Raises OSError."""
        ...

    def descriptor(self, path: str) -> int:
        """A descriptor to read a regular file with, which the caller closes. Raises OSError, as `read`."""
        ...

    def text(self, path: str, limit: int = READ_LIMIT) -> str:
        """`read`, decoded as UTF-8 with surrogateescape. Raises OSError."""
        ...

    def lines(self, path: str) -> list[str]:
        """Lines without line feeds (carriage returns are kept); [] if the file cannot be read."""
        ...

    def listdir(self, path: str, limit: int = 10_000) -> list[str]:
        """Sorted names in a directory, at most `limit`; [] if it cannot be read."""
        ...

    def lstat(self, path: str) -> os.stat_result | None:
        """Of the path itself; None if it does not exist or may not be reached."""
        ...

    def stat(self, path: str) -> os.stat_result | None:
        """Through links; None if it does not exist."""
        ...

    def exists(self, path: str) -> bool:
        """Whether `stat` answers."""
        ...

    def is_directory(self, path: str) -> bool:
        """Whether it is a directory, through links."""
        ...

    def readlink(self, path: str) -> str:
        """Target of a symbolic link, "" if it is none."""
        ...

    def realpath(self, path: str) -> str:
        """Through all links; "" if a part is missing or links loop."""
        ...

    def xattr(self, path: str, name: str) -> bytes:
        """An extended attribute, b"" if absent or not supported."""
        ...

    def space(self, path: str) -> Space | None:
        """File system facts of the nearest existing parent; None if unknown."""
        ...

    def reading_as(self, user: User) -> AbstractContextManager[object]:
        """Inside the `with` block everything is read with the rights of `user`; changes nothing where we may not switch users."""
        ...

    def may(self, path: str, rights: str, user: User) -> bool:
        """Whether `user` has all of `rights` ("r", "w", "x") on what `path` leads to, and may search every directory on the way."""
        ...
