"""Whatever bytes come, in whatever pieces: a connection ends, nothing is raised, and what is answered does not depend on the pieces."""

from __future__ import annotations

import asyncio
import os
import re
import select
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gosteward.serve.connections import MOST_HEADER_BYTES, Asked, Timeouts, head, plain
from gosteward.serve.open_connections import Connections
from serve.serving import Fault, everything, proxy, upstream

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gosteward.serve.connections import Reply, Writer

SECONDS = 20.0
ANSWER = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n(?:[a-z-]+: [^\r\n]*\r\n)+\r\n")


class Outcome(NamedTuple):
    """What a client got, what was asked for, and what went wrong inside."""

    received: bytes
    asked: list[Asked]
    troubles: list[str]


async def _spoken(pieces: Sequence[bytes]) -> Outcome:
    loop, asked, troubles = asyncio.get_running_loop(), list[Asked](), list[str]()
    loop.set_exception_handler(lambda _, context: troubles.append(str(context)))

    async def slowly(to: Writer) -> None:
        to.write(head(200, "x: y\r\n", 4))
        await asyncio.sleep(0)
        to.write(b"slow")
        await to.drained()

    def application(one: Asked) -> Reply:
        asked.append(one)
        return slowly if b"slow" in one.target else plain(200, "at once")

    clients = Connections(application, lambda: troubles.append("failed"), Timeouts(1.0, 1.0, 1.0))
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    await loop.connect_accepted_socket(clients.made, theirs)
    received = b""
    try:
        for piece in pieces:
            await loop.sock_sendall(ours, piece)
            await asyncio.sleep(0)
        ours.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    try:
        while piece := await loop.sock_recv(ours, 1 << 16):
            received += piece
    except ConnectionError:
        pass
    ours.close()
    while len(clients):  # noqa: ASYNC110 - within the time that `spoken` gives
        await asyncio.sleep(0)
    return Outcome(received, asked, troubles)


def spoken(*pieces: bytes) -> Outcome:
    """Say something to a connection, piece by piece, then no more. A connection that does not end is a TimeoutError."""
    return asyncio.run(asyncio.wait_for(_spoken(pieces), SECONDS))


WORDS = st.sampled_from(
    (
        b"GET ", b"HEAD ", b"POST ", b"CONNECT ", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"/", b"/slow", b"*", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n",
        b" HTTP/9.9\r\n", b"Host: x\r\n", b"Connection: close\r\n", b"Connection: keep-alive, Upgrade\r\n", b"Upgrade: h2c\r\n", b"Expect: 100-continue\r\n",
        b"Content-Length: 0\r\n", b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n", b"\n", b"\r", b"\0",
        b": ", b" ", b"\t", b"0\r\n\r\n", b"5\r\nhello\r\n", b"Authorization: Basic eDp5\r\n", b"X: " + b"y" * 9_000 + b"\r\n", b"a" * 5_000, b"\xff",
    )
)  # fmt: skip
REQUESTS = st.sampled_from(
    (
        b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /now HTTP/1.1\r\nHost: x\r\nX: y\r\n\r\n", b"HEAD /now HTTP/1.1\r\n\r\n",
        b"GET /slow?x=%21 HTTP/1.0\r\n\r\n", b"GET /now HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", b"hello\r\n\r\n",
    )
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(WORDS, REQUESTS, st.binary(max_size=40)), max_size=30))
@example([b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"])
def test_bytes_of_any_kind_raise_nothing_and_are_answered_by_whole_answers(pieces: list[bytes]) -> None:
    found = spoken(*pieces)
    assert found.troubles == []
    assert not found.received or ANSWER.match(found.received)


@settings(max_examples=150, deadline=None)
@given(st.lists(REQUESTS, min_size=1, max_size=8), st.lists(st.integers(1, 400), max_size=12))
def test_pieces_make_no_difference(requests: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(requests)
    pieces, place = [], 0
    for cut in cuts:
        pieces.append(whole[place : place + cut])
        place += cut
    once, split = spoken(whole), spoken(*filter(None, (*pieces, whole[place:])))
    assert split.troubles == once.troubles == []
    assert [one.target for one in split.asked] == [one.target for one in once.asked]
    assert split.received == once.received


def test_headers_behind_an_answer_under_way_have_limits_as_well(tmp_path: Path) -> None:
    path = "/example.com/slow/@v/v1.0.0.mod"
    with upstream() as behind, proxy(tmp_path, behind.url) as served:
        behind.files[path] = b"module example.com/slow\n"
        behind.faults[path] = Fault(delay=3.0)
        served.waits = False
        with socket.create_connection(("127.0.0.1", served.port), timeout=SECONDS) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\nGET /".encode())
            client.sendall(b"y" * (32 * MOST_HEADER_BYTES))
            while b"connections_refused_total 1\n" not in served.get("/metrics").body:  # it is not read to its end
                assert not select.select([client], [], [], 0.01)[0], "the answer under way has ended"
            received = everything(client)
        assert received.startswith(b"HTTP/1.1 200 OK\r\n")
        assert behind.files[path] + b"HTTP/1.1 431 " in received


def test_what_came_before_nonsense_is_answered_before_the_connection_ends() -> None:
    asked = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
    found = spoken(asked + asked + b"no HTTP\r\n\r\n" + asked)
    assert (len(found.asked), found.received.count(b"slow"), found.received.count(b"HTTP/1.1 200")) == (2, 2, 2)
    assert found.received.count(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n") == 1


def test_what_the_application_raises_is_not_the_clients_fault() -> None:
    async def asked() -> tuple[bytes, int]:
        loop, failures = asyncio.get_running_loop(), []

        def application(_: Asked) -> Reply:
            raise RuntimeError

        clients = Connections(application, lambda: failures.append(1))
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        await loop.connect_accepted_socket(clients.made, theirs)
        await loop.sock_sendall(ours, b"GET / HTTP/1.1\r\n\r\n")
        answer = await loop.sock_recv(ours, 1_000)
        ours.close()
        return answer, len(failures)

    answer, failures = asyncio.run(asked())
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert failures == 1


def test_clients_that_are_cut_off_while_they_wait_leave_nothing_open(tmp_path: Path) -> None:
    path = "/example.com/slow/@v/v1.0.0.zip"
    with upstream() as behind, proxy(tmp_path, behind.url) as served:
        behind.add("example.com/slow", "v1.0.0", {"large": os.urandom(1 << 20)})
        behind.faults[path] = Fault(delay=0.7)
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", served.port)) as client:
                client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                time.sleep(0.1)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # it ends with RST
        assert served.get(path).body == behind.files[path]
        until = time.time() + SECONDS
        while _open_below(tmp_path):
            assert time.time() < until, _open_below(tmp_path)


def _open_below(top: Path) -> list[str]:
    """Files below a directory that this process has open."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the directory itself
            found.append(os.readlink(f"/proc/self/fd/{name}"))
    return [path for path in found if path.startswith(f"{top}/")]
