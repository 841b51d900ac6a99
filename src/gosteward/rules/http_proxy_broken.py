"""GS611: the HTTP proxy that http_proxy or https_proxy names does not let go through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.downloads import locations
from gosteward.rules.proxy_unreachable import described

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import NetworkCheck, Snapshot

RULE = Rule(
    id="GS611",
    slug="http-proxy-broken",
    title="the HTTP proxy does not let go through",
    severity="error",
    needs=("network",),
    symptoms=(
        "proxyconnect tcp: dial tcp: connection refused",
        "proxyconnect tcp: dial tcp: lookup proxy.corp.example: no such host",
        "Proxy Authentication Required",
        "proxyconnect tcp: tls: first record does not look like a TLS handshake",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in snapshot.network:
        if found.kind == "http-proxy" and not found.ok and found.step != "tls":
            yield _finding(snapshot, found)


def _finding(snapshot: Snapshot, found: NetworkCheck) -> Finding:
    # Through a proxy that is down nothing at all is reached, so it is a fault of the settings, with or without a project.
    behind = tuple(c for c in snapshot.network if c.via == found.url and not c.ok)
    return Finding(
        rule=RULE,
        subject=found.url,
        message=Text(
            "the HTTP proxy {url} cannot be used: {what}; go asks every server through it",
            url=found.url,
            what=described(found),
        ),
        locations=locations(found),
        evidence=(f"curl -sS -o /dev/null -m 5 -x {found.url} https://proxy.golang.org/",),
        contexts=found.contexts,
        severity="error" if any(c.required for c in behind) else "warning",
        explains=tuple(Explains(rule, c.url) for rule in ("GS601", "GS606", "GS607") for c in behind),
        advice=_advice(found),
    )


def _advice(found: NetworkCheck) -> Text:
    if found.status == 407:
        return Text(
            "The proxy asks for a password: write it into the URL (http://name:password@host:port) in a file that only you can read."
        )
    return Text(
        "Correct or remove the line that sets it. Servers of the site itself belong into no_proxy, as names or .domain, separated by commas."
    )
