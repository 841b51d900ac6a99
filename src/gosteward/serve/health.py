"""`/healthz`: the process answers. `/readyz`: it can do its work, which is so while the store can be written to and has room, and the policy can judge.

An upstream that does not answer makes it no less ready: what is stored is served, and another instance would fare no better.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from gosteward.serve.pages import TEXT, Body, answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from gosteward.modules.storage.disk import DiskStore
    from gosteward.serve.connections import Asked, Reply, Writer

LEAST_FREE = 64 << 20  # bytes
LEAST_NAMES = 100  # inodes
BELIEVED = 1.0  # seconds
PATIENCE = 5.0  # seconds


def healthz(asked: Asked) -> Reply:
    """The page."""
    return answer(asked, Body(TEXT, "ok\n"))


class Readiness:
    """The page `/readyz`.

    Args:
        threads: where the disk is asked, which may take long.   space: free bytes and names of a directory.
        otherwise: why it is not ready for another reason, "" for none; asked at once.
    """

    def __init__(
        self,
        store: DiskStore,
        threads: Executor,
        space: Callable[[str], tuple[int, int]] | None = None,
        otherwise: Callable[[], str] = str,
    ) -> None:
        self._store, self._threads, self._otherwise = store, threads, otherwise
        self._space = space if space is not None else free
        self._looking: asyncio.Future[str] | None = None
        self._last = ("", 0.0)

    def __call__(self, asked: Asked) -> Reply:
        return lambda to: self._answer(asked, to)

    async def _answer(self, asked: Asked, to: Writer) -> None:
        problem = await self._problem() or self._otherwise()
        body = Body(TEXT, f"not ready: {problem}\n", 503, "retry-after: 10\r\n") if problem else Body(TEXT, "ok\n")
        to.write(answer(asked, body))

    async def _problem(self) -> str:
        problem, until = self._last
        if time.monotonic() < until:
            return problem
        # However many ask, and however long the disk takes: one thread waits for it.
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().run_in_executor(self._threads, self._found)
        try:
            problem = await asyncio.wait_for(asyncio.shield(self._looking), PATIENCE)
        except asyncio.TimeoutError:
            return f"the disk has not answered for {PATIENCE:.0f} s"
        self._last = problem, time.monotonic() + BELIEVED
        return problem

    def _found(self) -> str:
        """Why the store cannot be used; "" if it can. Blocking."""
        try:
            incoming = self._store.incoming()
            try:
                incoming.write(b"ready?\n")
            finally:
                incoming.discard()
            size, names = self._space(self._store.top)
        except OSError as error:
            return f"the store cannot be written to: {error.strerror}"
        if size < LEAST_FREE:
            return f"the store has {size >> 20} MiB left, and needs {LEAST_FREE >> 20}"
        return f"the store's file system has room for {names} more files" if names < LEAST_NAMES else ""


def free(directory: str) -> tuple[int, int]:
    """Bytes and inodes that are free. File systems without a fixed number of inodes say that they have none at all. Raises OSError."""
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize, found.f_favail if found.f_files else LEAST_NAMES
