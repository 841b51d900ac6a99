"""The only network client: HTTP/1.1 with a deadline, a size limit, and TLS that is verified against certificates given by the caller.

It asks as `go` would, and is careful where `go` trusts its user: it follows at most three redirects, none from https to http, and reads no more
than it was told to. Credentials go to an HTTP proxy whose URL has them; to a server only those that the caller gives, over TLS, and never behind
a redirect to another host or port.

How connections are made and kept: see `connections`. Source: RFC 9112 (HTTP/1.1), sections 6.3 and 7.1 for where an answer ends.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Callable, NamedTuple

from gosteward import __version__
from gosteward.connections import (
    CHUNK,
    SOCKS5,
    FetchError,
    Pool,
    Request,
    SilentError,
    authorization,
    basic,
    connected,
    head_of,
    key_of,
    parsed,
    peer_chain,
    receive,
    send,
)
from gosteward.golang.proxyurls import Url, is_loopback, masked, parse

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Iterator

    Verifier = ssl.SSLContext

__all__ = (
    "Answer",
    "FetchError",
    "Opened",
    "Pool",
    "Request",
    "Url",
    "fetch",
    "held",
    "opened",
    "peer_chain",
)
MOST_REDIRECTS = 3
MOST_INTERIM = 5  # answers "go on", "early hints" and the like before one
MOST_SMALL_CHUNKS = 1 << 16
SMALL_CHUNK = 512  # bytes
LONGEST_LINE = 4_096  # before a chunk, as in net/http
LONGEST_NUMBER = 19  # digits; Python refuses to read thousands of them
_NOT_IN_A_LINE = re.compile(r"[\x00-\x20\x7f]")
_END_SECONDS = 1.0  # for the last line end of an answer in chunks, which nobody needs


class Answer(NamedTuple):
    """What a server said.  headers: names in lower case, the last of equal ones.  cut: the body is longer than the limit."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    url: Url = Url("")
    cut: bool = False


class Opened(NamedTuple):
    """The head of an answer, and its body as it comes.

    Attributes:
        length: of the body, -1 where the server does not say.   ended: whether, by now, it ended just where it said.
    """

    head: Answer
    length: int
    pieces: Iterator[bytes]
    ended: Callable[[], bool] = bool


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
    asked, secret = url, _secret(url, request)
    for _ in range(MOST_REDIRECTS + 1):
        with _asked(url, request, secret) as answer:
            location = answer.head.headers.get("location", "")
            if answer.head.status not in (301, 302, 303, 307, 308) or not location:
                yield answer
                return
            target = _target(url, location)
        if target is None or (url.scheme == "https" and target.scheme != "https"):
            status = answer.head.status
            # Whoever signs a URL puts what opens it behind the question mark.
            place = "".join(c if c.isprintable() else "?" for c in masked(location.partition("?")[0])[:120])
            raise FetchError("http", "status", f"refused a redirect to {place}", status=status)
        # As in net/http, what was left once does not come back; unlike there, a host's other ports and names below its own are others.
        if (target.scheme, target.host, target.effective_port) != (asked.scheme, asked.host, asked.effective_port):
            secret = ()
        # Nobody far away sends us to what only this host can reach: its own services, or those that tell a cloud's machines their secrets.
        request = request._replace(is_sent_on=target.host != asked.host and not is_loopback(asked.host))
        url = target
    raise FetchError("http", "status", f"more than {MOST_REDIRECTS} redirects")


def _secret(url: Url, request: Request) -> tuple[str, ...]:
    """Header lines by which the server knows who asks."""
    if url.scheme != "https":
        return ()
    login = request.login(url)
    return (*((f"Authorization: {basic(login)}",) if login else ()), *request.secret)


def _target(url: Url, location: str) -> Url | None:
    location = "".join(c if ord(c) < 128 else f"%{ord(c):02X}" for c in location)  # as net/url: the bytes of UTF-8
    if _NOT_IN_A_LINE.search(location):
        return None
    if location.startswith("/") and not location.startswith("//"):
        return url._replace(path=location, user="")
    target = parse(f"{url.scheme}:{location}" if location.startswith("//") else location)
    return (
        target._replace(user="") if target is not None and target.scheme in ("http", "https") and target.host else None
    )


@contextlib.contextmanager
def _asked(url: Url, request: Request, secret: tuple[str, ...]) -> Iterator[Opened]:
    connection, answer = _exchange(url, request, secret)
    try:
        yield answer
        if request.pool is not None and answer.ended():
            request.pool.give(key_of(url, request), connection)
            return
    except BaseException:
        connection.close()
        raise
    connection.close()


def _exchange(url: Url, request: Request, secret: tuple[str, ...]) -> tuple[socket.socket, Opened]:
    """Ask, over a kept connection if there is one; if that was closed in the meantime, once more over a new one."""
    kept = request.pool.taken(key_of(url, request)) if request.pool is not None else None
    if kept is not None:
        try:
            return kept, _spoken(kept, url, request, secret)
        except SilentError:
            pass
    connection = connected(url, request)
    return connection, _spoken(connection, url, request, secret)


def _spoken(connection: socket.socket, url: Url, request: Request, secret: tuple[str, ...]) -> Opened:
    """Ask over a connection, which is closed on any error. Raises FetchError; SilentError: there is nothing at all."""
    try:
        send(connection, _question(url, request, secret), request.deadline)
        return _answer(connection, request, url)
    except BaseException:
        connection.close()
        raise


def _question(url: Url, request: Request, secret: tuple[str, ...]) -> list[str]:
    proxy = request.route(url)
    through_proxy = proxy is not None and url.scheme == "http" and proxy.scheme not in SOCKS5
    path = url.path.partition("#")[0] or "/"
    host = f"{url.host}:{url.port}" if url.port else url.host
    lines = [
        f"GET {f'http://{host}' if through_proxy else ''}{path if path.startswith('/') else f'/{path}'} HTTP/1.1",
        f"Host: {host}",
        f"User-Agent: gosteward/{__version__}",
        "Accept-Encoding: identity",
    ]
    if request.via:
        lines.append(f"Via: 1.1 {request.via}")
    if request.pool is None:
        lines.append("Connection: close")
    if request.start:
        lines.append(f"Range: bytes={request.start}-")
    lines += secret
    if through_proxy and proxy is not None and proxy.user:
        lines.append(authorization(proxy))
    return lines


def _answer(connection: socket.socket, request: Request, url: Url) -> Opened:
    head, rest = head_of(connection, request.deadline)
    status, headers = parsed(head)
    for _ in range(MOST_INTERIM):
        if not 100 <= status < 200 or status == 101:  # 101: the connection speaks something else from here on
            break
        head, rest = head_of(connection, request.deadline, rest)
        status, headers = parsed(head)
    body = _Body(connection, rest, request)
    if status in (204, 304):
        length, pieces = 0, body.of_length(0)
    elif "chunked" in headers.get("transfer-encoding", "").lower():
        length, pieces = -1, body.of_chunks()
    else:
        told = headers.get("content-length", "")
        if told and not (told.isdecimal() and told.isascii() and len(told) < LONGEST_NUMBER):
            raise FetchError("http", "", "the answer is not what it says: no length of a body")
        length = int(told) if told else -1
        pieces = body.to_the_end() if length < 0 else body.of_length(length)
    body.empty = length == 0
    persists = _persists(head, status, headers)
    return Opened(Answer(status, headers, url=url), length, pieces, lambda: persists and body.ended())


def _persists(head: bytes, status: int, headers: dict[str, str]) -> bool:
    """Whether a connection lives on behind this head; wherever two readers could see two ends, it is taken for one that does not."""
    lower = b"\n" + head.lower()
    said = headers.get("connection", "").lower()
    framed = lower.count(b"\ncontent-length") + lower.count(b"\ntransfer-encoding") == 1
    coding = headers.get("transfer-encoding", "chunked").lower() == "chunked"
    final = 200 <= status < 600
    return head.startswith(b"HTTP/1.1 ") and final and framed and coding and said in ("", "keep-alive")


class _Body:
    """What follows the head of an answer.  rest: the part that was read with it.

    What was read is taken by its place: to move it up behind each of many small chunks would take all the time that there is.
    """

    def __init__(self, connection: socket.socket, rest: bytes, request: Request) -> None:
        self.connection = connection
        self.request = request
        self.empty = False
        self._read, self._place = rest, 0
        self._whole = self._odd = False

    def ended(self) -> bool:
        """Whether all of it was taken, and nothing is behind it."""
        return (self._whole or self.empty) and not self._odd and self._place == len(self._read)

    def _goes_on(self) -> bool:
        """Read more where all was taken; whether there is something to take."""
        if self._place == len(self._read):
            self._read, self._place = receive(self.connection, self.request.deadline, CHUNK, self.request.patience), 0
        return self._place < len(self._read)

    def some(self, most: int) -> bytes:
        """The next bytes, b"" at the end."""
        if not self._goes_on():
            return b""
        piece = self._read[self._place : self._place + most]
        self._place += len(piece)
        return piece

    def to_the_end(self) -> Iterator[bytes]:
        while piece := self.some(CHUNK):
            yield piece

    def of_length(self, length: int) -> Iterator[bytes]:
        left = length
        while left:
            piece = self.some(left)
            if not piece:
                raise FetchError("http", "unreachable", f"the answer ends after {length - left} of {length} bytes")
            left -= len(piece)
            self._whole = not left
            yield piece

    def of_chunks(self) -> Iterator[bytes]:
        small = 0
        while size := self.chunk_size():
            small += size < SMALL_CHUNK
            if small > MOST_SMALL_CHUNKS:
                raise FetchError("http", "", "the answer comes in too many small chunks")
            yield from self.of_length(size)
            self._whole = False
            self._odd |= self.line() != b"\r"
        if self.request.pool is not None:
            self._whole = self.last_line() == b"\r\n"

    def last_line(self) -> bytes:
        """What is behind the last chunk: a line end, if there are no trailers. Who does not send it is not waited for."""
        rest, self._read, self._place = self._read[self._place :], b"", 0
        while len(rest) < len(b"\r\n"):
            try:
                piece = receive(self.connection, self.request.deadline, CHUNK, _END_SECONDS)
            except FetchError:
                return b""
            if not piece:
                return b""
            rest += piece
        return rest

    def chunk_size(self) -> int:
        text = self.line().partition(b";")[0].strip()
        if not text or len(text) > 8 or not all(c in b"0123456789abcdefABCDEF" for c in text):
            raise FetchError("http", "", "the answer is not what it says: no size of a chunk")
        return int(text, 16)

    def line(self) -> bytes:
        data = b""
        while self._goes_on() and len(data) <= LONGEST_LINE:
            end = self._read.find(b"\n", self._place)
            data += self._read[self._place : end if end >= 0 else None]
            self._place = end + 1 if end >= 0 else len(self._read)
            if end >= 0:
                return data
        raise FetchError("http", "unreachable", "the answer ends within a chunk")
