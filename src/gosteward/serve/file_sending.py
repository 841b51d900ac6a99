"""Parts of files to clients, by the kernel, in steps: nobody waits for long while somebody else takes a large file.

asyncio has a way of its own for this, which takes three times the Python: it looks at the file and sets the transport up anew for each part, and
has to be asked part by part, as nobody learns otherwise that a client reads nothing.

Source: sendfile(2); epoll(7) for two descriptors of one connection, each with its own interest.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = 1 << 20  # bytes at a time


async def send(to: int, file: int, place: int, count: int, went: Callable[[], None]) -> None:
    """Send bytes of a file.

    Args:
        to: descriptor of a connection that does not block, to which nothing is left to be written.   file: descriptor of the file.
        went: called each time some went.
    Raises:
        ConnectionError: the client is gone.   OSError: the file cannot be read, or is shorter than it was.
    """
    sending = _Sending(to, file, place, count, went)
    try:
        await sending.done
    finally:
        sending.close()


class _Sending:
    def __init__(self, to: int, file: int, place: int, count: int, went: Callable[[], None]) -> None:
        self._file, self._place, self._end, self._went = file, place, place + count, went
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self._loop.create_future()
        self._to = os.dup(to)  # the loop watches that of the transport, for what the client says
        try:
            self._loop.add_writer(self._to, self._step)
        except BaseException:
            os.close(self._to)
            raise

    def _step(self) -> None:
        try:
            count = os.sendfile(self._to, self._file, self._place, min(STEP, self._end - self._place))
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._finish(error)
            return
        self._place += count
        self._went()
        if not count:
            self._finish(ConnectionAbortedError("the file is shorter than it was"))
        elif self._place >= self._end:
            self._finish(None)

    def _finish(self, error: OSError | None) -> None:
        self._loop.remove_writer(self._to)
        if self.done.done():  # whoever waited is gone
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)

    def close(self) -> None:
        """Watch nothing any more."""
        self._loop.remove_writer(self._to)
        os.close(self._to)
