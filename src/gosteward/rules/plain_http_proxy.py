"""GS615: GOPROXY names a proxy without TLS: whoever is on the way can read, and change what nothing verifies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.golang.modulepaths import proxy_list
from gosteward.golang.proxyurls import entry_url, is_loopback, parse
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
            if url is not None and url.scheme == "http" and not is_loopback(url.host):
                yield _finding(found, url)


def _finding(found: InForce, url: Url) -> Finding:
    secret = bool(url.user)  # go refuses a name alone, too: such names are tokens
    return Finding(
        rule=RULE,
        subject=url.shown,
        message=Text(
            "{place} has a password for {url}, and go refuses to send one over plain http",
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
