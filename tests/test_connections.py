"""Connections that are kept: one is used again only where an answer ended just as it said, and a server that closes it is no failure."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from gosteward import fetch, tls
from gosteward.connections import MOST_KEPT, Pool
from gosteward.golang.proxyurls import parse
from gosteward.host.local import LocalHost
from gosteward.snapshot import User
from gosteward.toolchains.origins.web import ASKERS, Web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Behaviour = Callable[[int, str], "tuple[bytes, bool]"]

OK = b"HTTP/1.1 200 OK\r\n"


class Server:
    """A server that counts.  heads: what was asked, by connection.   behave: (how many were asked over this connection, path) -> (answer, close it)."""

    def __init__(self, behave: Behaviour, context: ssl.SSLContext | None = None) -> None:
        self.behave, self.context = behave, context
        self.heads: list[list[str]] = []
        self.open: list[socket.socket] = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.open.append(connection)
            asked: list[str] = []
            self.heads.append(asked)
            threading.Thread(target=self.talk, args=(connection, asked), daemon=True).start()

    def talk(self, connection: socket.socket, asked: list[str]) -> None:
        data = b""
        with connection:
            while True:
                while b"\r\n\r\n" not in data:
                    try:
                        piece = connection.recv(1 << 16)
                    except OSError:
                        return
                    if not piece:
                        return
                    data += piece
                head, _, data = data.partition(b"\r\n\r\n")
                asked.append(head.decode())
                if self.context is not None and head.startswith(b"CONNECT"):
                    connection.sendall(OK + b"\r\n")
                    self.talk(self.context.wrap_socket(connection, server_side=True), asked)
                    return
                answer, close = self.behave(len(asked), head.split()[1].decode())
                try:
                    connection.sendall(answer)
                except OSError:
                    return
                if close:
                    return


@contextmanager
def serving(behave: Behaviour, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(behave, context)
    threading.Thread(target=server.run, daemon=True).start()
    try:
        yield server
    finally:
        server.listening.close()
        for connection in server.open:
            connection.close()


def of(body: bytes) -> bytes:
    return OK + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool()
    yield made
    made.close()


def get(url: str, pool: Pool | None, **kw) -> fetch.Answer:
    parsed = parse(url)
    assert parsed is not None
    return fetch.fetch(parsed, fetch.Request(deadline=time.monotonic() + 5, pool=pool, limit=1000, **kw))


CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
ENDED = {
    "length": of(b"hello"),
    "nothing": of(b""),
    "chunks": OK + CHUNKS,
    "said so": OK + b"Connection: keep-alive\r\n" + CHUNKS,
    "not found": b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello",
}


@pytest.mark.parametrize("answer", ENDED.values(), ids=ENDED.keys())
def test_a_connection_is_used_again_behind_an_answer_that_ended(pool: Pool, answer: bytes) -> None:
    with serving(lambda _number, _path: (answer, False)) as server:
        assert [get(f"{server.url}/{n}", pool).body for n in range(3)] == [get(server.url, pool).body] * 3
    assert [len(asked) for asked in server.heads] == [4]
    assert "Connection: close" not in server.heads[0][0]


ODD = {
    "it says that it closes": OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello",
    "two lengths": OK + b"Content-Length: 7\r\nContent-Length: 5\r\n\r\nhello",
    "a length and chunks": OK + b"Content-Length: 5\r\n" + CHUNKS,
    "another coding as well": OK + CHUNKS.replace(b"chunked", b"gzip, chunked"),
    "bytes behind the length": of(b"hello") + b"HTTP/1.1 200 OK\r\n",
    "bytes behind the chunks": OK + CHUNKS + b"HTTP/1.1",
    "trailers": OK + CHUNKS[:-2] + b"X: y\r\n\r\n",
    "bytes behind a chunk": OK + CHUNKS.replace(b"hel\r\n", b"helxx\r\n"),
    "the old protocol": b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "a switch of protocols": b"HTTP/1.1 101 Switching\r\nContent-Length: 5\r\n\r\nhello",
}


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD.keys())
def test_a_connection_is_closed_behind_anything_odd(pool: Pool, answer: bytes) -> None:
    with serving(lambda _number, _path: (answer, False)) as server:
        assert [get(f"{server.url}/{n}", pool).body for n in range(2)] == [b"hello"] * 2
    assert [len(asked) for asked in server.heads] == [1, 1]


def test_a_length_that_is_a_lie_is_no_answer_and_taints_no_other_one(pool: Pool) -> None:
    def behave(_number: int, path: str) -> tuple[bytes, bool]:
        return (OK + b"Content-Length: 9\r\n\r\nhello", True) if path == "/lie" else (of(path.encode()), False)

    with serving(behave) as server:
        assert get(f"{server.url}/a", pool).body == b"/a"
        with pytest.raises(fetch.FetchError, match="ends after 5 of 9 bytes"):
            get(f"{server.url}/lie", pool)
        assert get(f"{server.url}/b", pool).body == b"/b"


def test_an_answer_that_is_longer_than_wanted_is_not_read_on(pool: Pool) -> None:
    with serving(lambda _number, _path: (of(b"x" * 5_000_000), False)) as server:
        assert all(get(server.url, pool).cut for _ in range(2))
    assert [len(asked) for asked in server.heads] == [1, 1]


def test_a_server_that_closes_after_each_answer_is_asked_over_new_ones(pool: Pool) -> None:
    with serving(lambda _number, path: (of(path.encode()), True)) as server:
        assert [get(f"{server.url}/{n}", pool).body for n in range(4)] == [b"/0", b"/1", b"/2", b"/3"]
    assert [len(asked) for asked in server.heads] == [1] * 4


def test_a_server_that_closes_when_it_is_asked_again_is_asked_once_more(pool: Pool) -> None:
    """As one does whose patience ends just then: nothing at all comes back."""
    with serving(lambda number, path: (of(path.encode()) if number == 1 else b"", number > 1)) as server:
        assert [get(f"{server.url}/{n}", pool).body for n in range(3)] == [b"/0", b"/1", b"/2"]
    assert [len(asked) for asked in server.heads] == [2, 2, 1]


def test_half_a_head_on_a_kept_connection_is_a_failure(pool: Pool) -> None:
    with serving(lambda number, _path: (of(b"") if number == 1 else b"HTTP/1.1 2", number > 1)) as server:
        get(server.url, pool)
        with pytest.raises(fetch.FetchError, match="closed without an answer"):
            get(server.url, pool)
    assert len(server.heads) == 1


def test_what_comes_without_being_asked_for_is_no_answer(pool: Pool) -> None:
    """An answer sent in advance is not taken for that to the next question."""
    arrived = threading.Event()

    def behave(_number: int, path: str) -> tuple[bytes, bool]:
        return of(path.encode()), False

    with serving(behave) as server:
        assert get(f"{server.url}/a", pool).body == b"/a"
        server.open[0].sendall(of(b"evil"))
        arrived.wait(0.05)
        assert get(f"{server.url}/b", pool).body == b"/b"
    assert [len(asked) for asked in server.heads] == [1, 1]


def test_other_servers_and_ways_have_connections_of_their_own(pool: Pool) -> None:
    with (
        serving(lambda _number, path: (of(path.encode()), False)) as one,
        serving(lambda _n, _p: (of(b"proxy"), False)) as proxy,
    ):
        through = {"route": lambda _: parse(proxy.url)}
        for _ in range(2):
            assert get(f"{one.url}/x", pool).body == b"/x"
            assert get(f"{one.url}/x", pool, **through).body == b"proxy"
    assert [len(asked) for asked in one.heads] == [len(asked) for asked in proxy.heads] == [2]
    assert proxy.heads[0][0].startswith(f"GET {one.url}/x ")


def test_a_redirect_goes_over_the_same_connection(pool: Pool) -> None:
    def behave(_number: int, path: str) -> tuple[bytes, bool]:
        if path == "/from":
            return b"HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n", False
        return of(path.encode()), False

    with serving(behave) as server:
        assert [get(f"{server.url}/from", pool).body for _ in range(2)] == [b"/to"] * 2
    assert [len(asked) for asked in server.heads] == [4]


def test_a_tunnel_with_tls_is_made_once(pool: Pool, tmp_path: Path) -> None:
    """The proxy is the server as well."""
    made = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=x",
            "-addext", "subjectAltName=DNS:log.example", "-keyout", "key.pem", "-out", "cert.pem")  # fmt: skip
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    trust = tls.verifying((tmp_path / "cert.pem").read_text())
    with serving(lambda _number, path: (of(path.encode()), False), context) as server:
        ask = {"trust": trust, "route": lambda _: parse(server.url)}
        assert [get(f"https://log.example/{n}", pool, **ask).body for n in range(3)] == [b"/0", b"/1", b"/2"]
    assert [[head.split()[0] for head in asked] for asked in server.heads] == [["CONNECT", "GET", "GET", "GET"]]


def test_no_more_are_kept_than_ask_at_once(pool: Pool) -> None:
    asked = threading.Barrier(MOST_KEPT + 3, timeout=5)

    def behave(number: int, path: str) -> tuple[bytes, bool]:
        if number == 1 and path == "/at-once":
            asked.wait()
        return of(b""), False

    with serving(behave) as server:
        threads = [threading.Thread(target=get, args=(f"{server.url}/at-once", pool)) for _ in range(MOST_KEPT + 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [len(kept) for kept in pool._kept.values()] == [MOST_KEPT]


def test_without_a_pool_each_question_has_its_own() -> None:
    with serving(lambda _number, _path: (of(b""), False)) as server:
        for _ in range(2):
            get(server.url, None)
    assert [len(asked) for asked in server.heads] == [1, 1]
    assert "Connection: close" in server.heads[0][0]


def test_many_questions_go_over_few_connections_in_order() -> None:
    with serving(lambda _number, path: (of(path.encode()), False)) as server:
        web = Web(LocalHost({}), User())
        answers = web.ask_all([f"{server.url}/{n}" for n in range(40)])
        assert [getattr(answer, "body", b"") for answer in answers] == [b"/%d" % n for n in range(40)]
        web.ask(f"{server.url}/last")
    assert len(server.heads) <= ASKERS
    assert sum(map(len, server.heads)) == 41
