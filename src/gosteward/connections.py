"""Connections to servers: made directly or through a proxy, with TLS where the URL asks for it, and kept while more may be asked over them.

A kept connection is one on which an answer ended just where it said. A server may close it at any time, so that whoever takes one asks once more
over a new one if nothing at all comes back.

Sources: RFC 9112 section 9.3 (persistence), RFC 9110 section 9.3.6 (CONNECT), RFC 1928 (SOCKS5), and net/http/transport.go for the choice among them:
what is neither https nor SOCKS5 is spoken to as to an HTTP proxy, whatever its scheme says. `ssl` is imported only where a connection needs it.
"""

from __future__ import annotations

import base64
import errno
import re
import select
import socket
import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Optional

from gosteward import __version__
from gosteward.formats import socks5
from gosteward.golang.proxyurls import is_loopback

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from gosteward.golang.proxyurls import Url

    Route = Callable[[Url], "Url | None"]
    Verifier = ssl.SSLContext
    Key = tuple[Url, Optional[Url], Optional[Verifier], bool]

CONNECT_SECONDS = 1.0
MOST_ADDRESSES = 4
MOST_KEPT = 6  # for one server
SOCKS5 = ("socks5", "socks5h")
CHUNK = 1 << 16
_HEADER_LIMIT = 1 << 16
# Addresses that look like anybody's: of Amazon's metadata over IPv6, of Alibaba's, of Oracle's. Their usual one is a link's.
_OF_CLOUDS = ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")
_TIMEOUT = socket.timeout  # no TimeoutError before Python 3.10
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?\r?\n")


class FetchError(Exception):
    """No answer.

    Attributes:
        step: "parse", "resolve", "connect", "tls", "http".   reason: as in `NetworkCheck`.   detail: one line for people.
        by_proxy: it was the HTTP or SOCKS5 proxy on the way that failed.   status: what the proxy answered, else 0.
    """

    def __init__(self, step: str, reason: str, detail: str = "", *, by_proxy: bool = False, status: int = 0) -> None:
        super().__init__(f"{step}: {reason}: {detail}")
        self.step = step
        self.reason = reason
        self.detail = detail
        self.by_proxy = by_proxy
        self.status = status


class SilentError(FetchError):
    """A connection that was closed before the first byte of an answer."""


class Pool:
    """Connections on which nothing is left to be read, to be used again; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Key, list[socket.socket]] = {}
        self._closed = False

    def taken(self, key: Key) -> socket.socket | None:
        """One that is still open, as far as it is known; None if there is none."""
        while True:
            with self._lock:
                kept = self._kept.get(key)
                connection = kept.pop() if kept else None
            if connection is None or not _has_ended(connection):
                return connection
            connection.close()

    def give(self, key: Key, connection: socket.socket) -> None:
        """Keep one; the oldest of too many is closed."""
        surplus: socket.socket | None = connection
        with self._lock:
            if not self._closed:
                kept = self._kept.setdefault(key, [])
                kept.append(connection)
                surplus = kept.pop(0) if len(kept) > MOST_KEPT else None
        if surplus is not None:
            surplus.close()

    def close(self) -> None:
        """Close all that are not in use, and keep none any more."""
        with self._lock:
            self._closed = True
            kept, self._kept = self._kept, {}
        for connections in kept.values():
            for connection in connections:
                connection.close()

    def __del__(self) -> None:
        self.close()


def _has_ended(connection: socket.socket) -> bool:
    """Whether there is something to read where nothing should be: the end, or what nobody asked for."""
    if getattr(connection, "pending", int)():  # in a record of TLS
        return True
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(0))


class Request(NamedTuple):
    """How to ask.

    Attributes:
        deadline: by time.monotonic().   limit: bytes of the body.   route: the HTTP or SOCKS5 proxy for a URL, None for none.
        trust: context with the certificates that are trusted; None to refuse https.
        patience: seconds of silence after which a server is given up, None to wait until the deadline.   start: first byte that is
            wanted (a server may send all of it nevertheless, and then says 200 and not 206).   pool: where connections are kept; None to
            close each one.   login: "name:password" for a URL, b"" for none; of a URL without TLS it is not asked.
            secret: header lines that go where a password would go, and nowhere else.   is_sent_on: a server far away said that this one
            is to be asked: not where only this host can ask, see `is_near`.   via: the pseudonym of a proxy that asks for its clients, "" for none.
    """

    deadline: float
    limit: int = CHUNK
    route: Route = lambda _: None
    trust: Verifier | None = None
    patience: float | None = None
    start: int = 0
    pool: Pool | None = None
    login: Callable[[Url], bytes] = lambda _: b""
    secret: tuple[str, ...] = ()
    is_sent_on: bool = False
    via: str = ""


def key_of(url: Url, request: Request) -> Key:
    """What two requests have in common that can use one connection."""
    return url._replace(path="", user=""), request.route(url), request.trust, request.is_sent_on


def peer_chain(url: Url, request: Request) -> tuple[bytes, ...]:
    """The certificates that a server shows, its own first, without verifying them; nothing is asked over that connection.

    Returns:
        Encoded certificates; only the server's own on Python before 3.10; () if there is no handshake.
    """
    from gosteward import tls

    try:
        with connected(url, request._replace(trust=tls.unverified())) as connection:
            return tls.chain_of(connection)
    except FetchError:
        return ()


def connected(url: Url, request: Request) -> socket.socket:
    """A connection to the server, with TLS where the URL asks for it."""
    if url.scheme not in ("http", "https") or not url.host:
        raise FetchError("parse", "", f"not an http URL: {url.shown}")
    proxy = request.route(url)
    if proxy is None:
        connection = _dial(url, request.deadline, refuse_near=request.is_sent_on)
    else:  # what names mean, the proxy knows alone
        if request.is_sent_on and (is_loopback(url.host) or is_near(_as_address(url.host))):
            raise _sent_near(url)
        connection = _through(proxy, url, request)
    if url.scheme == "http":
        return connection
    try:
        return _with_tls(connection, url, request)
    except FetchError:
        connection.close()
        raise


def _through(proxy: Url, url: Url, request: Request) -> socket.socket:
    if proxy.scheme == "https":
        raise FetchError("parse", "", "https proxies are not tried", by_proxy=True)
    try:
        connection = _dial(proxy, request.deadline)
    except FetchError as error:
        raise FetchError(error.step, error.reason, error.detail, by_proxy=True) from None
    try:
        if proxy.scheme in SOCKS5:
            _socks_way(connection, proxy, url, request.deadline)
        elif url.scheme == "https":
            _tunnel(connection, proxy, url, request)
    except socks5.RefusedError as error:
        connection.close()
        step = "connect" if error.of_server else "http"
        raise FetchError(step, error.reason, error.detail, by_proxy=not error.of_server) from None
    except FetchError as error:
        connection.close()
        raise FetchError(error.step, error.reason, error.detail, by_proxy=True, status=error.status) from None
    return connection


def _socks_way(connection: socket.socket, proxy: Url, url: Url, deadline: float) -> None:
    """Let a SOCKS5 proxy make the connection a pipe to the server. Raises FetchError and socks5.RefusedError."""
    login = bool(proxy.user)
    _put(connection, socks5.greeting(login=login), deadline)
    if socks5.wants_login(_exactly(connection, 2, deadline), login=login):
        name, _, password = proxy.user.partition(":")
        _put(connection, socks5.login_message(_unescaped(name), _unescaped(password)), deadline)
        socks5.check_login(_exactly(connection, 2, deadline))
    _put(connection, socks5.request(url.host.strip("[]"), url.effective_port), deadline)
    _exactly(connection, socks5.bytes_behind(_exactly(connection, 5, deadline)), deadline)


def _unescaped(text: str) -> bytes:
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes((int(m[1], 16),)), text.encode("utf-8", "surrogateescape"))


def _tunnel(connection: socket.socket, proxy: Url, url: Url, request: Request) -> None:
    address = f"{url.host}:{url.effective_port}"
    lines = [f"CONNECT {address} HTTP/1.1", f"Host: {address}", f"User-Agent: gosteward/{__version__}"]
    if proxy.user:
        lines.append(authorization(proxy))
    send(connection, lines, request.deadline)
    head, _ = head_of(connection, request.deadline)
    status, _ = parsed(head)
    if status != 200:
        reason = "credentials" if status == 407 else "status"
        raise FetchError("http", reason, f"the proxy answers {status} to CONNECT {address}", status=status)


def authorization(proxy: Url) -> str:
    """The header line by which an HTTP proxy knows its user. Source: RFC 9110 section 11.7.2, RFC 7617."""
    return f"Proxy-Authorization: {basic(_unescaped(proxy.user))}"


def basic(login: bytes) -> str:
    """The value of a header for "name:password". Source: RFC 7617."""
    return f"Basic {base64.b64encode(login).decode()}"


def login_in(url: Url) -> bytes:
    """The "name:password" of a URL that has a name, b"" for one that has none. Source: net/http/client.go (`send`)."""
    name, _, password = url.user.partition(":")
    return _unescaped(name) + b":" + _unescaped(password) if url.user else b""


def is_near(address: str) -> bool:
    """Whether an address is one of this host, of its link alone, or of what tells a cloud's machines their secrets; False for what is no address."""
    import ipaddress  # where somebody sends us on, and so seldom

    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    special = found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast
    return special or str(found) in _OF_CLOUDS


def _as_address(host: str) -> str:
    """An IPv4 address in any of the forms that resolvers take ("0x7f000001", "127.1"), in its usual one; other hosts as they are."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return host.strip("[]")


def _sent_near(url: Url) -> FetchError:
    return FetchError("http", "status", f"refused a redirect to {url.host}, which only this host can ask")


def _dial(url: Url, deadline: float, *, refuse_near: bool = False) -> socket.socket:
    host = url.host.strip("[]")
    try:
        found = socket.getaddrinfo(host, url.effective_port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError("resolve", "unresolvable", getattr(error, "strerror", None) or str(error)) from None
    failure = FetchError("resolve", "unresolvable", "no address")
    if refuse_near and any(is_near(str(address[0])) for *_, address in found):
        raise _sent_near(url)
    for family, kind, protocol, _, address in found[:MOST_ADDRESSES]:
        try:
            connection = socket.socket(family, kind, protocol)
        except OSError:  # no IPv6 here, for example
            continue
        try:
            connection.settimeout(max(0.01, min(CONNECT_SECONDS, deadline - time.monotonic())))
            connection.connect(address)
        except OSError as error:
            connection.close()
            failure = _of_connect(error)
        else:
            return connection
    raise failure


def _of_connect(error: OSError) -> FetchError:
    if isinstance(error, _TIMEOUT) or error.errno == errno.ETIMEDOUT:
        return FetchError("connect", "timeout", "no answer")
    reason = "refused" if error.errno == errno.ECONNREFUSED else "unreachable"
    return FetchError("connect", reason, error.strerror or str(error))


def _with_tls(connection: socket.socket, url: Url, request: Request) -> socket.socket:
    if request.trust is None:
        raise FetchError("tls", "", "no certificates to verify with")
    from gosteward import tls

    connection.settimeout(max(0.01, request.deadline - time.monotonic()))
    try:
        return request.trust.wrap_socket(connection, server_hostname=url.host.strip("[]"))
    except (OSError, ValueError) as error:
        raise FetchError("tls", *tls.explained(error)) from None


def send(connection: socket.socket, lines: list[str], deadline: float) -> None:
    """Send a head. Raises FetchError; SilentError: the connection was closed."""
    text = "".join(f"{line}\r\n" for line in lines) + "\r\n"
    _put(connection, text.encode("utf-8", "surrogateescape"), deadline)


def _put(connection: socket.socket, data: bytes, deadline: float) -> None:
    try:
        connection.settimeout(max(0.01, deadline - time.monotonic()))
        connection.sendall(data)
    except _TIMEOUT:
        raise FetchError("http", "timeout", "no answer") from None
    except OSError as error:
        raise SilentError("http", "unreachable", error.strerror or str(error)) from None


def _exactly(connection: socket.socket, size: int, deadline: float) -> bytes:
    """That many bytes and no more: what follows may be the server's."""
    data = b""
    while len(data) < size:
        piece = receive(connection, deadline, size - len(data))
        if not piece:
            raise FetchError("http", "unreachable", "the connection was closed without an answer")
        data += piece
    return data


def receive(connection: socket.socket, deadline: float, most: int = CHUNK, patience: float | None = None) -> bytes:
    """What comes next, at most that many bytes; nothing at the end. Raises FetchError."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise FetchError("http", "timeout", "the answer takes too long")
    try:
        connection.settimeout(left if patience is None else min(left, patience))
        return connection.recv(most)
    except _TIMEOUT:
        detail = "the answer takes too long" if patience is None else "the server says no more"
        raise FetchError("http", "timeout", detail) from None
    except OSError as error:
        if type(error).__name__ in ("SSLEOFError", "SSLZeroReturnError"):
            return b""
        raise FetchError("http", "unreachable", error.strerror or str(error)) from None


def head_of(connection: socket.socket, deadline: float, data: bytes = b"") -> tuple[bytes, bytes]:
    """Status line and headers, and what was read behind them.  data: what was read already."""
    while True:
        head, blank, rest = data.partition(b"\r\n\r\n")
        if blank:
            return head + b"\r\n", rest
        if len(data) > _HEADER_LIMIT:
            raise FetchError("http", "", "the headers have no end")
        try:
            piece = receive(connection, deadline)
        except FetchError as error:
            if data or error.reason == "timeout":
                raise
            raise SilentError(error.step, error.reason, error.detail) from None
        if not piece:
            kind = FetchError if data else SilentError
            raise kind("http", "unreachable", "the connection was closed without an answer")
        data += piece


def parsed(head: bytes) -> tuple[int, dict[str, str]]:
    """The status, and the headers by their names in small letters, of which the last one of a name counts. Raises FetchError: it is no HTTP."""
    match = _STATUS.match(head)
    if match is None:
        raise FetchError("http", "", "the answer is not HTTP")
    headers: dict[str, str] = {}
    for line in head[match.end() :].decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return int(match[1]), headers
