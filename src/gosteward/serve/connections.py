"""Connections of clients: HTTP/1.1 with keep-alive and pipelining, within limits of size, number and time.

Requests have no bodies here: whoever sends one is refused and the connection is closed, so that there is no question where the next request
begins. Answers go out in the order of the requests; a client that does not read is not written to, and is cut off after a while.

Source: RFC 9112, sections 6.3 (where a message ends), 9.3 (persistence), 9.3.2 (pipelining), 11.2 (request smuggling). llhttp, by httptools, reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import http
import struct
from socket import SO_LINGER, SOL_SOCKET
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol, Union

import httptools

from gosteward.serve import file_sending
from gosteward.serve.networks import network_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from gosteward.serve.open_connections import Connections

LONGEST_TARGET = 4_096
MOST_HEADER_BYTES = 16_384
MOST_QUEUED = 32
HIGH_WATER = 1 << 18
STEP = 4 << 20  # of a file that is sent


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


class Client(NamedTuple):
    """Who is at the other end.

    Attributes:
        address: IP address, "" over a Unix socket.   certificate: name in the client certificate that TLS has verified, "" without one.
    """

    address: str = ""
    certificate: str = ""


UNKNOWN = Client()


class Asked(NamedTuple):
    """A request.  method, target: as they came.   authorization, language, via: those headers (Accept-Language), b"" without one."""

    method: bytes
    target: bytes
    authorization: bytes = b""
    client: Client = UNKNOWN
    language: bytes = b""
    via: bytes = b""


class Writer(Protocol):
    """Where an answer goes.  how: where it comes from, for the log: "memory", "store", "upstream", "stale", "refused"."""

    how: str

    def write(self, data: bytes) -> None: ...
    async def drained(self) -> None:
        """Wait until more should be written. Raises ConnectionError: the client is gone."""
        ...

    async def send_file(self, file: BinaryIO, place: int, count: int) -> None:
        """Send bytes of a file behind what was written, by sendfile(2) where there is no TLS. Raises ConnectionError."""
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
        self._all, self.traffic = open_connections, open_connections.traffic
        self._parser = httptools.HttpRequestParser(self)
        self._queue: list[tuple[Asked, bool]] = []
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._closing = self._reading_paused = False
        self._head_bytes = self._head_size = 0
        self._target = self._authorization = self._language = self._via = b""
        self._has_body = False
        self._farewell = b""  # what is written last
        self.transport: asyncio.Transport = None  # type: ignore[assignment]
        self.client = self.network = ""
        self._asker = UNKNOWN
        self._is_secured = False
        self.deadline = self.idle_since = 0.0

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # of a stream: this is no datagram protocol
        self.transport.set_write_buffer_limits(high=HIGH_WATER)
        peer = transport.get_extra_info("peername")
        self.client = peer[0] if isinstance(peer, tuple) else ""
        self.network = network_of(self.client)
        secured = transport.get_extra_info("ssl_object")
        self._asker = Client(self.client, certified(secured.getpeercert()) if secured is not None else "")
        self._is_secured = secured is not None
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
        self.deadline = 0.0 if self._is_answering() else self._all.now + self._all.timeouts.idle

    def _is_answering(self) -> bool:
        return self._task is not None or bool(self._queue)

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        self.idle_since = 0.0
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(400, "no other protocol is spoken here")
        except httptools.HttpParserError:
            self._refuse(400, "this is no HTTP request")
        if self._head_bytes > MOST_HEADER_BYTES:
            self._refuse(431, "the headers are too long")

    def eof_received(self) -> bool:
        self._closing = True
        if self._task is None or self._is_secured:  # TLS ends both ways
            return False
        # What was asked for is still answered, if it is at hand: most who say no more have gone.
        self.deadline = self._all.now + self._all.timeouts.head
        return True

    # httptools

    def on_message_begin(self) -> None:
        self._target = self._authorization = self._language = self._via = b""
        self._has_body = False
        self._head_size = 0
        if not self._is_answering():  # otherwise the time of that answer counts
            self.deadline = self._all.now + self._all.timeouts.head

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        self._head_size += len(name) + len(value)
        if name == b"authorization":
            self._authorization = value
        elif name == b"accept-language":
            self._language = value
        elif name == b"via":
            self._via += b"," + value
        elif name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0"):
            self._has_body = True

    def on_headers_complete(self) -> None:
        self._head_bytes = 0
        if self._head_size > MOST_HEADER_BYTES:  # in one piece with its end
            self._refuse(431, "the headers are too long")
        elif self._has_body:
            self._refuse(400, "requests have no body here")

    def on_message_complete(self) -> None:
        if self._closing:
            return
        if len(self._target) > LONGEST_TARGET:
            self._refuse(414, "the path is too long")
            return
        method = self._parser.get_method()
        asked = Asked(method, self._target, self._authorization, self._asker, self._language, self._via)
        self._queue.append((asked, self._keeps_alive()))
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
            reply = self._reply(asked)
            if isinstance(reply, bytes):
                self.traffic.sent += len(reply)
                self.transport.write(reply if keep_alive else _closing(reply))
                self._done(keep_alive)
            else:
                self._task = asyncio.ensure_future(self._run(reply, keep_alive))
        if self._reading_paused and len(self._queue) < MOST_QUEUED // 2:
            self._reading_paused = False
            self.transport.resume_reading()

    def _reply(self, asked: Asked) -> Reply:
        try:
            return self._all.application(asked)
        except Exception:  # noqa: BLE001 - of this answer, and no other
            self._all.failed()
            return plain(500, "the proxy failed")

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
        if not keep_alive:
            self._farewell = b""  # that was the last answer
        if not keep_alive or (self._closing and not self._queue):
            self._close()
        elif not self._queue and self._writable.is_set():
            self.deadline = self._all.now + self._all.timeouts.idle
            self.idle_since = asyncio.get_running_loop().time()

    def _refuse(self, status: int, text: str, fields: str = "") -> None:
        """Say why, behind the answers to what came before, and close: where the next request begins is not known."""
        if self._closing or self.transport.is_closing():
            return
        self.traffic.turned_away += 1
        self._farewell = _closing(plain(status, text, fields))
        if not self._is_answering():
            self._close()
            return
        self._closing = True
        self._reading_paused = False  # it is not resumed: nothing more is read
        self.transport.pause_reading()

    def _close(self) -> None:
        """End it when all is written, which a client that reads nothing cannot put off for ever."""
        self._closing = True
        self.deadline = self._all.now + self._all.timeouts.stalled
        self.transport.write(self._farewell)
        self.transport.close()

    def overdue(self) -> None:
        """Its time is up."""
        self._closing = True
        if self._is_answering() or self.transport.get_write_buffer_size():
            self.cut()
        else:
            self.transport.abort()

    def cut(self) -> None:
        """End it in the middle of an answer. The kernel forgets what it holds of it: who reads slowly could make it hold that for ever."""
        with contextlib.suppress(OSError):  # it is gone already
            self.transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    @property
    def is_idle(self) -> bool:
        """Whether it was answered, the client has all of it, and asks nothing now: clients take it as it is if that ends."""
        return bool(self.idle_since) and not self._closing and not self.transport.get_write_buffer_size()

    def close_if_idle(self) -> None:
        """Close it if nothing is being answered; otherwise that is the last answer."""
        if self._task is None and not self._queue:
            self._close()

    async def send_file(self, file: BinaryIO, place: int, count: int) -> None:
        """As of a Writer: in steps, so that a client that reads nothing is noticed."""
        self._some_went()
        try:
            if self._is_secured or self.transport.get_write_buffer_size():
                await self._send_behind(file, place, count)
            else:
                connection = self.transport.get_extra_info("socket").fileno()
                await file_sending.send(connection, file.fileno(), place, count, self._some_went)
        finally:
            self.deadline = 0.0

    async def _send_behind(self, file: BinaryIO, place: int, count: int) -> None:
        """As `send_file`, through TLS, or behind what is still to be written."""
        loop = asyncio.get_running_loop()
        try:
            for at in range(place, place + count, STEP):
                self._some_went()
                await loop.sendfile(self.transport, file, at, min(STEP, place + count - at))
        except RuntimeError as error:  # of a transport that is closing
            raise ConnectionResetError from error

    def _some_went(self) -> None:
        self.deadline = self._all.now + self._all.timeouts.stalled

    async def drained(self) -> None:
        await self._writable.wait()
        if self.transport.is_closing():
            raise ConnectionResetError


class _Answering:
    """A Writer."""

    def __init__(self, connection: Connection, keep_alive: bool) -> None:
        self._connection, self._keep_alive = connection, keep_alive
        self._begun = False
        self.how = ""

    def write(self, data: bytes) -> None:
        if not self._begun and not self._keep_alive:
            data = _closing(data)
        self._begun = True
        self._connection.traffic.sent += len(data)
        self._connection.transport.write(data)

    async def drained(self) -> None:
        await self._connection.drained()

    async def send_file(self, file: BinaryIO, place: int, count: int) -> None:
        await self._connection.send_file(file, place, count)
        self._connection.traffic.sent += count

    def abort(self) -> None:
        self._connection.cut()


def certified(certificate: Mapping[str, object] | None) -> str:
    """The name in a certificate as `ssl` gives it after it has verified it; "" for none, which is what it gives where there is none."""
    if not certificate:
        return ""
    subject = certificate.get("subject")
    names = [field for part in subject for field in part] if isinstance(subject, tuple) else []
    return next(
        (str(value) for key, value in names if key == "commonName"), f"serial {certificate.get('serialNumber')}"
    )


def _closing(reply: bytes) -> bytes:
    """The answer with `Connection: close`."""
    line, crlf, rest = reply.partition(b"\r\n")
    return line + crlf + b"connection: close\r\n" + rest
