"""Connections: many requests on one, in order; none that could be read in two ways; nobody who holds one for nothing."""

from __future__ import annotations

import os
import socket
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from gosteward.serve.connections import Timeouts
from gosteward.serve.open_connections import IDLE_ENOUGH, Limits
from serve.serving import Served, Upstream, everything, proxy, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE, VERSION = "example.com/text", "v1.2.3"
BASE = f"/{MODULE}/@v/{VERSION}"


@pytest.fixture
def behind() -> Iterator[Upstream]:
    with upstream() as served:
        served.add(MODULE, VERSION, {"text.go": b"package text\n" * 50_000, "random": os.urandom(2 << 20)})
        yield served


@pytest.fixture
def served(tmp_path: Path, behind: Upstream) -> Iterator[Served]:
    with proxy(tmp_path, behind.url) as found:
        for suffix in (".info", ".mod", ".zip"):
            assert found.get(BASE + suffix).status == 200
        yield found


@contextmanager
def client(served: Served) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        yield connection


def request(path: str, *headers: str) -> bytes:
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: x", *headers, "", "")).encode()


def test_pipelined_requests_are_answered_in_their_order(served: Served, behind: Upstream) -> None:
    kinds = [".mod", ".zip", ".info", ".mod", ".zip"]
    with client(served) as connection:
        connection.sendall(b"".join(request(BASE + kind) for kind in kinds) + request("/none", "Connection: close"))
        received = everything(connection)
    for kind in kinds:
        head, _, received = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK")
        body = behind.files[BASE + kind]
        assert received.startswith(body)
        received = received[len(body) :]
    assert received.startswith(b"HTTP/1.1 400 Bad Request\r\nconnection: close")


def test_a_request_may_come_byte_by_byte(served: Served) -> None:
    with client(served) as connection:
        for byte in request(BASE + ".mod", "Connection: close"):
            connection.sendall(bytes([byte]))
        assert everything(connection).startswith(b"HTTP/1.1 200 OK")


def test_http_1_0_is_closed_after_its_answer(served: Served) -> None:
    with client(served) as connection:
        connection.sendall(f"GET {BASE}.mod HTTP/1.0\r\n\r\n".encode())
        assert b"200 OK" in everything(connection)


SMUGGLED = {
    "length": "POST {base}.mod HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\nGET /evil HTTP/1.1\r\nHost: x\r\n\r\n",
    "body of a GET": "GET {base}.mod HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" "GET /evil HTTP/1.1\r\nHost: x\r\n\r\n",
    "chunks": "GET {base}.mod HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\nHost: x\r\n\r\n",
    "both": "GET {base}.mod HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n",
    "two lengths": "GET {base}.mod HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 28\r\n\r\nGET /evil HTTP/1.1\r\n\r\n",
    "odd coding": "GET {base}.mod HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\nGET /evil HTTP/1.1\r\n\r\n",
    "space before the colon": "GET {base}.mod HTTP/1.1\r\nHost: x\r\nContent-Length : 28\r\n\r\nGET /evil HTTP/1.1\r\n\r\n",
    "folded header": "GET {base}.mod HTTP/1.1\r\nHost: x\r\nX: a\r\n Transfer-Encoding: chunked\r\n\r\nGET /evil HTTP/1.1\r\n\r\n",
    "bare LF": "GET {base}.mod HTTP/1.1\nHost: x\nContent-Length: 28\n\nGET /evil HTTP/1.1\r\n\r\n",
    "upgrade": "GET {base}.mod HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nGET /evil HTTP/1.1\r\n\r\n",
    "no HTTP": "hello\r\n\r\n",
    "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "x" * 100,
}  # fmt: skip


@pytest.mark.parametrize("attack", SMUGGLED)
def test_what_could_be_read_in_two_ways_ends_the_connection(served: Served, behind: Upstream, attack: str) -> None:
    asked = len(behind.asked)
    with client(served) as connection:
        connection.sendall(SMUGGLED[attack].format(base=BASE).encode("latin-1"))
        received = everything(connection)
    # The second request, if it is one, is refused as any path of that kind; it never becomes part of the first.
    assert received.count(b"HTTP/1.1 ") <= 2
    assert b"HTTP/1.1 400 Bad Request" in received
    assert len(behind.asked) == asked


def test_headers_and_paths_have_limits(served: Served) -> None:
    with client(served) as connection:
        connection.sendall(request("/" + "a" * 5_000))
        assert everything(connection).startswith(b"HTTP/1.1 414")
    with client(served) as connection:
        connection.sendall(request(BASE + ".mod", *(f"X-{number}: {'y' * 900}" for number in range(40)))[:-2])
        assert everything(connection).startswith(b"HTTP/1.1 431")
    with client(served) as connection:
        connection.sendall(request(BASE + ".mod", f"Authorization: Basic {'y' * 20_000}"))
        assert everything(connection).startswith(b"HTTP/1.1 431")


def test_who_sends_slowly_waits_idly_or_does_not_read_is_cut_off(tmp_path: Path, behind: Upstream) -> None:
    short = Timeouts(head=0.6, idle=0.8, stalled=0.8)
    with proxy(tmp_path, behind.url, timeouts=short) as served:
        assert served.get(f"{BASE}.zip").status == 200
        with client(served) as slow, client(served) as idle, client(served) as silent, client(served) as deaf:
            slow.sendall(b"GET /")
            idle.sendall(request(f"{BASE}.mod"))
            received = b""
            while not received.endswith(behind.files[f"{BASE}.mod"]):
                received += idle.recv(1 << 16)
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            deaf.sendall(request(f"{BASE}.zip") * 8)
            for connection in (slow, idle, silent):
                assert everything(connection) == b""
            time.sleep(1.5)
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)  # what is on its way comes at once
            assert len(everything(deaf)) < 8 * len(behind.files[f"{BASE}.zip"])
        assert served.get(f"{BASE}.mod").status == 200


def test_who_has_many_idle_connections_gets_one_more_for_the_longest_idle(tmp_path: Path, behind: Upstream) -> None:
    with proxy(tmp_path, behind.url, limits=Limits(connections=8, of_one_client=3)) as served, ExitStack() as held:
        idle = [held.enter_context(client(served)) for _ in range(3)]
        for connection in idle:
            connection.sendall(request("/healthz"))
            assert connection.recv(1_000).startswith(b"HTTP/1.1 200")
        idle[0].sendall(b"GET /hea")  # no longer idle
        time.sleep(2 * IDLE_ENOUGH)
        for _ in range(2):
            more = held.enter_context(client(served))
            more.sendall(request("/healthz"))
            assert more.recv(1_000).startswith(b"HTTP/1.1 200")
        assert [everything(connection) for connection in idle[1:]] == [b"", b""]
        idle[0].sendall(b"lthz HTTP/1.0\r\n\r\n")
        assert everything(idle[0]).startswith(b"HTTP/1.1 200")


def test_one_client_cannot_take_all_connections(tmp_path: Path, behind: Upstream) -> None:
    with proxy(tmp_path, behind.url, limits=Limits(connections=8, of_one_client=3)) as served:
        held = [socket.create_connection(("127.0.0.1", served.port), timeout=20) for _ in range(3)]
        try:
            for connection in held:
                connection.sendall(request("/healthz"))
                assert connection.recv(1_000).startswith(b"HTTP/1.1 200")
            with client(served) as one_more:
                assert everything(one_more).startswith(b"HTTP/1.1 503")
        finally:
            for connection in held:
                connection.close()
        until = time.time() + 10
        while served.get("/healthz").status != 200:
            assert time.time() < until
