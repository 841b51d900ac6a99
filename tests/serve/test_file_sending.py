"""Large files to clients: whole however slowly they are read, cut where the file is not what it was, and nothing is left open."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from gosteward.serve.file_sending import STEP, send

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = os.urandom(3 * STEP + 17)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "large").write_bytes(CONTENT)
    descriptor = os.open(tmp_path / "large", os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@contextmanager
def connected() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        yield ours, theirs


def descriptors(ours: socket.socket) -> int:
    """How many descriptors of this process are that connection."""
    wanted, count = os.fstat(ours.fileno()).st_ino, 0
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            count += os.fstat(int(name)).st_ino == wanted
    return count


def test_what_is_read_in_small_pieces_comes_whole_and_each_step_is_told(file: int) -> None:
    async def sent() -> tuple[bytes, int]:
        told: list[None] = []
        loop = asyncio.get_running_loop()
        with connected() as (ours, theirs):
            sending = asyncio.ensure_future(send(ours.fileno(), file, 5, len(CONTENT) - 5, lambda: told.append(None)))
            received = bytearray()
            while len(received) < len(CONTENT) - 5:
                received += await loop.sock_recv(theirs, 50_000)
            await sending
            assert descriptors(ours) == 1
        return bytes(received), len(told)

    received, told = asyncio.run(sent())
    assert received == CONTENT[5:]
    assert told >= 4


def test_a_file_that_became_shorter_ends_in_an_error(file: int, tmp_path: Path) -> None:
    async def sent() -> None:
        loop = asyncio.get_running_loop()
        with connected() as (ours, theirs):
            sending = asyncio.ensure_future(send(ours.fileno(), file, 0, len(CONTENT), lambda: None))
            await loop.sock_recv(theirs, 1)
            os.truncate(tmp_path / "large", 10)
            while not sending.done():
                with suppress(BlockingIOError):
                    theirs.recv(1 << 20)
                await asyncio.sleep(0)
            await sending

    with pytest.raises(ConnectionError):
        asyncio.run(asyncio.wait_for(sent(), 20))


def test_a_client_that_goes_and_a_sender_that_is_stopped_leave_nothing_open(file: int) -> None:
    async def sent() -> None:
        with connected() as (ours, theirs):
            gone = asyncio.ensure_future(send(ours.fileno(), file, 0, len(CONTENT), lambda: None))
            await asyncio.sleep(0)
            theirs.close()
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(gone, 20)
            assert descriptors(ours) == 1
        with connected() as (ours, _):
            stopped = asyncio.ensure_future(send(ours.fileno(), file, 0, len(CONTENT), lambda: None))
            await asyncio.sleep(0)
            stopped.cancel()
            with pytest.raises(asyncio.CancelledError):
                await stopped
            assert descriptors(ours) == 1

    asyncio.run(sent())
