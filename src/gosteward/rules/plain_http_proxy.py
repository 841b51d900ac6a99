"""GS615: GOPROXY names a proxy without TLS: whoever is on the way can read, and change what nothing verifies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.golang.modulepaths import proxy_list
from gosteward.golang.proxyurls import entry_url, parse
from gosteward.reasoning.settings_in_force import in_force, locations, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.golang.proxyurls import Url
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS615",
    slug="plain-http-proxy",
    title="a module proxy is asked without TLS",
    # The checksum database verifies public modules on any way, so many sites do this knowingly.
    severity="note",
    needs=("go_settings", "contexts"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in in_force(snapshot, "GOPROXY"):
        for entry in proxy_list(found.setting.value):
            url = parse(entry_url(entry)) if entry.kind == "url" else None
            if url is not None and url.scheme == "http" and not _on_this_host(url.host):
                yield _finding(found, url)


def _on_this_host(host: str) -> bool:
    return host in ("localhost", "[::1]") or host.startswith("127.") or host.endswith(".localhost")


def _finding(found: InForce, url: Url) -> Finding:
    secret = ":" in url.user
    return Finding(
        rule=RULE,
        subject=url.shown,
        message=Text(
            "{place} sends a password to {url} over plain http: everybody on the way can read it",
            place=place(found.setting),
            url=url.shown,
        )
        if secret
        else Text(
            "{place} names {url}: the names of modules, and modules outside of the checksum database, travel unprotected",
            place=place(found.setting),
            url=url.shown,
        ),
        locations=locations(found.setting),
        contexts=found.contexts,
        severity="warning" if secret else "",
        advice=Text("Ask the operator of {host} for https, and keep the checksum database switched on.", host=url.host),
    )
