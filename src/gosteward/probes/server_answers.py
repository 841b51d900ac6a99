"""From answers and failures to checks: what an answer of a proxy, a database or an HTTP proxy means to go.

Source: cmd/go/internal/modfetch/proxy.go and sumdb.go: 404 and 410 are answers ("I do not have it"), every other status but 200
is a failure.
"""

from __future__ import annotations

import calendar
import re
import time
from typing import TYPE_CHECKING, NamedTuple, Optional

from gosteward import fetch
from gosteward.formats import certificates
from gosteward.golang import sumdb_head
from gosteward.golang.goauth import methods
from gosteward.golang.proxyurls import DEFAULT_DATABASE, PUBLIC_PROXY
from gosteward.snapshot import NetworkCheck

if TYPE_CHECKING:
    from gosteward.fetch import Answer, FetchError, Request
    from gosteward.golang.proxyurls import Url
    from gosteward.probes.askers import Asker
    from gosteward.probes.trust import Trust

# Public, known to answer everywhere, and asked by every go of the world: it tells nothing.
PUBLIC_LIST = "/golang.org/x/mod/@v/list"
NOT_THERE = (404, 410)
LATE = ("resolve", "timeout")
_REFUSING = (401, 403, 407)
_DATE = re.compile(r"\w{3}, (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"


class Outcome(NamedTuple):
    """What came of a question.

    Attributes:
        answer, error: one of them.   seconds: it took.   clock_difference: as in `NetworkCheck`.
        relays: the server said that it relays the checksum database.   page: a web page came in the answer's place.
        database_status: what a sound proxy answered to the question about the database, if that is a failure to go; else 0.
    """

    answer: Optional[Answer] = None
    error: Optional[FetchError] = None
    seconds: float = 0.0
    clock_difference: float = 0.0
    relays: bool = False
    page: bool = False
    database_status: int = 0

    @property
    def passes_on(self) -> bool:
        """Go asks the next entry about the database after this."""
        return self.answer is not None and self.answer.status in NOT_THERE and not self.database_status


class Asked(NamedTuple):
    """A server that was asked for a group of contexts, and what it came to."""

    check: NetworkCheck
    asker: Asker
    url: Url
    via: Optional[Url] = None
    outcome: Outcome = Outcome()


def late() -> Outcome:
    """The outcome of a question that nobody answered in time; name servers are the only thing that cannot be limited."""
    return Outcome(error=fetch.FetchError(*LATE, "no answer in time"))


def asked(url: Url, request: Request) -> Outcome:
    """Ask once."""
    begun = time.monotonic()
    try:
        answer = fetch.fetch(url, request)
    except fetch.FetchError as error:
        return Outcome(error=error, seconds=time.monotonic() - begun)
    return Outcome(
        answer=answer,
        seconds=time.monotonic() - begun,
        clock_difference=_difference(answer.headers.get("date", "")),
        page=_is_page(answer),
    )


def asked_proxy(url: Url, database: str, request: Request) -> Outcome:
    """Ask a module proxy whether it relays the database; what is neither yes nor no is asked a second time, for a module list."""
    path = url.path.rstrip("/")
    first = asked(url._replace(path=f"{path}/sumdb/{database}/supported"), request)
    if first.answer is None or first.answer.status in NOT_THERE:
        return first
    if first.answer.status == 200 and not first.page:
        return first._replace(relays=True)
    second = asked(url._replace(path=path + PUBLIC_LIST), request)
    if second.answer is None or second.page or second.answer.status not in (200, *NOT_THERE):
        return second if second.answer is not None else first
    return second._replace(relays=first.answer.status == 200, database_status=first.answer.status)


def proxy_check(asker: Asker, url: Url, via: Url | None, outcome: Outcome) -> NetworkCheck:
    """The check of a GOPROXY entry that is asked over the network."""
    check = _blank("goproxy", url, via, asker)._replace(
        setting=asker.setting, seconds=round(outcome.seconds, 3), clock_difference=outcome.clock_difference
    )
    if url.user and url.scheme == "http":
        return check._replace(ok=False, step="http", reason="password-in-clear")
    if outcome.error is not None:
        return _failed(check, outcome.error)
    answer = outcome.answer
    if answer is None:
        return check
    check = check._replace(status=answer.status)
    if outcome.page or answer.status == 511:
        return check._replace(ok=False, step="content", reason="login-page", detail=_described(answer))
    if answer.status in _REFUSING:
        known = bool(url.user) or (url.scheme == "https" and bool(methods(asker.goauth).programs))
        return (
            check if known else check._replace(ok=False, step="http", reason="credentials", detail=_described(answer))
        )
    if answer.status != 200 and answer.status not in NOT_THERE:
        return check._replace(ok=False, step="http", reason="status", detail=_described(answer))
    return check


def database_check(
    asker: Asker, url: Url, via: Url | None, outcome: Outcome, seen: str, *, alone: bool
) -> NetworkCheck:
    """The check of the checksum database.

    Args:
        url: of the database, without `/latest`.   seen: the newest head that the user's go has verified, "" if none.
        alone: proxies answered, and none of them relays it.
    """
    check = _blank("sumdb", url, via, asker)._replace(
        setting=asker.database_setting or asker.setting,
        seconds=round(outcome.seconds, 3),
        clock_difference=outcome.clock_difference,
    )
    if outcome.error is not None:
        failed = _failed(check, outcome.error)
        unreachable = failed.step in ("resolve", "connect") or failed.reason in ("timeout", "unreachable")
        return failed._replace(reason="unsupported-sumdb") if alone and unreachable else failed
    answer = outcome.answer
    if answer is None:
        return check
    check = check._replace(status=answer.status)
    if outcome.page and answer.status == 200:
        return check._replace(ok=False, step="content", reason="login-page", detail=_described(answer))
    if answer.status != 200:
        return check._replace(ok=False, step="http", reason="status", detail=_described(answer))
    return _compared(check, answer, seen, public=url.host in (DEFAULT_DATABASE, PUBLIC_PROXY))


def _compared(check: NetworkCheck, answer: Answer, seen: str, *, public: bool) -> NetworkCheck:
    head = sumdb_head.parse(answer.body.decode("utf-8", "replace"))
    if head is None:
        return check._replace(
            ok=False, step="content", reason="", detail="the answer to /latest is no signed tree head"
        )
    before = sumdb_head.parse(seen)
    difference = sumdb_head.behind(head, before, sumdb_head.PUBLIC_TOLERANCE if public else 0) if before else ""
    if difference:
        return check._replace(ok=False, step="content", reason="stale-latest", detail=difference)
    return check


def relay_check(found: Asked, database: str) -> NetworkCheck:
    """The check of a database behind a sound proxy that answers the question about it with a failure: go stops there."""
    status = found.outcome.database_status
    url = found.url._replace(path=f"{found.url.path.rstrip('/')}/sumdb/{database}")
    return _blank("sumdb", url, found.via, found.asker)._replace(
        ok=False,
        step="http",
        reason="status",
        status=status,
        detail=f"HTTP status {status} for {url.shown}/supported",
        setting=found.asker.setting,
    )


def http_proxy_checks(all_asked: tuple[Asked, ...]) -> list[NetworkCheck]:
    """One check for each HTTP proxy that was on the way; it is sound as soon as one question came through."""
    found: dict[tuple[Url, tuple[str, ...]], NetworkCheck] = {}
    for item in all_asked:
        via, error = item.via, item.outcome.error
        unknown = error is not None and (error.step == "parse" or (error.step, error.reason) == LATE)
        if via is None or unknown:
            continue
        line = item.asker.https if item.url.scheme == "https" else item.asker.http
        check = _blank("http-proxy", via, None, item.asker)._replace(setting=line, seconds=item.check.seconds)
        if error is not None and error.by_proxy:
            check = _failed(check, error)
        elif item.outcome.answer is not None and item.outcome.answer.status == 407:
            # Only a proxy on the way asks for a password with this status; over https it is the error above.
            check = check._replace(
                ok=False, step="http", reason="credentials", status=407, detail=_described(item.outcome.answer)
            )
        key = (via, item.asker.contexts)
        if key not in found or check.ok:
            found[key] = check
    return list(found.values())


def with_certificate(check: NetworkCheck, store: Trust, chain: tuple[bytes, ...]) -> NetworkCheck:
    """The check with what the refused certificate says about itself, and which store was asked."""
    parsed = tuple(c for c in map(certificates.parse, chain) if c is not None)
    check = check._replace(trust_store=store.bundle, trust_setting=store.settings.location)
    if not parsed:
        return check
    # Of a chain, the authority that is missing is the issuer of the last certificate.
    issuer = parsed[-1].issuer_name if check.reason == "unknown-authority" else parsed[0].issuer_name
    return check._replace(issuer=issuer, not_before=parsed[0].not_before, not_after=parsed[0].not_after)


def _blank(kind: str, url: Url, via: Url | None, asker: Asker) -> NetworkCheck:
    return NetworkCheck(
        kind=kind,
        url=url.shown,
        host=url.host.strip("[]"),
        port=url.effective_port,
        contexts=asker.contexts,
        via=via.shown if via is not None else "",
    )


def _failed(check: NetworkCheck, error: FetchError) -> NetworkCheck:
    if error.step == "parse":
        return check  # a kind of proxy that we do not speak: nothing is known
    return check._replace(ok=False, step=error.step, reason=error.reason, detail=error.detail, status=error.status)


def _is_page(answer: Answer) -> bool:
    if answer.status != 200:
        return False
    start = answer.body[:200].lstrip().lower()
    return "html" in answer.headers.get("content-type", "") and start.startswith((b"<!doctype", b"<html", b"<"))


def _described(answer: Answer) -> str:
    kind = answer.headers.get("content-type", "").partition(";")[0]
    return f"HTTP status {answer.status}{f', {kind}' if kind else ''} from {answer.url.shown}"[:200]


def _difference(date: str) -> float:
    match = _DATE.fullmatch(date)
    months = _MONTHS.split()
    if match is None or match[2] not in months:
        return 0.0
    day, year, *clock = (int(match[i]) for i in (1, 3, 4, 5, 6))
    return float(round(calendar.timegm((year, months.index(match[2]) + 1, day, *clock)) - time.time()))
