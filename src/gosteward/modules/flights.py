"""One transfer from an upstream, however many clients wait for its file: they read what has come so far, and the rest as it comes.

The transfer runs in a thread; everything else in the event loop. Nobody gets the last bytes before the whole file is proved, so that a client
never takes a wrong file for a whole one: its connection is cut instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.modules.answers import Refusal

HELD_BACK = 1 << 14  # bytes at the end, until the file is proved


class Unwatched:
    """A transfer that nobody follows: whoever wants its file waits in the thread that makes it.

    Attributes:
        refusal: why there is no file; None once it ended well.   is_left: as of `Flight`.
    """

    is_left = False

    def __init__(self) -> None:
        self.refusal: Refusal | None = None

    def begin(self, descriptor: int, size: int) -> None:
        """As `Flight.begin`."""

    def advance(self, got: int) -> None:
        """As `Flight.advance`."""

    def prove(self, got: int) -> None:
        """As `Flight.prove`."""

    def end(self, refusal: Refusal | None, got: int = 0) -> None:  # noqa: ARG002 - as `Flight.end`
        self.refusal = refusal


class Flight:
    """A file that comes.

    Args:
        landed: called in the event loop when nothing more comes.

    Attributes:
        size: bytes of the whole file, -1 where nobody says.   refusal: why there is none; None while that is open, and where all went well.
        ended: nothing more comes.   is_left: whoever wanted it has gone.
    """

    def __init__(self, path: str, landed: Callable[[Flight], None] = lambda _: None) -> None:
        self.path = path
        self.size = -1
        self.refusal: Refusal | None = None
        self.ended = self._has_landed = self.is_left = False
        self._landed = landed
        self._outcome: Refusal | None = None
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._descriptor = -1
        self._readers = 0
        self._got = 0

    # What the thread calls.

    def begin(self, descriptor: int, size: int) -> None:
        """The answer is 200.  descriptor: of the file that grows; it is duplicated."""
        self._tell(self._begun, os.dup(descriptor), size)

    def advance(self, got: int) -> None:
        """So many bytes are there by now."""
        self._tell(self._advanced, got)

    def prove(self, got: int) -> None:
        """All is there, and proved: nobody has to wait until it is on the disk."""
        self._tell(self._proved, got)

    def end(self, refusal: Refusal | None, got: int = 0) -> None:
        """All is there and proved, or there is nothing. Who has all of it by then keeps it, whatever this says."""
        self._tell(self._ended, refusal, got)

    # What clients call.

    async def started(self) -> None:
        """Wait until it is known whether there is a file."""
        while self._descriptor < 0 and not self.ended:
            await self._wait()

    async def readable(self, place: int) -> int:
        """Wait until there are bytes behind a place. Returns up to where they may be read; `place` itself at the end."""
        while self._free() <= place and not self.ended:
            await self._wait()
        return max(place, self._free())

    async def landed(self) -> Refusal | None:
        """Wait until it is in the store, and on the disk. Returns why it is not."""
        while not self._has_landed:
            await self._wait()
        return self._outcome

    def read(self, place: int, count: int) -> bytes:
        """Bytes of the file. Raises OSError."""
        return os.pread(self._descriptor, count, place)

    def join(self) -> None:
        """One more reads it; it is open until as many `leave`."""
        self._readers += 1
        self.is_left = False

    def leave(self) -> None:
        self._readers -= 1
        self.is_left = not self._readers
        self._close_unread()

    @property
    def is_whole(self) -> bool:
        """Whether all of it came, and is what it should be."""
        return self.ended and self.refusal is None

    @property
    def got(self) -> int:
        """Bytes that came."""
        return self._got

    def _free(self) -> int:
        return self._got if self.is_whole else 0 if self.refusal else self._got - HELD_BACK

    async def _wait(self) -> None:
        await self._changed.wait()

    def _tell(self, what: Callable[..., None], *values: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it everybody who waits
            self._loop.call_soon_threadsafe(what, *values)

    def _begun(self, descriptor: int, size: int) -> None:
        self._descriptor, self.size = descriptor, size
        self._kick()

    def _advanced(self, got: int) -> None:
        self._got = got
        self._kick()

    def _proved(self, got: int) -> None:
        self._got, self.ended = got, True
        self._kick()

    def _ended(self, refusal: Refusal | None, got: int) -> None:
        if not self.ended:
            self.refusal, self.ended = refusal, True
            self._got = max(self._got, got)
        self._has_landed, self._outcome = True, refusal
        self._landed(self)
        self._kick()
        self._close_unread()

    def _kick(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _close_unread(self) -> None:
        if self._has_landed and not self._readers and self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
