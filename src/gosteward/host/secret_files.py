"""Files that decide who is let in: read only where nobody else could have written them, and where they are secret, nobody else reads them.

They may be links, as certificates that are renewed often are. A group may read them: services have one of their own.
Source: as OpenSSH's client, which refuses a private key with "UNPROTECTED PRIVATE KEY FILE".
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import PrivilegeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LIMIT = 1 << 20
_READING = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class Seen(NamedTuple):
    """What tells one state of a file from another; all 0 for none."""

    device: int = 0
    inode: int = 0
    size: int = 0
    changed: int = 0  # nanoseconds, of status and content


def seen(paths: Sequence[str]) -> tuple[Seen, ...]:
    """The states of files, as cheap as can be."""
    return tuple(_seen(path) for path in paths)


def _seen(path: str) -> Seen:
    try:
        status = os.stat(path)
    except OSError:
        return Seen()
    return Seen(status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns)


@contextlib.contextmanager
def opened(path: str, *, secret: bool) -> Iterator[int]:
    """A descriptor of a file that can be believed.

    Args:
        secret: whether others must not read it either.
    Raises:
        UsageError: it cannot be read, or is no file.   PrivilegeError: others can write or read it, or it belongs to somebody else.
    """
    try:
        descriptor = os.open(path, _READING)
    except OSError as error:
        raise UsageError(f"it cannot be read ({error.strerror})", subject=path) from error
    try:
        _check(path, os.fstat(descriptor), secret=secret)
        yield descriptor
    finally:
        os.close(descriptor)


def content(path: str, *, secret: bool) -> bytes:
    """All of a file. Raises as `opened`, and UsageError where it is longer than LIMIT."""
    with opened(path, secret=secret) as descriptor, open(descriptor, "rb", closefd=False) as file:
        found = file.read(LIMIT + 1)
    if len(found) > LIMIT:
        raise UsageError(f"it has more than {LIMIT} bytes", subject=path)
    return found


def _check(path: str, status: os.stat_result, *, secret: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UsageError("it is no file", subject=path)
    if status.st_uid not in (0, os.geteuid()):
        raise PrivilegeError(f"it belongs to the user {status.st_uid}, who is neither root nor this one", subject=path)
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PrivilegeError("others may write to it", subject=path, hint=f"chmod go-w {path}")
    if secret and status.st_mode & stat.S_IROTH:
        raise PrivilegeError("everybody may read it, and it is secret", subject=path, hint=f"chmod o-rwx {path}")
