"""Files of modules in a directory that has the layout of the protocol, such as GOMODCACHE/cache/download: believed no more than an upstream. Blocking.

What is not in a directory that can be read is "not found"; a directory that is not there itself (not mounted, say) is not.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING

from gosteward.host.writing import READING
from gosteward.modules.answers import BAD_GATEWAY, FORBIDDEN, NOT_FOUND, Refusal
from gosteward.modules.origins.upstream import BrokenError, Coming
from gosteward.toolchains.origins.log_files import opened_below

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.modules.upstreams import Upstream

PIECE = 1 << 20
_ABSENT = (errno.ENOENT, errno.ENAMETOOLONG)  # ENOTDIR is what a link comes to


class DirectorySource:
    """Directories, by the paths of upstreams. A directory may be a link; below it, none is followed."""

    @contextlib.contextmanager
    def opened(self, upstream: Upstream, path: str, seconds: float) -> Iterator[Coming | Refusal]:  # noqa: ARG002 - as others
        try:
            top = os.open(upstream.path, READING & ~os.O_NOFOLLOW | os.O_DIRECTORY)
        except OSError as error:
            yield Refusal(BAD_GATEWAY, f"{upstream.path} cannot be read ({error.strerror})")
            return
        try:
            descriptor = opened_below(top, path)
        except OSError as error:
            yield _refusal(upstream, error)
            return
        finally:
            os.close(top)
        try:
            size = os.fstat(descriptor).st_size
            yield Coming(pieces_of(descriptor, 0, size), size, upstream.path)
        finally:
            os.close(descriptor)


def pieces_of(descriptor: int, start: int, size: int) -> Iterator[bytes]:
    """Bytes of a file. Raises BrokenError: it became shorter, or cannot be read."""
    place = start
    while place < start + size:
        try:
            piece = os.pread(descriptor, min(PIECE, start + size - place), place)
        except OSError as error:
            raise BrokenError(f"the file cannot be read ({error.strerror})") from error
        if not piece:
            raise BrokenError("the file became shorter")
        yield piece
        place += len(piece)


def _refusal(upstream: Upstream, error: OSError) -> Refusal:
    if error.errno in _ABSENT:
        return Refusal(NOT_FOUND, f"not found: {upstream.path} does not have it")
    status = FORBIDDEN if error.errno in (errno.EACCES, errno.EPERM) else BAD_GATEWAY
    return Refusal(status, f"{upstream.path} has something that cannot be read ({error.strerror})")
