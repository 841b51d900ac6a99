"""GS619: go has to fetch a module from its own host, past every proxy, and that host is not reached."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang.modulepaths import proxy_list
from gosteward.golang.proxyurls import DEFAULT_PROXY, PUBLIC_PROXIES, entry_url, masked, parse
from gosteward.reasoning.downloads import lines_of
from gosteward.reasoning.settings_in_force import locations, value_in, winner
from gosteward.reasoning.viewpoint import context_named
from gosteward.rules.proxy_unreachable import described
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import NetworkCheck, Setting, Snapshot

RULE = Rule(
    id="GS619",
    slug="origin-unreachable",
    title="the host of a module that comes from no proxy is not reached",
    severity="error",
    needs=("network", "workspaces", "go_settings"),
    symptoms=(
        'go: git.corp.example/team/greet@v1.0.0: unrecognized import path "git.corp.example/team/greet": https fetch: Get "https://git.corp.example/team/greet?go-get=1": dial tcp: lookup git.corp.example: no such host',
        'https fetch: Get "https://git.corp.example/team/greet?go-get=1": dial tcp 10.0.0.9:443: connect: connection refused',
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in snapshot.network:
        if found.kind == "origin" and not found.ok:
            yield _finding(snapshot, found)


def _finding(snapshot: Snapshot, found: NetworkCheck) -> Finding:
    cause, own = _cause(snapshot, found), _proxy_of_the_site(snapshot, found)
    files = (found.name_line,) if found.name_line is not None else ()
    closed = (Location(found.name_file),) if found.name_file and not files else ()
    return Finding(
        rule=RULE,
        subject=found.host,
        message=_message(found, cause, own),
        locations=(*locations(cause), *files, *closed, *lines_of(snapshot, (found.module,))),
        evidence=("go env GOPRIVATE GONOPROXY GOPROXY", f"curl -sS -o /dev/null -m 5 {quote(found.url)}"),
        contexts=found.contexts,
        explains=(Explains("GS908"), Explains("GS606"), Explains("GS607")),
        advice=Text(
            "If the site's proxy {proxy} has that module, let GONOSUMDB name the pattern in the place of GOPRIVATE: the checksum database is still not asked, and the proxy is. If the module comes from its host, that host must be reached (VPN, DNS, firewall).",
            proxy=own,
        )
        if own
        else Text(
            "go asks {host} itself, by https: it must be reached from here (VPN, DNS, firewall), or a proxy that has the module must be asked.",
            host=found.host,
        ),
    )


def _message(found: NetworkCheck, cause: Setting | None, own: str) -> Text:
    values = {"module": found.module, "host": found.host, "what": described(found)}
    if cause is None or cause.name == "GOPROXY":
        return Text("{module} must come from {host} itself, and {what}", **values)
    values = {**values, "name": cause.name, "value": cause.value}
    if own:
        return Text(
            "{name}={value} lets go ask {host} itself for {module}, and not the site's proxy {proxy}; {what}",
            **values,
            proxy=own,
        )
    return Text("{name}={value} lets go ask {host} itself for {module}, and {what}", **values)


def _cause(snapshot: Snapshot, found: NetworkCheck) -> Setting | None:
    """The setting that keeps go from asking a proxy."""
    context = next((c for name in found.contexts if (c := context_named(snapshot, name)) is not None), None)
    if context is None:
        return None
    listed = proxy_list(value_in(snapshot, context, "GOPROXY", DEFAULT_PROXY))
    names = ("GOPROXY",) if listed and listed[0].kind == "direct" else ("GONOPROXY", "GOPRIVATE")
    return next((s for name in names if (s := winner(snapshot, context, name)) is not None), None)


def _proxy_of_the_site(snapshot: Snapshot, found: NetworkCheck) -> str:
    """The first proxy of GOPROXY, if it is not one for everybody; "" else."""
    context = next((c for name in found.contexts if (c := context_named(snapshot, name)) is not None), None)
    listed = proxy_list(value_in(snapshot, context, "GOPROXY", DEFAULT_PROXY)) if context is not None else ()
    url = parse(entry_url(listed[0])) if listed and listed[0].kind == "url" else None
    return masked(entry_url(listed[0])) if url is not None and url.host not in PUBLIC_PROXIES else ""
