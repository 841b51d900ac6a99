"""How many files a server may have open, and how many connections fit in there.

A shell gives 1024, and lets a process take more: it is taken. Where there is no more, connections are turned away while there still are files for
transfers, the store and the health page; else nobody could be let in, and none could be told so.

Source: getrlimit(2), RLIMIT_NOFILE; accept(2), EMFILE.
"""

from __future__ import annotations

import errno
import resource
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from gosteward.serve.open_connections import Limits

WANTED = 16_384
NOT_FOR_CLIENTS = 256  # transfers with what they write, upstreams, the checksum database, the log
SHORT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_SECONDS = 10.0  # between two words about it


def raised() -> int:
    """Let this process have WANTED files open, if the system allows it. Returns how many it may have. Raises nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return WANTED
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # a security module
            return soft
        return wanted
    return soft


def fitting(limits: Limits, files: int) -> Limits:
    """Limits that leave room for what is no connection: each may be a socket and the file that is sent on it."""
    connections = max(4, (files - min(NOT_FOR_CLIENTS, files // 2)) // 2)
    if connections >= limits.connections:
        return limits
    return limits._replace(connections=connections, of_one_client=min(limits.of_one_client, max(4, connections // 2)))


class Shortage:
    """A handler for asyncio's loop, which tries again each second, and would write a traceback for each connection that waits.

    Args:
        failed: called seldom, while the error is being handled.
    """

    def __init__(self, failed: Callable[[], None]) -> None:
        self._failed, self._told = failed, float("-inf")

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in SHORT:
            loop.default_exception_handler(context)
        elif self._told + _SECONDS < loop.time():
            self._told = loop.time()
            try:
                raise error
            except OSError:
                self._failed()
