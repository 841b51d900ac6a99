"""SOCKS5 proxies, spoken to as net/http speaks to them, against a small server of RFC 1928 and RFC 1929; and what the probe makes of them."""

from __future__ import annotations

import getpass
import http.server
import os
import socket
import socketserver
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward import fetch
from gosteward.formats import socks5
from gosteward.golang.proxyurls import parse
from gosteward.host.local import LocalHost
from gosteward.probes import network
from gosteward.snapshot import Context, EnvironmentVariable, Location, NetworkCheck, Setting, User

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOROOT = os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go")  # `make test` names the one of the fault lab

REFUSING_RULES, UNREACHABLE_HOST, REFUSED = 2, 4, 5


class Proxy:
    """A SOCKS5 server on the loopback that leads every name to one server.

    Args:
        login: name and password that it wants.   reply: code of its answer to every request (0: let through).
        target: port on the loopback.   split: send answers byte by byte.
    """

    def __init__(self, *, login: str = "", reply: int = 0, target: int = 0, split: bool = False) -> None:
        self.login, self.reply, self.target, self.split = login, reply, target, split
        self.asked: list[tuple[str, int]] = []
        self.methods: list[bytes] = []

    def serve(self, client: socket.socket) -> None:
        count = self._read(client, 2)[1]
        self.methods.append(self._read(client, count))
        method = 2 if self.login else 0
        if method not in self.methods[-1]:
            self._say(client, b"\x05\xff")
            return
        self._say(client, bytes((5, method)))
        if self.login and not self._logged_in(client):
            return
        kind = self._read(client, 4)[3]
        size = {1: 4, 4: 16}.get(kind) or self._read(client, 1)[0]
        address = self._read(client, size)
        port = int.from_bytes(self._read(client, 2), "big")
        self.asked.append((address.decode() if kind == 3 else socket.inet_ntop({1: 2, 4: 10}[kind], address), port))
        # The address that it is bound to is a name here, to be passed over in full.
        self._say(client, bytes((5, self.reply, 0, 3, 9)) + b"localhost" + b"\0\0")
        if not self.reply:
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                threading.Thread(target=self._pump, args=(server, client), daemon=True).start()
                self._pump(client, server)

    def _logged_in(self, client: socket.socket) -> bool:
        name = self._read(client, self._read(client, 2)[1])
        password = self._read(client, self._read(client, 1)[0])
        accepted = f"{name.decode()}:{password.decode()}" == self.login
        self._say(client, bytes((1, 0 if accepted else 1)))
        return accepted

    def _read(self, client: socket.socket, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = client.recv(size - len(data))
            if not piece:
                raise ConnectionError
            data += piece
        return data

    def _say(self, client: socket.socket, data: bytes) -> None:
        for piece in [data[n : n + 1] for n in range(len(data))] if self.split else [data]:
            client.sendall(piece)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return


@contextmanager
def serving(proxy: Proxy) -> Iterator[str]:
    """Yields host:port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionError):  # the client has heard enough
                proxy.serve(self.request)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


@contextmanager
def modules() -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """A module proxy that has nothing: its port, and (path, Host) of what it was asked."""
    seen: list[tuple[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers["Host"]))
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield server.server_address[1], seen
        finally:
            server.shutdown()


def collected(goproxy: str, **environment: str) -> tuple[NetworkCheck, ...]:
    line = (Location("/etc/environment", 3),)
    variables = tuple(EnvironmentVariable(name, value, line) for name, value in environment.items())
    checks, gaps = network.collect(
        LocalHost(dict(os.environ)),
        User(name=getpass.getuser(), uid=os.getuid(), gid=os.getgid(), home="/nonexistent"),
        (Context(name="bash-login", kind="login", shell="bash", variables=variables),),
        (Setting("GOPROXY", goproxy, "goenv-file"), Setting("GOSUMDB", "off", "goenv-file")),
        (),
        2.0,
    )
    assert gaps == ()
    return checks


def only(checks: tuple[NetworkCheck, ...], kind: str) -> NetworkCheck:
    (check,) = (check for check in checks if check.kind == kind)
    return check


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_proxy_leads_to_the_server_and_resolves_its_name(scheme: str, split: bool) -> None:
    with modules() as (port, seen), serving(Proxy(target=port, split=split)) as address:
        checks = collected("http://goproxy.corp.invalid/mods", http_proxy=f"{scheme}://{address}")
    assert only(checks, "goproxy").ok
    assert only(checks, "http-proxy").ok
    assert seen[0] == ("/mods/sumdb/sum.golang.org/supported", "goproxy.corp.invalid")


def test_a_server_is_named_as_go_names_it() -> None:
    proxy = Proxy(reply=REFUSED)
    with serving(proxy) as address:
        for host in ("goproxy.corp.invalid", "192.0.2.7:8080", "[2001:db8::7]:8080"):
            collected(f"http://{host}", http_proxy=f"socks5://{address}")
    assert proxy.asked == [("goproxy.corp.invalid", 80), ("192.0.2.7", 8080), ("2001:db8::7", 8080)]
    assert proxy.methods == [b"\0"] * 3


def test_a_password_is_sent_where_it_is_asked_for_and_never_shown() -> None:
    with modules() as (port, seen), serving(Proxy(login="dev:p@ss wörd", target=port)) as address:
        checks = collected("http://goproxy.corp.invalid", http_proxy=f"socks5://dev:p%40ss%20w%C3%B6rd@{address}")
    assert only(checks, "goproxy").ok
    assert seen
    assert "ss%20w" not in str(checks)


@pytest.mark.parametrize("user", ["", "dev:wrong@", ":only-a-password@"])
def test_a_login_that_fails_is_the_proxys_fault(user: str) -> None:
    with serving(Proxy(login="dev:right")) as address:
        checks = collected("http://goproxy.corp.invalid", http_proxy=f"socks5://{user}{address}")
    found = only(checks, "http-proxy")
    assert (found.ok, found.step, found.reason) == (False, "http", "credentials")
    assert found.setting == Location("/etc/environment", 3)


def test_a_server_that_the_proxy_does_not_reach_is_told_from_a_proxy_that_refuses() -> None:
    expected = {
        REFUSED: (True, ("connect", "refused")),
        UNREACHABLE_HOST: (True, ("connect", "unreachable")),
        REFUSING_RULES: (False, ("http", "")),
    }
    for reply, (sound, failure) in expected.items():
        with serving(Proxy(reply=reply)) as address:
            checks = collected("https://goproxy.corp.invalid", HTTPS_PROXY=f"socks5://{address}")
        server = only(checks, "goproxy")
        assert only(checks, "http-proxy").ok is sound, reply
        assert (server.ok, server.via, (server.step, server.reason)) == (False, f"socks5://{address}", failure), reply


def test_a_proxy_that_is_gone_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"socks5://127.0.0.1:{free.getsockname()[1]}"
    found = only(collected("https://goproxy.corp.invalid", https_proxy=address), "http-proxy")
    assert (found.ok, found.reason, found.url) == (False, "refused", address)


def test_what_is_no_socks_proxy_is_found_out() -> None:
    with modules() as (port, _):  # it waits for the end of a line
        silent = only(collected("http://goproxy.invalid", http_proxy=f"socks5://127.0.0.1:{port}"), "http-proxy")
    assert (silent.ok, silent.step, silent.reason) == (False, "http", "timeout")
    with pytest.raises(socks5.RefusedError, match="not that of a SOCKS5 proxy"):
        socks5.wants_login(b"HT", login=False)


@pytest.mark.parametrize("scheme", ["socks", "socks4"])
def test_a_scheme_that_go_does_not_know_is_spoken_to_in_http_as_go_does(scheme: str) -> None:
    with serving(Proxy()) as address:
        found = only(collected("https://goproxy.invalid", https_proxy=f"{scheme}://{address}"), "http-proxy")
    assert (found.ok, found.step) == (False, "http")


def test_a_silent_proxy_is_given_up_at_the_deadline() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        proxy = parse(f"socks5://127.0.0.1:{silent.getsockname()[1]}")
        server = parse("http://goproxy.invalid/")
        assert server is not None
        with pytest.raises(fetch.FetchError) as caught:
            fetch.fetch(server, fetch.Request(deadline=time.monotonic() + 0.3, route=lambda _: proxy))
    assert (caught.value.reason, caught.value.by_proxy) == ("timeout", True)


@pytest.mark.skipif(not os.path.exists(f"{GOROOT}/bin/go"), reason=f"no go in {GOROOT}/bin")
@pytest.mark.parametrize(
    ("proxy", "user", "said"),
    [
        (Proxy(), "", "404 Not Found"),
        (Proxy(login="a:b"), "a:b@", "404 Not Found"),
        (Proxy(login="a:b"), "", "no acceptable authentication methods"),
        (Proxy(login="a:b"), "a:c@", "username/password authentication failed"),
        (Proxy(reply=REFUSED), "", "unknown error connection refused"),
        (Proxy(reply=REFUSING_RULES), "", "connection not allowed by ruleset"),
    ],
)
def test_go_itself_comes_to_the_same(proxy: Proxy, user: str, said: str, tmp_path: Path) -> None:
    environment = {
        "HOME": str(tmp_path),
        "GOPROXY": "http://goproxy.corp.invalid",
        "GOTOOLCHAIN": "local",
        "GOSUMDB": "off",
    }
    with modules() as (proxy.target, _), serving(proxy) as address:
        value = f"socks5://{user}{address}"
        go = subprocess.run(
            (f"{GOROOT}/bin/go", "list", "-m", "example.org/x@v1.0.0"),
            cwd=tmp_path, env={**environment, "HTTP_PROXY": value}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        ours = proxy.asked[-1:], proxy.methods[-1:]
        checks = collected("http://goproxy.corp.invalid", HTTP_PROXY=value)
    assert said in go.stderr
    assert only(checks, "goproxy").ok == ("404" in said)
    assert ours == (proxy.asked[-1:], proxy.methods[-1:]), "we ask as go asks"


@given(st.binary(min_size=5, max_size=5), st.booleans(), st.text(max_size=300))
def test_no_answer_makes_the_reading_fail(answer: bytes, login: bool, host: str) -> None:
    for read in (
        lambda: socks5.wants_login(answer, login=login),
        lambda: socks5.check_login(answer),
        lambda: socks5.bytes_behind(answer),
        lambda: socks5.request(host, 443),
        lambda: socks5.login_message(host.encode(), answer),
    ):
        with suppress(socks5.RefusedError):
            read()
