"""GS607: the module proxy does not relay the checksum database, and the database itself is out of reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Rule, Text
from gosteward.golang.proxyurls import DEFAULT_DATABASE
from gosteward.rules.sumdb_unreachable import finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.snapshot import NetworkCheck, Snapshot

RULE = Rule(
    id="GS607",
    slug="sumdb-unsupported",
    title="the module proxy does not relay the checksum database",
    severity="error",
    needs=("network",),
    symptoms=(
        f'Get "https://{DEFAULT_DATABASE}/lookup/": dial tcp: lookup {DEFAULT_DATABASE}: no such host',
        "verifying go.mod: dial tcp: i/o timeout",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in snapshot.network:
        if found.kind == "sumdb" and not found.ok and found.reason == "unsupported-sumdb":
            yield finding(RULE, snapshot, found, _message)


def _message(found: NetworkCheck, waiting: str) -> Text:
    if waiting:
        return Text(
            "no proxy of GOPROXY relays the checksum database {url}, and this host does not reach it; go.sum has no line for {modules}, so go refuses to take it",
            url=found.url,
            modules=waiting,
        )
    return Text(
        "no proxy of GOPROXY relays the checksum database {url}, and this host does not reach it: modules that go.sum does not list are refused",
        url=found.url,
    )
