"""Hosts that go asks for modules itself, past every proxy, because GOPRIVATE, GONOPROXY or `direct` says so: can they be reached?

Only hosts that the next build of an examined project asks anyway. Nothing but the root of a host is asked for, and no module is named.
Source: cmd/go/internal/vcs (`RepoRootForImportPath`): a path without `.git` in it is looked up at https://HOST/PATH?go-get=1, but for
hosts whose repositories go knows by heart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.golang.modulepaths import covers
from gosteward.golang.proxyurls import parse
from gosteward.reasoning.downloads import needed_modules
from gosteward.reasoning.http_proxies import proxy_for
from gosteward.snapshot import NetworkCheck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gosteward.golang.proxyurls import Url
    from gosteward.probes.askers import Asker
    from gosteward.probes.server_answers import Outcome
    from gosteward.reasoning.downloads import Needed
    from gosteward.snapshot import Snapshot

MOST_HOSTS = 3
_KNOWN_BY_HEART = ("github.com", "bitbucket.org", "chiselapp.com")
_REPOSITORY = (".git/", ".hg/", ".svn/", ".bzr/", ".fossil/")
_UNREACHED = ("unresolvable", "refused", "unreachable", "timeout")


def wanted(snapshot: Snapshot, groups: tuple[Asker, ...]) -> tuple[tuple[Asker, Url, Needed], ...]:
    """Hosts to be asked, each with the first module that has to come from it."""
    found: dict[Url, tuple[Asker, Url, Needed]] = {}
    for asker in groups:
        for module in _direct(snapshot, asker):
            url = parse(f"https://{module.requirement.path.partition('/')[0]}/")
            # Through an HTTP proxy the name is the proxy's matter.
            if url is not None and proxy_for(asker.proxies, url) is None and len(found) < MOST_HOSTS:
                found.setdefault(url, (asker, url, module))
    return tuple(found.values())


def _direct(snapshot: Snapshot, asker: Asker) -> Iterator[Needed]:
    kinds = tuple(entry.kind for entry in asker.entries[:1])
    for module in needed_modules(snapshot) if kinds and kinds != ("off",) else ():
        path = module.requirement.path
        host = path.partition("/")[0]
        looked_up = "." in host and host not in _KNOWN_BY_HEART and not any(mark in f"{path}/" for mark in _REPOSITORY)
        if looked_up and (kinds == ("direct",) or covers(asker.unproxied, path)):
            yield module


def check_of(asker: Asker, url: Url, module: Needed, outcome: Outcome) -> NetworkCheck | None:
    """What came of it, where the host is not reached at all; None else: whether it has the module is not for us to say."""
    error = outcome.error
    if error is None or error.reason not in _UNREACHED:
        return None
    return NetworkCheck(
        kind="origin",
        url=url.shown,
        host=url.host,
        port=url.effective_port,
        ok=False,
        step=error.step,
        reason=error.reason,
        detail=error.detail,
        seconds=round(outcome.seconds, 3),
        contexts=asker.contexts,
        required=True,
        module=f"{module.requirement.path}@{module.requirement.version}",
    )


def calls(
    found: tuple[tuple[Asker, Url, Needed], ...], ask: Callable[[Asker, Url], Outcome]
) -> list[Callable[[], NetworkCheck | None]]:
    """One question per host, for `in_parallel`."""

    def of_host(asker: Asker, url: Url, module: Needed) -> Callable[[], NetworkCheck | None]:
        return lambda: check_of(asker, url, module, ask(asker, url))

    return [of_host(*item) for item in found]
