"""GS611: the HTTP or SOCKS5 proxy that http_proxy or https_proxy names does not let go through."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang.proxyurls import DEFAULT_PROXY_URL
from gosteward.reasoning.downloads import locations
from gosteward.rules.proxy_unreachable import around, described

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
        "socks connect tcp: no acceptable authentication methods",
        "socks connect tcp: username/password authentication failed",
        "socks connect tcp: unknown error connection not allowed by ruleset",
        "proxyconnect tcp: dial tcp: lookup socks5h: no such host",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in snapshot.network:
        if found.kind == "http-proxy" and not found.ok and found.step != "tls":
            yield _finding(snapshot, found)


def _finding(snapshot: Snapshot, found: NetworkCheck) -> Finding:
    # Through a proxy that is down nothing at all is reached, so it is a fault of the settings, with or without a project.
    behind = tuple(c for c in snapshot.network if c.via == found.url and not c.ok)
    # A server of the site that answers without the proxy was never meant to be asked through it.
    own = tuple(c for c in behind if c.kind == "goproxy")
    actions = around(snapshot, own[0]) if len({c.host for c in own}) == 1 and all(c.direct for c in own) else ()
    return Finding(
        rule=RULE,
        subject=found.url,
        message=Text(
            "the proxy {url} cannot be used: {what}; go asks every server through it",
            url=found.url,
            what=described(found),
        ),
        locations=locations(found),
        evidence=(_command(snapshot, found),),
        contexts=found.contexts,
        severity="error" if any(c.required for c in behind) else "warning",
        explains=tuple(Explains(rule, c.url) for rule in ("GS601", "GS606", "GS607") for c in behind),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=_advice(found),
    )


def _command(snapshot: Snapshot, found: NetworkCheck) -> str:
    """Ask a server behind it. Go leaves names to a SOCKS5 proxy; curl does so where the scheme says socks5h."""
    way = found.url.replace("socks5://", "socks5h://", 1)
    behind = next((c.url for c in snapshot.network if c.kind == "goproxy" and c.via == found.url), DEFAULT_PROXY_URL)
    return f"curl -sS -o /dev/null -m 5 -x {quote(way)} {quote(behind)}"


def _advice(found: NetworkCheck) -> Text:
    if found.host in ("http", "https"):
        return Text(
            "Go cannot read the URL in that line, and takes its scheme for a host: within a name or a password, / # ? @ and % are written as %2F %23 %3F %40 and %25."
        )
    if found.reason == "credentials":
        return Text(
            "The proxy asks for a password: write it into the URL ({scheme}://name:password@host:port) in a file that only you can read.",
            scheme=found.url.partition("://")[0],
        )
    return Text(
        "Correct or remove the line that sets it. Servers of the site itself belong into no_proxy, as names or .domain, separated by commas."
    )
