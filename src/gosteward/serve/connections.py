"""Connections of clients: HTTP/1.1 with keep-alive and pipelining, within limits of size, number and time.

Requests have no bodies here: whoever sends one is refused and the connection is closed, so that there is no question where the next request
begins. Answers go out in the order of the requests; a client that does not read is not written to, and is cut off after a while.

Source: RFC 9112, sections 6.3 (where a message ends), 9.3 (persistence), 9.3.2 (pipelining), 11.2 (request smuggling). llhttp, by httptools, reads.
"""

from __future__ import annotations

import asyncio
import http
from typing import TYPE_CHECKING, NamedTuple, Protocol, Union

import httptools

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

LONGEST_TARGET = 4_096
MOST_HEADER_BYTES = 16_384
MOST_QUEUED = 32
HIGH_WATER = 1 << 18


class Timeouts(NamedTuple):
    """Seconds.

    Attributes:
        head: from the first byte of a request to the end of its headers.   idle: between two requests.   stalled: in which a client that
            something is written to reads nothing.
    """

    head: float = 10.0
    idle: float = 75.0
    stalled: float = 60.0


USUAL = Timeouts()


class Asked(NamedTuple):
    """A request.  method, target: as they came.   authorization: that header, b"" without one."""

    method: bytes
    target: bytes
    authorization: bytes = b""


class Writer(Protocol):
    """Where an answer goes."""

    def write(self, data: bytes) -> None: ...
    async def drained(self) -> None:
        """Wait until more should be written. Raises ConnectionError: the client is gone."""
        ...

    def abort(self) -> None:
        """Cut the connection, so that the client knows that the answer is not whole."""
        ...


# A whole answer, or what writes one.
Reply = Union[bytes, "Callable[[Writer], Coroutine[None, None, None]]"]
Application = "Callable[[Asked], Reply]"


def head(status: int, fields: str, length: int) -> bytes:
    """Status line and headers of an answer.  fields: further header lines, each ended by CR LF.   length: of the body; -1: in chunks."""
    phrase = http.HTTPStatus(status).phrase
    size = f"content-length: {length}" if length >= 0 else "transfer-encoding: chunked"
    return f"HTTP/1.1 {status} {phrase}\r\n{fields}{size}\r\n\r\n".encode()


def plain(status: int, text: str, fields: str = "") -> bytes:
    """A whole answer with a line of text."""
    body = text.encode("utf-8", "replace")
    return head(status, f"content-type: text/plain; charset=utf-8\r\n{fields}", len(body)) + body


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, open_connections: Connections) -> None:
        self._all = open_connections
        self._parser = httptools.HttpRequestParser(self)
        self._queue: list[tuple[Asked, bool]] = []
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._closing = self._reading_paused = False
        self._head_bytes = 0
        self._target = self._authorization = b""
        self._has_body = False
        self.transport: asyncio.Transport = None  # type: ignore[assignment]
        self.client = ""
        self.deadline = 0.0

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # of a stream: this is no datagram protocol
        self.transport.set_write_buffer_limits(high=HIGH_WATER)
        peer = transport.get_extra_info("peername")
        self.client = peer[0] if isinstance(peer, tuple) else ""
        self.deadline = self._all.now + self._all.timeouts.head
        if not self._all.admit(self):
            self._refuse(503, "too many connections", "retry-after: 5\r\n")

    def connection_lost(self, _: Exception | None) -> None:
        self._all.forget(self)
        self._closing = True
        self._queue.clear()
        self._writable.set()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()
        self.deadline = self._all.now + self._all.timeouts.stalled

    def resume_writing(self) -> None:
        self._writable.set()
        self.deadline = 0.0

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(400, "no other protocol is spoken here")
        except httptools.HttpParserError:
            self._refuse(400, "this is no HTTP request")
        if self._head_bytes > MOST_HEADER_BYTES and not self._queue and self._task is None:
            self._refuse(431, "the headers are too long")

    def eof_received(self) -> bool:
        self._closing = True
        return self._task is not None  # what was asked for is still answered

    # httptools

    def on_message_begin(self) -> None:
        self._target = self._authorization = b""
        self._has_body = False
        self.deadline = self._all.now + self._all.timeouts.head

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name == b"authorization":
            self._authorization = value
        elif name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0"):
            self._has_body = True

    def on_headers_complete(self) -> None:
        self._head_bytes = 0
        if self._has_body:
            self._refuse(400, "requests have no body here")

    def on_message_complete(self) -> None:
        if self._closing:
            return
        if len(self._target) > LONGEST_TARGET:
            self._refuse(414, "the path is too long")
            return
        self._queue.append((Asked(self._parser.get_method(), self._target, self._authorization), self._keeps_alive()))
        if len(self._queue) > MOST_QUEUED and not self._reading_paused:
            self._reading_paused = True
            self.transport.pause_reading()
        self._answer_next()

    def _keeps_alive(self) -> bool:
        keeps: bool = self._parser.should_keep_alive()
        return keeps and not self._all.draining

    # Answers

    def _answer_next(self) -> None:
        while self._queue and self._task is None and not self.transport.is_closing():
            if not self._writable.is_set():  # pipelined answers that nobody reads
                self._task = asyncio.ensure_future(self._wait_and_go_on())
                return
            asked, keep_alive = self._queue.pop(0)
            self.deadline = 0.0
            reply = self._all.application(asked)
            if isinstance(reply, bytes):
                self.transport.write(reply if keep_alive else _closing(reply))
                self._done(keep_alive)
            else:
                self._task = asyncio.ensure_future(self._run(reply, keep_alive))
        if self._reading_paused and len(self._queue) < MOST_QUEUED // 2:
            self._reading_paused = False
            self.transport.resume_reading()

    async def _wait_and_go_on(self) -> None:
        await self._writable.wait()
        self._task = None
        self._answer_next()

    async def _run(self, reply: Callable[[Writer], Awaitable[None]], keep_alive: bool) -> None:
        try:
            await reply(_Answering(self, keep_alive))
        except ConnectionError:
            self.transport.abort()
        except asyncio.CancelledError:
            return
        except Exception:  # noqa: BLE001 - of this answer, and no other
            self._all.failed()
            self.transport.abort()
        self._task = None
        self._done(keep_alive)
        self._answer_next()

    def _done(self, keep_alive: bool) -> None:
        if not keep_alive or (self._closing and not self._queue):
            self._closing = True
            self.transport.close()
        elif not self._queue:
            self.deadline = self._all.now + self._all.timeouts.idle

    def _refuse(self, status: int, text: str, fields: str = "") -> None:
        """Say why, and close: where the next request begins is not known."""
        if not self.transport.is_closing():
            if self._task is None:
                self.transport.write(_closing(plain(status, text, fields)))
            self._closing = True
            self.transport.close()

    def overdue(self) -> None:
        """Its time is up."""
        self._closing = True
        self.transport.abort()

    def close_if_idle(self) -> None:
        """Close it if nothing is being answered; otherwise that is the last answer."""
        if self._task is None and not self._queue:
            self._closing = True
            self.transport.close()

    async def drained(self) -> None:
        await self._writable.wait()
        if self.transport.is_closing():
            raise ConnectionResetError


class _Answering:
    """A Writer."""

    def __init__(self, connection: Connection, keep_alive: bool) -> None:
        self._connection, self._keep_alive = connection, keep_alive
        self._begun = False

    def write(self, data: bytes) -> None:
        if not self._begun and not self._keep_alive:
            data = _closing(data)
        self._begun = True
        self._connection.transport.write(data)

    async def drained(self) -> None:
        await self._connection.drained()

    def abort(self) -> None:
        self._connection.transport.abort()


def _closing(reply: bytes) -> bytes:
    """The answer with `Connection: close`."""
    line, crlf, rest = reply.partition(b"\r\n")
    return line + crlf + b"connection: close\r\n" + rest


class Limits(NamedTuple):
    """How many connections: in all, and of one address."""

    connections: int = 4_096
    of_one_client: int = 512


ROOMY = Limits()


class Connections:
    """All connections of a server.

    Args:
        application: what answers.   failed: called where that raised.
    """

    def __init__(
        self,
        application: Callable[[Asked], Reply],
        failed: Callable[[], None] = lambda: None,
        timeouts: Timeouts = USUAL,
        limits: Limits = ROOMY,
    ) -> None:
        self.application, self.failed = application, failed
        self.timeouts, self.limits = timeouts, limits
        self.draining = False
        self.now = asyncio.get_running_loop().time()
        self._open: set[Connection] = set()
        self._of_client: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._open)

    def made(self) -> Connection:
        """A protocol for a new connection."""
        return Connection(self)

    def admit(self, connection: Connection) -> bool:
        """Take one more; whether there is room for it."""
        self._open.add(connection)
        count = self._of_client[connection.client] = self._of_client.get(connection.client, 0) + 1
        return len(self._open) <= self.limits.connections and count <= self.limits.of_one_client

    def forget(self, connection: Connection) -> None:
        if connection in self._open:
            self._open.discard(connection)
            left = self._of_client[connection.client] - 1
            if left:
                self._of_client[connection.client] = left
            else:
                del self._of_client[connection.client]

    async def watch(self) -> None:
        """Cut off those whose time is up, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            self.now = loop.time()
            for connection in tuple(self._open):
                if connection.deadline and connection.deadline < self.now:
                    connection.overdue()
            await asyncio.sleep(0.5)

    async def drain(self, seconds: float) -> None:
        """Let what was asked for be answered, and end all connections."""
        self.draining = True
        until = asyncio.get_running_loop().time() + seconds
        for connection in tuple(self._open):
            connection.close_if_idle()
        while self._open and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 - seldom, and for seconds
            await asyncio.sleep(0.05)
        for connection in tuple(self._open):
            connection.overdue()
