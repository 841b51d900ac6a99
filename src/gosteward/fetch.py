"""The only network client: HTTP/1.1 with a deadline, a size limit, and TLS that is verified against certificates given by the caller.

It asks as `go` would, and is careful where `go` trusts its user: it never sends credentials to a server (only to an HTTP proxy
whose URL has them), follows at most three redirects, none from https to http, and reads no more than it was told to.

Sources: RFC 9112 (HTTP/1.1), RFC 9110 section 9.3.6 (CONNECT), RFC 1928 (SOCKS5), and net/http/transport.go for the choice among them:
what is neither https nor SOCKS5 is spoken to as to an HTTP proxy, whatever its scheme says. `ssl` is imported only where a connection needs it.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import re
import socket
import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward import __version__
from gosteward.formats import socks5
from gosteward.golang.proxyurls import Url, parse

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    Route = Callable[[Url], "Url | None"]
    Verifier = ssl.SSLContext

CONNECT_SECONDS = 1.0
MOST_REDIRECTS = 3
MOST_ADDRESSES = 4
SOCKS5 = ("socks5", "socks5h")
_HEADER_LIMIT = 1 << 16
LONGEST_NUMBER = 19  # digits; Python refuses to read thousands of them
_CHUNK = 1 << 16
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


class Answer(NamedTuple):
    """What a server said.  headers: names in lower case, the last of equal ones.  cut: the body is longer than the limit."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    url: Url = Url("")
    cut: bool = False


class Request(NamedTuple):
    """How to ask.

    Attributes:
        deadline: by time.monotonic().   limit: bytes of the body.   route: the HTTP or SOCKS5 proxy for a URL, None for none.
        trust: context with the certificates that are trusted; None to refuse https.
        patience: seconds of silence after which a server is given up, None to wait until the deadline.   start: first byte that is
            wanted (a server may send all of it nevertheless, and then says 200 and not 206).
    """

    deadline: float
    limit: int = _CHUNK
    route: Route = lambda _: None
    trust: Verifier | None = None
    patience: float | None = None
    start: int = 0


class Opened(NamedTuple):
    """The head of an answer, and its body as it comes.  length: of the body, -1 where the server does not say."""

    head: Answer
    length: int
    pieces: Iterator[bytes]


def fetch(url: Url, request: Request) -> Answer:
    """GET a URL, through redirects, and hold its body.

    Raises:
        FetchError: there is no answer. An HTTP status of any kind is an answer.
    """
    with opened(url, request) as answer:
        return held(answer, request.limit)


def held(answer: Opened, limit: int) -> Answer:
    """An answer with the first `limit` bytes of its body. Raises FetchError."""
    pieces, size = [], 0
    for piece in answer.pieces:
        pieces.append(piece)
        size += len(piece)
        if size > limit or answer.length > limit:
            break
    body = b"".join(pieces)
    return answer.head._replace(body=body[:limit], cut=max(len(body), answer.length) > limit)


@contextlib.contextmanager
def opened(url: Url, request: Request) -> Iterator[Opened]:
    """GET a URL, through redirects; the body is read by who takes its pieces. `limit` is not looked at.

    Raises:
        FetchError: there is no answer; while pieces are taken: it ends too early, or does not go on.
    """
    for _ in range(MOST_REDIRECTS + 1):
        with _asked(url, request) as answer:
            location = answer.head.headers.get("location", "")
            if answer.head.status not in (301, 302, 303, 307, 308) or not location:
                yield answer
                return
            target = _target(url, location)
        if target is None or (url.scheme == "https" and target.scheme != "https"):
            status = answer.head.status
            raise FetchError("http", "status", f"refused a redirect to {location[:120]}", status=status)
        url = target
    raise FetchError("http", "status", f"more than {MOST_REDIRECTS} redirects")


def peer_chain(url: Url, request: Request) -> tuple[bytes, ...]:
    """The certificates that a server shows, its own first, without verifying them; nothing is asked over that connection.

    Returns:
        Encoded certificates; only the server's own on Python before 3.10; () if there is no handshake.
    """
    from gosteward import tls

    try:
        with _connected(url, request._replace(trust=tls.unverified())) as connection:
            return tls.chain_of(connection)
    except FetchError:
        return ()


def _target(url: Url, location: str) -> Url | None:
    if location.startswith("/") and not location.startswith("//"):
        return url._replace(path=location, user="")
    target = parse(f"{url.scheme}:{location}" if location.startswith("//") else location)
    return (
        target._replace(user="") if target is not None and target.scheme in ("http", "https") and target.host else None
    )


@contextlib.contextmanager
def _asked(url: Url, request: Request) -> Iterator[Opened]:
    proxy = request.route(url)
    with _connected(url, request) as connection:
        through_proxy = proxy is not None and url.scheme == "http" and proxy.scheme not in SOCKS5
        path = url.path.partition("#")[0] or "/"
        host = f"{url.host}:{url.port}" if url.port else url.host
        lines = [
            f"GET {f'http://{host}' if through_proxy else ''}{path if path.startswith('/') else f'/{path}'} HTTP/1.1",
            f"Host: {host}",
            f"User-Agent: gosteward/{__version__}",
            "Accept-Encoding: identity",
            "Connection: close",
        ]
        if request.start:
            lines.append(f"Range: bytes={request.start}-")
        if through_proxy and proxy is not None and proxy.user:
            lines.append(_authorization(proxy))
        _send(connection, lines, request.deadline)
        yield _answer(connection, request, url)


def _connected(url: Url, request: Request) -> socket.socket:
    """A connection to the server, with TLS where the URL asks for it."""
    if url.scheme not in ("http", "https") or not url.host:
        raise FetchError("parse", "", f"not an http URL: {url.shown}")
    proxy = request.route(url)
    connection = _dial(url, request.deadline) if proxy is None else _through(proxy, url, request)
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
        lines.append(_authorization(proxy))
    _send(connection, lines, request.deadline)
    head, _ = _head(connection, request.deadline)
    status, _ = _parsed(head)
    if status != 200:
        reason = "credentials" if status == 407 else "status"
        raise FetchError("http", reason, f"the proxy answers {status} to CONNECT {address}", status=status)


def _authorization(proxy: Url) -> str:
    return f"Proxy-Authorization: Basic {base64.b64encode(_unescaped(proxy.user)).decode()}"


def _dial(url: Url, deadline: float) -> socket.socket:
    host = url.host.strip("[]")
    try:
        found = socket.getaddrinfo(host, url.effective_port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError("resolve", "unresolvable", getattr(error, "strerror", None) or str(error)) from None
    failure = FetchError("resolve", "unresolvable", "no address")
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


def _send(connection: socket.socket, lines: list[str], deadline: float) -> None:
    text = "".join(f"{line}\r\n" for line in lines) + "\r\n"
    _put(connection, text.encode("utf-8", "surrogateescape"), deadline)


def _put(connection: socket.socket, data: bytes, deadline: float) -> None:
    try:
        connection.settimeout(max(0.01, deadline - time.monotonic()))
        connection.sendall(data)
    except _TIMEOUT:
        raise FetchError("http", "timeout", "no answer") from None
    except OSError as error:
        raise FetchError("http", "unreachable", error.strerror or str(error)) from None


def _exactly(connection: socket.socket, size: int, deadline: float) -> bytes:
    """That many bytes and no more: what follows may be the server's."""
    data = b""
    while len(data) < size:
        piece = _receive(connection, deadline, size - len(data))
        if not piece:
            raise FetchError("http", "unreachable", "the connection was closed without an answer")
        data += piece
    return data


def _receive(connection: socket.socket, deadline: float, most: int = _CHUNK, patience: float | None = None) -> bytes:
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


def _head(connection: socket.socket, deadline: float) -> tuple[bytes, bytes]:
    """Status line and headers, and what was read behind them."""
    data = b""
    while True:
        head, blank, rest = data.partition(b"\r\n\r\n")
        if blank:
            return head + b"\r\n", rest
        if len(data) > _HEADER_LIMIT:
            raise FetchError("http", "", "the headers have no end")
        piece = _receive(connection, deadline)
        if not piece:
            raise FetchError("http", "unreachable", "the connection was closed without an answer")
        data += piece


def _parsed(head: bytes) -> tuple[int, dict[str, str]]:
    match = _STATUS.match(head)
    if match is None:
        raise FetchError("http", "", "the answer is not HTTP")
    headers: dict[str, str] = {}
    for line in head[match.end() :].decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return int(match[1]), headers


def _answer(connection: socket.socket, request: Request, url: Url) -> Opened:
    head, rest = _head(connection, request.deadline)
    status, headers = _parsed(head)
    body = _Body(connection, rest, request)
    if status in (204, 304):
        length, pieces = 0, body.of_length(0)
    elif "chunked" in headers.get("transfer-encoding", "").lower():
        length, pieces = -1, body.of_chunks()
    else:
        told = headers.get("content-length", "")
        length = int(told) if told.isdecimal() and len(told) < LONGEST_NUMBER else -1
        pieces = body.to_the_end() if length < 0 else body.of_length(length)
    return Opened(Answer(status, headers, url=url), length, pieces)


class _Body:
    """What follows the head of an answer.  rest: the part that was read with it."""

    def __init__(self, connection: socket.socket, rest: bytes, request: Request) -> None:
        self.connection = connection
        self.rest = rest
        self.request = request

    def some(self) -> bytes:
        """The next bytes, b"" at the end."""
        if self.rest:
            piece, self.rest = self.rest, b""
            return piece
        return _receive(self.connection, self.request.deadline, _CHUNK, self.request.patience)

    def to_the_end(self) -> Iterator[bytes]:
        while piece := self.some():
            yield piece

    def of_length(self, length: int) -> Iterator[bytes]:
        left = length
        while left:
            piece = self.some()
            if not piece:
                raise FetchError("http", "unreachable", f"the answer ends after {length - left} of {length} bytes")
            piece, self.rest = piece[:left], piece[left:]
            left -= len(piece)
            yield piece

    def of_chunks(self) -> Iterator[bytes]:
        while size := self.chunk_size():
            yield from self.of_length(size)
            self.line()

    def chunk_size(self) -> int:
        text = self.line().partition(b";")[0].strip()
        if not text or len(text) > 8 or not all(c in b"0123456789abcdefABCDEF" for c in text):
            raise FetchError("http", "", "the answer is not what it says: no size of a chunk")
        return int(text, 16)

    def line(self) -> bytes:
        data = b""
        while b"\n" not in data:
            piece = self.some()
            if not piece or len(data) > _CHUNK:
                raise FetchError("http", "unreachable", "the answer ends within a chunk")
            data += piece
        line, _, self.rest = data.partition(b"\n")
        return line
