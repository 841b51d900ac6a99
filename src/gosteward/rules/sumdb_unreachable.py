"""GS606: the checksum database does not answer, so go takes no module that go.sum does not list yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.golang.proxyurls import DATABASE_IN_CHINA, DEFAULT_DATABASE
from gosteward.reasoning.downloads import locations, names_of, waiting_for
from gosteward.rules.proxy_unreachable import described

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gosteward.snapshot import NetworkCheck, Snapshot

RULE = Rule(
    id="GS606",
    slug="sumdb-unreachable",
    title="the checksum database does not answer",
    severity="error",
    needs=("network",),
    symptoms=(
        f"verifying module: Get https://{DEFAULT_DATABASE}/lookup/: dial tcp: i/o timeout",
        f"lookup {DEFAULT_DATABASE}: no such host",
        f"reading https://goproxy.corp.example/sumdb/{DEFAULT_DATABASE}/supported: 500 Internal Server Error",
        f"reading https://{DEFAULT_DATABASE}/lookup/: 410 Gone",
    ),
)
# What stands for itself: GS607, GS610 and the rules about certificates.
_OTHERS = ("unsupported-sumdb", "stale-latest", "unknown-authority", "wrong-host", "expired", "not-yet-valid")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in snapshot.network:
        if found.kind == "sumdb" and not found.ok and found.reason not in _OTHERS:
            yield finding(RULE, snapshot, found, _message)


def finding(
    rule: Rule, snapshot: Snapshot, found: NetworkCheck, message: Callable[[NetworkCheck, str], Text]
) -> Finding:
    """A finding about the database: an error if a module of a project waits for it."""
    waiting = tuple(m for m in waiting_for(snapshot, found, "GONOSUMDB") if not m.requirement.summed)
    places = tuple(m.requirement.location for m in waiting[:3] if m.requirement.location is not None)
    return Finding(
        rule=rule,
        subject=found.url,
        message=message(found, names_of(waiting)),
        locations=(*locations(found), *places),
        evidence=(found.detail,) if found.detail else (),
        contexts=found.contexts,
        severity="error" if waiting else "warning",
        advice=_advice(found, names_of(waiting)),
    )


def _message(found: NetworkCheck, waiting: str) -> Text:
    if waiting:
        return Text(
            "the checksum database {url} does not answer ({what}), and go.sum has no line for {modules}: go refuses to take it",
            url=found.url,
            what=described(found),
            modules=waiting,
        )
    return Text(
        "the checksum database {url} does not answer ({what}): modules that go.sum does not list are refused",
        url=found.url,
        what=described(found),
    )


def _advice(found: NetworkCheck, waiting: str) -> Text:
    if waiting:
        return Text(
            "If a module is your own, name its path in GONOSUMDB (or GOPRIVATE). For others use a proxy that relays the database, or commit a go.sum that was made where {host} is reached. Keep the database switched on.",
            host=found.host or "it",
        )
    return Text(
        "Use a proxy that relays the database (it answers /sumdb/{database}/supported), or {mirror} within China. A complete go.sum needs no database. Keep it switched on.",
        database=DEFAULT_DATABASE,
        mirror=DATABASE_IN_CHINA,
    )
