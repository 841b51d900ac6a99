"""What was asked and answered: counted, given an id, and told to whoever writes it down. All but files given from memory.

Those are most of all requests and the fastest, so they only count themselves: see `Tally.memory`.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from gosteward.serve.pages import FAVICON, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.modules.tally import Tally
    from gosteward.serve.connections import Asked, Reply, Writer

GONE = 499  # the client went away before the answer began; nginx says it so
_SUFFIXES = {"/@v/list": "list", "/@latest": "latest", ".info": "info", ".mod": "mod", ".zip": "zip"}
_PAGES = ("/-/", "/healthz", "/readyz", "/metrics", FAVICON)
_PROBES = ("/healthz", "/readyz", "/metrics")
_METHODS = 16  # characters


class Exchange(NamedTuple):
    """A request that was answered.

    Attributes:
        at: seconds since the epoch.   id: of the request, also told to its client.   client: its address.   path: as it came, without the query.
        status: of HTTP, GONE for none.   sent: bytes.   seconds: until all was written.   how: "memory", "store", "upstream", "stale", "refused",
            "page", or "cut" for a file that ended early.
    """

    at: float
    id: str
    client: str
    method: str
    path: str
    status: int
    sent: int
    seconds: float
    how: str


def kind_of(path: str) -> str:
    """What a path asks for: "list", "latest", "info", "mod", "zip", "sumdb", "vulndb", "index", "page", "other"."""
    if path.startswith("/sumdb/"):
        return "sumdb"
    if path == ROOT or path.startswith(_PAGES):
        return "page"
    if path.startswith("/vulndb/"):
        return "vulndb"
    if path == "/index":
        return "index"
    return next((kind for suffix, kind in _SUFFIXES.items() if path.endswith(suffix)), "other")


class Exchanges:
    """Looks at answers on their way.

    Args:
        tally: counts them.   told: is given each; it must not block.   clock: seconds since the epoch.
    """

    def __init__(
        self, tally: Tally, told: Callable[[Exchange], None] = lambda _: None, clock: Callable[[], float] = time.time
    ) -> None:
        self._tally, self._told, self.clock = tally, told, clock
        self._prefix, self._numbers = os.urandom(4).hex(), itertools.count(1)

    def of(self, asked: Asked, reply: Reply) -> Reply:
        """The answer to send instead: the same, with the id of the request."""
        if not isinstance(reply, bytes):
            return lambda to: self._follow(asked, reply, _Followed(to, self._next(), self.clock()))
        number = self._next()
        status = status_of(reply)
        answer = reply if status == 200 else identified(reply, number)
        self._end(asked, number, self.clock(), status, len(answer), "store" if status in (200, 404, 410) else "refused")
        return answer

    def of_gate(self, asked: Asked, reply: Reply) -> Reply:
        """As `of`, for the answer of a gate. One that had to think may let the request in: then that is looked at already."""
        if isinstance(reply, bytes):
            return self.of(asked, reply)
        return lambda to: self._follow(asked, reply, _Followed(to, self._next(), self.clock(), refusals_only=True))

    async def _follow(self, asked: Asked, reply: Callable[[Writer], object], to: _Followed) -> None:
        try:
            await reply(to)  # type: ignore[misc]  # a coroutine, by `Reply`
        except (asyncio.CancelledError, ConnectionError):
            to.how = "cut"
            raise
        finally:
            if to.counts:
                self._end(asked, to.number, to.began, to.status or GONE, to.sent, to.how or "refused")

    def _end(self, asked: Asked, number: str, began: float, status: int, sent: int, how: str) -> None:
        path = asked.target.partition(b"?")[0].decode("latin-1")
        kind = kind_of(path)
        self._tally.answered(kind, status)
        if kind == "page" and status in (200, 303, 404):
            how = "page"
            if path in _PROBES and status == 200:
                return  # each few seconds, by machines: no lines for them
        method = asked.method[:_METHODS].decode("latin-1")
        seconds = max(0.0, self.clock() - began)
        self._told(Exchange(began, number, asked.client.address, method, path, status, sent, seconds, how))

    def _next(self) -> str:
        return f"{self._prefix}-{next(self._numbers):x}"


class _Followed:
    """A Writer that looks at what goes through."""

    def __init__(self, to: Writer, number: str, began: float, *, refusals_only: bool = False) -> None:
        self._to, self.number, self.began = to, number, began
        self._refusals_only = refusals_only
        self.status = self.sent = 0
        self.how = ""
        self.counts = not refusals_only

    def write(self, data: bytes) -> None:
        if not self.status:
            self.status = status_of(data)
            if self._refusals_only:
                self.counts = self.status >= 400 and b"\r\nx-request-id: " not in data
            if self.counts and (self.how != "store" or self.status != 200):
                data = identified(data, self.number)
        self.sent += len(data)
        self._to.write(data)

    async def drained(self) -> None:
        await self._to.drained()

    async def send_file(self, file: BinaryIO, place: int, count: int) -> None:
        await self._to.send_file(file, place, count)
        self.sent += count

    def abort(self) -> None:
        self.how = "cut"
        self._to.abort()


def status_of(answer: bytes) -> int:
    """The status in the first bytes of an answer."""
    return int(answer[9:12])


def identified(answer: bytes, number: str) -> bytes:
    """The answer with the id of its request."""
    line, crlf, rest = answer.partition(b"\r\n")
    return b"%b%bx-request-id: %b\r\n%b" % (line, crlf, number.encode(), rest)
