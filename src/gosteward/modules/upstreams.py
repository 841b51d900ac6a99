"""The module proxies behind ours: a list as GOPROXY has it, with its rules for who is asked next. Pure.

Source: go.dev/ref/mod#environment-variables (GOPROXY); cmd/go/internal/modfetch/proxy.go (`TryProxies`): behind a comma the next one is asked
only if there is no such thing (404, 410), behind a bar after any failure; the error of the first that failed otherwise is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.golang.modulepaths import proxy_list
from gosteward.golang.proxyurls import entry_problem, entry_url, masked, parse
from gosteward.modules.answers import NOT_FOUND, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable


class Upstream(NamedTuple):
    """A module proxy.  url: without a slash at its end.   falls_through: the next one is asked after any failure.   shown: for people."""

    url: str
    falls_through: bool
    shown: str

    @property
    def scheme(self) -> str:
        """Of its URL."""
        return self.url.partition(":")[0]


def upstreams(value: str) -> tuple[Upstream, ...]:
    """The proxies of a list like GOPROXY.

    Raises:
        UsageError: an entry is no URL of a proxy, or is `direct`: fetching from version control is no matter of this list.
    """
    found = []
    for entry in proxy_list(value):
        if entry.kind == "off":
            break
        if entry.kind == "direct":
            hint = "leave it out; modules of your own come from a proxy that knows them"
            raise UsageError("`direct` cannot be an upstream", subject=masked(value), hint=hint)
        problem = entry_problem(entry)
        url = parse(entry_url(entry))
        if problem or url is None or url.scheme not in ("http", "https"):
            raise UsageError("this is no URL of a module proxy", subject=masked(entry.text), hint="http:// or https://")
        found.append(Upstream(entry_url(entry).rstrip("/"), entry.falls_through, url.shown.rstrip("/")))
    return tuple(found)


def without_direct(value: str) -> str:
    """The proxies of a GOPROXY alone: fetching from version control is not what a proxy behind ours is asked to do."""
    entries = [entry for entry in proxy_list(value) if entry.kind == "url"]
    return "".join(f"{entry.text}{'|' if entry.falls_through else ','}" for entry in entries).rstrip(",|")


def goes_on(upstream: Upstream, refusal: Refusal) -> bool:
    """Whether the next upstream is asked after this one."""
    return refusal.is_absence or upstream.falls_through


def of_all(refusals: Iterable[Refusal]) -> Refusal:
    """What to say after all were asked: that there is no such thing only if every one of them said so."""
    said = tuple(refusals)
    troubles = [refusal for refusal in said if not refusal.is_absence]
    if troubles:
        return troubles[0]
    return said[-1] if said else Refusal(NOT_FOUND, "not found: no upstream is set up, and it is not in the store")
