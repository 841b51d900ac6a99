"""Opening and reading files without waiting for anybody: what both kinds of host do with descriptors."""

from __future__ import annotations

import errno
import os
import stat

FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
CHUNK = 1 << 18


def checked(path: str) -> str:
    """The path, if it can be one: relative paths have no meaning on an examined host, and the kernel knows no NUL."""
    if not path.startswith("/") or "\0" in path:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    try:
        os.fsencode(path)
    except ValueError as error:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from error
    return path


def refuse_special(status: os.stat_result, path: str) -> None:
    """Raise OSError for everything that is no regular file."""
    mode = status.st_mode
    if stat.S_ISREG(mode):
        return
    code = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
    raise OSError(code, "not a regular file", path)


def read_all(descriptor: int, size: int, limit: int) -> bytes:
    """At most `limit` bytes from the start.

    Args:
        size: what fstat says; 0 for files of /proc, which have more than that.
    """
    chunks = []
    left = limit
    ask = size + 1 if size else 1 << 14
    while left > 0:
        chunk = os.read(descriptor, min(left, ask, CHUNK))
        if not chunk:
            break
        chunks.append(chunk)
        left -= len(chunk)
        ask = CHUNK
    return b"".join(chunks)


def beginning(path: str, limit: int) -> bytes | None:
    """The first bytes of a file of anybody; None if there is none. Raises OSError."""
    try:
        descriptor = os.open(path, FLAGS)
    except FileNotFoundError:
        return None
    try:
        return read_all(descriptor, limit, limit)
    finally:
        os.close(descriptor)


def mount_number(descriptor: int) -> str:
    """The number of the mount that it is on, "" if that cannot be told. Source: proc(5), /proc/PID/fdinfo."""
    try:
        with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as file:
            return next((line.split()[1] for line in file if line.startswith("mnt_id:")), "")
    except OSError:
        return ""


def read_range(descriptor: int, offset: int, size: int) -> bytes:
    """`size` bytes at `offset`, fewer at the end."""
    if offset < 0 or size <= 0 or offset >= 1 << 63:
        return b""
    chunks = []
    while size > 0:
        chunk = os.pread(descriptor, min(size, CHUNK), offset)
        if not chunk:
            break
        chunks.append(chunk)
        offset += len(chunk)
        size -= len(chunk)
    return b"".join(chunks)
