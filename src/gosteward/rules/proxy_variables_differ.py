"""GS612: variables for the HTTP proxy contradict each other: go reads one, other programs, or other contexts, another.

Or they set all_proxy alone, which go does not read at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang.proxyurls import DEFAULT_PROXY, masked, uses_proxies
from gosteward.reasoning.downloads import severity_of
from gosteward.reasoning.http_proxies import in_use
from gosteward.reasoning.settings_in_force import sessions, value_in
from gosteward.reasoning.viewpoint import variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import EnvironmentVariable, Location, Snapshot

RULE = Rule(
    id="GS612",
    slug="proxy-variables-differ",
    title="the variables for the HTTP proxy contradict each other",
    severity="warning",
    needs=("contexts",),
    symptoms=("curl works, go does not", "proxyconnect tcp"),
)
NAMES = ("https_proxy", "http_proxy", "no_proxy")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    contradictions = tuple(_contradictions(snapshot))
    yield from contradictions
    if not contradictions:
        yield from _missing(snapshot)
        yield from _unread(snapshot)


def _contradictions(snapshot: Snapshot) -> Iterator[Finding]:
    groups: dict[tuple[EnvironmentVariable, EnvironmentVariable], list[str]] = {}
    for context in sessions(snapshot):
        for name in NAMES:
            upper, lower = variable(context, name.upper()), variable(context, name)
            if upper and lower and _differ(upper, lower):
                groups.setdefault((upper, lower), []).append(context.name)
    for (upper, lower), contexts in groups.items():
        yield Finding(
            rule=RULE,
            subject=f"{upper.name}:{lower.name}",
            message=Text(
                "{upper} is {first} and {lower} is {second}: go takes the one in capitals, curl and git the other",
                upper=upper.name,
                first=masked(upper.value),
                lower=lower.name,
                second=masked(lower.value),
            ),
            locations=_lines(upper, lower),
            evidence=("env | grep -i _proxy=",),
            contexts=tuple(contexts),
            advice=Text("Set both names to the same value, best one line behind the other."),
        )


def _differ(upper: EnvironmentVariable, lower: EnvironmentVariable) -> bool:
    both = upper.exported and lower.exported and bool(upper.value) and bool(lower.value)
    return both and upper.value.rstrip("/") != lower.value.rstrip("/")


def _missing(snapshot: Snapshot) -> Iterator[Finding]:
    """A proxy that some sessions have and others lack, where the others therefore reach nothing."""
    failing = {name for c in snapshot.network if c.kind == "goproxy" and not c.ok and not c.via for name in c.contexts}
    working = {name for c in snapshot.network if c.kind == "goproxy" and c.ok and c.via for name in c.contexts}
    have = tuple(c for c in sessions(snapshot) if in_use(c, "https_proxy") and c.name in working)
    lack = tuple(c.name for c in sessions(snapshot) if not in_use(c, "https_proxy") and c.name in failing)
    source = in_use(have[0], "https_proxy") if have else None
    if source is None or not lack:
        return
    yield Finding(
        rule=RULE,
        subject=source.name,
        message=Text(
            "{name}={value} is set in {having}, not in {lacking}, which reaches no module proxy",
            name=source.name,
            value=masked(source.value),
            having=", ".join(c.name for c in have[:3]),
            lacking=", ".join(lack[:3]),
        ),
        locations=_lines(source),
        evidence=("env | grep -i _proxy=",),
        contexts=lack,
        advice=Text(
            "Set it where all sessions of the user read it, such as /etc/environment or a file in /etc/profile.d."
        ),
    )


def _unread(snapshot: Snapshot) -> Iterator[Finding]:
    """all_proxy, which curl and git read and go does not, where neither of the two that go reads is set."""
    groups: dict[EnvironmentVariable, list[str]] = {}
    for context in sessions(snapshot):
        source = in_use(context, "all_proxy")
        proxied = in_use(context, "https_proxy") or in_use(context, "http_proxy")
        if source and not proxied and uses_proxies(value_in(snapshot, context, "GOPROXY", DEFAULT_PROXY)):
            groups.setdefault(source, []).append(context.name)
    for source, names in groups.items():
        failing = tuple(
            c
            for c in snapshot.network
            if c.kind == "goproxy" and not c.ok and not c.via and set(c.contexts) & set(names)
        )
        severities = {severity_of(c) for c in failing}
        yield Finding(
            rule=RULE,
            subject=source.name,
            message=Text(
                "{name}={value} is set, and go does not read it: it asks every module proxy directly",
                name=source.name,
                value=masked(source.value),
            ),
            locations=_lines(source),
            evidence=("env | grep -i _proxy=",),
            contexts=tuple(names),
            severity=next((s for s in ("error", "warning") if s in severities), "note"),
            explains=tuple(
                Explains(rule, subject, tuple(names))
                for c in failing
                for rule, subject in (("GS601", c.url), ("GS606", ""), ("GS607", ""))
            ),
            advice=Text(
                "Set https_proxy and http_proxy to the same value, best one line behind the other: go reads these two, and speaks to HTTP and SOCKS5 proxies."
            ),
        )


def _lines(*variables: EnvironmentVariable) -> tuple[Location, ...]:
    return tuple(dict.fromkeys(v.sources[0] for v in variables if v.sources))
