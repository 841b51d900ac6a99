"""Asking the module proxies behind ours, through the only network client. Blocking: each call runs in a thread of its own."""

from __future__ import annotations

import contextlib
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gosteward.fetch import FetchError, held
from gosteward.modules.answers import BAD_GATEWAY, FORBIDDEN, TIMED_OUT, UNAVAILABLE, Refusal, of_upstream
from gosteward.modules.origins.secrets import RouteSecrets, SecretError, advice_for, without
from gosteward.modules.upstreams import goes_on, of_all
from gosteward.toolchains.origins.web import PASSWORD_WANTED, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from gosteward.fetch import Opened
    from gosteward.modules.tally import Tally
    from gosteward.modules.upstreams import Upstream
    from gosteward.toolchains.origins.web import Web

_ERROR_TEXT = 8_192
ANSWER_SECONDS = 60.0
FILE_SECONDS = 900.0
_RESULTS = {FORBIDDEN: "refused", UNAVAILABLE: "busy", TIMED_OUT: "late"}


class Coming(NamedTuple):
    """An answer 200.  body: its pieces, while they come.   length: of it, -1 where nobody says.   source: who gives it, for people."""

    body: Iterator[bytes]
    length: int
    source: str


class BrokenError(Exception):
    """A body ended too early, or stopped coming."""


class Source(Protocol):
    """Something else than a module proxy that can be asked for paths of the protocol."""

    def opened(self, upstream: Upstream, path: str, seconds: float) -> AbstractContextManager[Coming | Refusal]:
        """As `UpstreamOrigin.opened`, of one entry of its list."""
        ...


class UpstreamOrigin:
    """A list of module proxies, and of other sources.

    Args:
        tally: is told how each of them does.   sources: by the scheme of their URLs.
    """

    def __init__(
        self,
        upstreams: Sequence[Upstream],
        web: Web,
        tally: Tally | None = None,
        sources: Mapping[str, Source] = MappingProxyType({}),
    ) -> None:
        self.upstreams = tuple(upstreams)
        self._web, self._tally, self._sources = web, tally, sources
        self._secrets = RouteSecrets(web.host.environ)

    @contextlib.contextmanager
    def opened(self, path: str, seconds: float = FILE_SECONDS) -> Iterator[Coming | Refusal]:
        """Ask for a path of the protocol.

        Returns:
            the first answer 200; else what all of them together come to.
        Raises:
            BrokenError: while the body is taken.
        """
        refusals: list[Refusal] = []
        for upstream in self.asked_for(path):
            with contextlib.ExitStack() as open_answer:
                began = time.monotonic()
                found = self._asked(upstream, path, seconds, open_answer)
                self._tell(upstream, found, time.monotonic() - began)
                if isinstance(found, Coming):
                    yield found
                    return
            refusals.append(found)
            if not goes_on(upstream, found):
                break
        yield of_all(refusals)

    def asked_for(self, path: str) -> tuple[Upstream, ...]:  # noqa: ARG002 - here they are the same for all
        """Who is asked for a path."""
        return self.upstreams

    def _asked(
        self, upstream: Upstream, path: str, seconds: float, open_answer: contextlib.ExitStack
    ) -> Coming | Refusal:
        source = self._sources.get(upstream.scheme)
        if source is not None:
            return open_answer.enter_context(source.opened(upstream, path, seconds))
        said: list[str] = []
        try:
            answer = self._answer(upstream, f"{upstream.url}/{path}", seconds, open_answer, said)
            if answer.head.status != 200:
                body = without(held(answer, _ERROR_TEXT).body.decode("utf-8", "replace"), said)
                advice = advice_for(upstream.secret, answer.head.status)
                return of_upstream(answer.head.status, body.encode(), upstream.shown, advice)
            wrong = _no_file(answer)
            if wrong:
                return Refusal(BAD_GATEWAY, f"{upstream.shown} answered with {wrong}")
        except FetchError as error:
            refusal = _failed(upstream, error)
            return refusal._replace(reason=without(refusal.reason, said))
        except UnreachableError as error:
            return Refusal(BAD_GATEWAY, f"{upstream.shown} cannot be asked: {error.what}")
        except SecretError as error:
            kind = upstream.secret.kind if upstream.secret is not None else ""
            return Refusal(BAD_GATEWAY, f"{upstream.shown} cannot be asked: the {kind} of its route: {error.what}")
        return Coming(self._pieces(upstream, answer), answer.length, upstream.shown)

    def _answer(
        self, upstream: Upstream, url: str, seconds: float, open_answer: contextlib.ExitStack, said: list[str]
    ) -> Opened:
        """An answer of any status.  said: gets the secrets that were sent.   Raises FetchError, UnreachableError, SecretError."""
        if upstream.secret is None:
            return open_answer.enter_context(self._web.opened(url, seconds))
        lines = self._secrets.lines(upstream.secret, url)
        said += lines
        with contextlib.ExitStack() as first:
            answer = first.enter_context(self._web.opened(url, seconds, lines))
            wanted = answer.head.status == PASSWORD_WANTED
            others = self._secrets.others(upstream.secret, url, lines, answer.head) if wanted else ()
            if not others:
                open_answer.push(first.pop_all())
                return answer
        said += others
        return open_answer.enter_context(self._web.opened(url, seconds, others))

    def _pieces(self, upstream: Upstream, answer: Opened) -> Iterator[bytes]:
        try:
            yield from answer.pieces
        except FetchError as error:
            text = error.detail or error.reason
            if self._tally is not None:
                self._tally.asked(upstream.shown, "broken", None, f"{upstream.shown}: the answer broke off: {text}")
            raise BrokenError(text) from error

    def _tell(self, upstream: Upstream, found: Coming | Refusal, seconds: float) -> None:
        if self._tally is None:
            return
        if isinstance(found, Refusal) and not found.is_absence:
            self._tally.asked(upstream.shown, _RESULTS.get(found.status, "failed"), seconds, found.reason)
        else:
            self._tally.asked(upstream.shown, "absent" if isinstance(found, Refusal) else "ok", seconds)


def _no_file(answer: Opened) -> str:
    """What an answer 200 is that cannot be a file of a module; "" if it can.

    A login page, or that of a company's filter, would be a list without versions, and the first go.mod of a private module.
    """
    if answer.head.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/html":
        return "a web page, and no file of a module: does it want a login, or does something in between answer?"
    coding = answer.head.headers.get("content-encoding", "").strip().lower()
    return f"an encoding that was not asked for: {coding[:40]}" if coding not in ("", "identity") else ""


def _failed(upstream: Upstream, error: FetchError) -> Refusal:
    status = TIMED_OUT if error.reason in ("timeout", "deadline") else BAD_GATEWAY
    return Refusal(status, f"{upstream.shown} cannot be reached: {error.detail or error.reason}")
