"""The module proxies behind ours: a list as GOPROXY has it, with its rules for who is asked next. Pure.

Source: go.dev/ref/mod#environment-variables (GOPROXY); cmd/go/internal/modfetch/proxy.go (`TryProxies`): behind a comma the next one is asked
only if there is no such thing (404, 410), behind a bar after any failure; the error of the first that failed otherwise is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from gosteward.errors import UsageError
from gosteward.golang.modulepaths import proxy_list
from gosteward.golang.proxyurls import entry_problem, entry_url, masked, parse
from gosteward.modules.answers import NOT_FOUND, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.golang.proxyurls import Url

CHECKOUT = "checkout"  # what has modules from version control, see `checkout.source`


class Secret(NamedTuple):
    """By what a server knows who asks it.

    Attributes:
        kind: "netrc" (a file of logins by machine), "header_file" (of header lines), "helper" (a command, which answers as those of GOAUTH).
        words: the path, or the command and its arguments.
    """

    kind: str
    words: tuple[str, ...]

    @property
    def shown(self) -> str:
        """For who runs the proxy; what a command is told may be secret itself."""
        return f"{self.kind} {self.words[0]}"


class Upstream(NamedTuple):
    """A module proxy.

    Attributes:
        url: without a slash at its end.   falls_through: the next one is asked after any failure.   shown: for people.
        secret: by what it knows us; None for what this process says to any server.
    """

    url: str
    falls_through: bool
    shown: str
    secret: Secret | None = None

    @property
    def scheme(self) -> str:
        """Of its URL."""
        return self.url.partition(":")[0].lower()

    @property
    def path(self) -> str:
        """Of a file or directory on this host, by its URL, in which what is escaped stands for itself."""
        return unquote(self.url.partition("://")[2], errors="surrogateescape")


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
            hint = "`checkout` has modules of your own from version control; name them in a route of a policy, or put it last"
            raise UsageError("`direct` cannot be an upstream", subject=masked(value), hint=hint)
        if entry.text == CHECKOUT:
            found.append(Upstream(f"{CHECKOUT}:", entry.falls_through, CHECKOUT))
            continue
        problem = entry_problem(entry)
        url = parse(entry_url(entry))
        if problem or url is None or not _is_usable(url):
            hint = "https://, http://, file:/// with a directory, an export or a bundle behind it; or the word checkout"
            raise UsageError("this is no URL of a module proxy", subject=masked(entry.text), hint=hint)
        text = f"file://{url.path}" if url.scheme == "file" else entry_url(entry)
        found.append(Upstream(text.rstrip("/"), entry.falls_through, url.shown.rstrip("/")))
    return tuple(found)


def _is_usable(url: Url) -> bool:
    path = unquote(url.path, errors="surrogateescape")
    is_place = path.startswith("/") and path.strip("/") != "" and path.isprintable()
    return url.scheme in ("http", "https") or (url.scheme == "file" and is_place)


def without_direct(value: str) -> str:
    """The proxies of a GOPROXY alone: fetching from version control is not what a proxy behind ours is asked to do."""
    entries = [entry for entry in proxy_list(value) if entry.kind in ("url", "file")]
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
