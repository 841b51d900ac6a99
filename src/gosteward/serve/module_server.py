"""The module proxy over HTTP: targets to questions, answers to bytes.

Small files that never change are kept in memory as whole answers, by the target as it came: most requests are a dictionary's lookup and one write.
What changes is kept so as well, for the part of a second in which its max-age stays the same.
Large ones are sent by the kernel where there is no TLS, and always only as fast as the client takes them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from gosteward.modules import requests
from gosteward.modules.answers import BAD_GATEWAY, BAD_REQUEST, INTERNAL, Refusal
from gosteward.modules.changing import Content
from gosteward.modules.flights import Flight
from gosteward.modules.policy import Unknown
from gosteward.modules.requests import DatabaseRequest, Malformed
from gosteward.report.layout import visible
from gosteward.serve.connections import head, plain
from gosteward.serve.held_answers import Held, HeldBriefly

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gosteward.modules.databases import DatabaseRelay
    from gosteward.modules.proxy import Answer, ModuleProxy
    from gosteward.modules.requests import ModuleRequest
    from gosteward.modules.storage.disk import Stored
    from gosteward.serve.connections import Asked, Reply, Writer
    from gosteward.serve.exchanges import Exchanges

IMMUTABLE = "cache-control: public, max-age=31536000, immutable\r\n"
TYPES = {
    "list": "text/plain; charset=utf-8",
    "latest": "application/json",
    "info": "application/json",
    "mod": "text/plain; charset=utf-8",
    "zip": "application/zip",
}
WHOLE = 1 << 18  # bytes of a file that is written at once
PIECE = 1 << 17
MOST_HELD, MOST_BRIEF = 6 << 20, 1 << 19  # bytes of answers in memory
HEALTH = (b"/healthz", b"/readyz")
_LOOP = Refusal(BAD_GATEWAY, "the upstream of this proxy leads back to it: what is set up as upstream asks this proxy")
PREFIXES = ("/-/", "/vulndb/")  # of pages that are for all below them


class Gate(Protocol):
    """Who may ask."""

    def refusal(self, asked: Asked, again: Callable[[Asked], Reply]) -> Reply | None:
        """The answer for who may not; None for who may.  again: answers the request anew, for who turns out to be let in."""
        ...


class Page(Protocol):
    """Something besides modules: `/healthz`, `/metrics`, `/-/`."""

    def __call__(self, asked: Asked) -> Reply: ...


class ModuleServer:
    """An application for `serve.connections`.

    Args:
        gate: None lets everybody in.   pages: by path; those in PREFIXES are for all below them; health pages are given before the gate.
        exchanges: look at all answers but those from memory.   pseudonym: what `Via` says where this proxy itself asks, "" for nothing.
    """

    def __init__(
        self,
        proxy: ModuleProxy,
        databases: DatabaseRelay,
        gate: Gate | None,
        pages: Mapping[str, Page],
        exchanges: Exchanges,
        pseudonym: str = "",
    ) -> None:
        self._pseudonym = pseudonym.encode()
        self._proxy, self._databases, self._gate = proxy, databases, gate
        self._pages, self._exchanges = pages, exchanges
        self._held = Held(MOST_HELD)
        self._brief = HeldBriefly(MOST_BRIEF, proxy.clock)

    def __call__(self, asked: Asked) -> Reply:
        if self._gate is not None and asked.target not in HEALTH:
            answer = self._gate.refusal(asked, self)
            if answer is not None:
                return self._exchanges.of_gate(asked, answer)
        if asked.method == b"GET":
            held = self._held.get(asked.target)
            if held is not None:
                answer, count = held
                count[0] += 1
                return answer
            brief = self._brief.get(asked.target)
            if brief is not None:
                brief.uses[0] += 1
                return brief.answer
        return self._exchanges.of(asked, self._other(asked))

    def holds(self, asked: Asked) -> bool:
        """Whether its answer would come from memory."""
        if asked.method != b"GET":
            return False
        return self._held.get(asked.target) is not None or self._brief.get(asked.target) is not None

    def _other(self, asked: Asked) -> Reply:
        if asked.method not in (b"GET", b"HEAD"):
            return plain(405, "only GET and HEAD", "allow: GET, HEAD\r\n")
        path, _, _ = asked.target.decode("latin-1").partition("?")
        page = self._page(path)
        if page is not None:
            return page(asked)
        try:
            return self._asked(asked, path)
        except OSError as error:
            refusal = Refusal(INTERNAL, f"the store cannot be read: {error.strerror}")
            self._proxy.tally.trouble("store", f"{visible(path[:200])}: {refusal.reason}")
            return _refusal(asked, refusal)

    def _is_our_own(self, asked: Asked) -> bool:
        """Whether an upstream passes on to us what we ask it: the answer would wait for itself. Source: RFC 9110, section 7.6.3."""
        return bool(self._pseudonym) and self._pseudonym in asked.via

    def forget(self) -> None:
        """What may be told has changed: look at everything anew."""
        self._held.clear()
        self._brief.clear()

    def _page(self, path: str) -> Page | None:
        found = self._pages.get(path)
        if found is None and path.startswith(PREFIXES):
            found = self._pages.get(path[: path.index("/", 1) + 1])
        return found

    def _asked(self, asked: Asked, path: str) -> Reply:
        request = requests.parse(path)
        if isinstance(request, Malformed):
            return refused(Refusal(BAD_REQUEST, f"bad request: {request.reason}"))
        if isinstance(request, DatabaseRequest):
            unwanted = self._proxy.policy.refusal_of_lookup(request) if self._proxy.policy is not None else None
            if unwanted is not None:
                return _refusal(asked, unwanted)
            if self._is_our_own(asked):
                return _refusal(asked, _LOOP)
            return lambda to: self._ask_database(asked, request, to)
        return self._module(asked, request)

    def _module(self, asked: Asked, request: ModuleRequest) -> Reply:
        refusal = self._proxy.refused_at_once(request)
        if isinstance(refusal, Unknown):
            return lambda to: self._judge(asked, request, to)
        return self._allowed(asked, request) if refusal is None else _refusal(asked, refusal)

    async def _judge(self, asked: Asked, request: ModuleRequest, to: Writer) -> None:
        """As `_allowed`, if the policy allows it; that may have to be asked for."""
        refusal = await self._proxy.refused(request)
        to.how = "refused" if refusal is not None else "store"
        if refusal is not None:
            to.write(_refusal(asked, refusal))
            return
        reply = self._allowed(asked, request)
        if isinstance(reply, bytes):
            to.write(reply)
        else:
            await reply(to)

    def _allowed(self, asked: Asked, request: ModuleRequest) -> Reply:
        stored = self._proxy.store.opened(request.path) if request.canonical else None
        if stored is None:
            if self._is_our_own(asked):
                return _refusal(asked, _LOOP)
            fresh = self._proxy.fresh(request)
            if fresh is not None:
                return self._fresh(asked, request, fresh)
            return lambda to: self._ask(asked, request, to)
        unwanted = self._proxy.too_large(request, stored.size)
        if unwanted is not None:
            os.close(stored.descriptor)
            self._proxy.tally.refused += 1
            return _refusal(asked, unwanted)
        self._proxy.tally.stored += 1
        if asked.method == b"HEAD":
            os.close(stored.descriptor)
            return _head_of(request, stored.size)
        if stored.size <= WHOLE:
            return self._whole(asked, request, stored)
        return lambda to: self._send(request, stored, to)

    def _fresh(self, asked: Asked, request: ModuleRequest, found: Content | Refusal) -> bytes:
        answer = _small(asked, TYPES[request.kind], found)
        if asked.method == b"GET" and isinstance(found, Content):
            self._brief.put(asked.target, answer, found.until, self._proxy.tally.brief[request.kind])
        return answer

    def _whole(self, asked: Asked, request: ModuleRequest, stored: Stored) -> bytes:
        with open(stored.descriptor, "rb", buffering=0) as file:
            body = file.read(stored.size)
        if len(body) != stored.size:
            return refused(Refusal(500, f"{request.named}: the store's file is shorter than it was"))
        answer = _head_of(request, stored.size) + body
        self._held.put(asked.target, answer, self._proxy.tally.memory[request.kind])
        return answer

    async def _ask(self, asked: Asked, request: ModuleRequest, to: Writer) -> None:
        answer = await self._proxy.answer(request)
        to.how = _source_of(answer)
        if isinstance(answer, Flight):
            try:
                await _follow(asked, request, answer, to)
            finally:
                answer.leave()
        else:
            to.write(_small(asked, TYPES[request.kind], answer))

    async def _ask_database(self, asked: Asked, request: DatabaseRequest, to: Writer) -> None:
        kind = "application/octet-stream" if request.rest.startswith("tile/") else "text/plain; charset=utf-8"
        answer = await self._databases.answer(request)
        to.how = _source_of(answer)
        to.write(_small(asked, kind, answer))

    async def _send(self, request: ModuleRequest, stored: Stored, to: Writer) -> None:
        to.how = "store"
        with open(stored.descriptor, "rb", buffering=0) as file:  # noqa: ASYNC230 - it is open; this gives it a name
            to.write(_head_of(request, stored.size))
            await to.send_file(file, 0, stored.size)


def _head_of(request: ModuleRequest, size: int) -> bytes:
    return head(200, f"content-type: {TYPES[request.kind]}\r\n{IMMUTABLE}", size)


def _source_of(answer: Answer) -> str:
    """Where it comes from, as a Writer has to know."""
    if not isinstance(answer, Content) or answer.asked:
        return "upstream"
    return "stale" if answer.stale else "memory"


def _refusal(asked: Asked, refusal: Refusal) -> bytes:
    return refused(refusal, body=asked.method != b"HEAD")


def _small(asked: Asked, kind: str, answer: Content | Refusal) -> bytes:
    if isinstance(answer, Refusal):
        return _refusal(asked, answer)
    stale = 'warning: 110 - "response is stale"\r\n' if answer.stale else ""
    fields = f"content-type: {kind}\r\ncache-control: public, max-age={answer.max_age}\r\n{stale}"
    top = head(200, fields, len(answer.body))
    return top if asked.method == b"HEAD" else top + answer.body


async def _follow(asked: Asked, request: ModuleRequest, flight: Flight, to: Writer) -> None:
    """Send a file while it comes. Nothing is sent before it is known whether it is right, if it is small."""
    place = await flight.readable(0)
    if flight.refusal is not None and flight.ended:
        to.write(refused(flight.refusal, body=asked.method != b"HEAD"))
        return
    size = flight.got if flight.is_whole else flight.size
    to.write(_head_of(request, size))
    if asked.method == b"HEAD":
        return
    sent, chunked = 0, size < 0
    while True:
        while sent < place:
            piece = flight.read(sent, min(PIECE, place - sent))
            if not piece:
                to.abort()
                return
            to.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            sent += len(piece)
            await to.drained()
        place = await flight.readable(sent)
        if place == sent:
            break
    if not flight.is_whole:
        to.abort()
    elif chunked:
        to.write(b"0\r\n\r\n")


def refused(refusal: Refusal, *, body: bool = True) -> bytes:
    """The answer that there is no file."""
    fields = f"retry-after: {refusal.retry_after}\r\n" if refusal.retry_after else ""
    answer = plain(refusal.status, refusal.reason, fields)
    return answer if body else answer[: answer.index(b"\r\n\r\n") + 4]
