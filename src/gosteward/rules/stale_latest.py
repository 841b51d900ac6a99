"""GS610: the checksum database, or the mirror in its place, is older than what this user has already seen of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.downloads import locations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS610",
    slug="stale-latest",
    title="the checksum database is behind what this user has seen",
    severity="warning",
    needs=("network",),
    symptoms=(
        "initializing sumdb.Client: checking tree: reading tile: 404 Not Found",
        "SECURITY ERROR go.sum database server misbehavior detected!",
        "initializing sumdb.Client: reading tree note: note has no verifiable signatures",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in snapshot.network:
        if found.kind != "sumdb" or found.ok or found.reason != "stale-latest":
            continue
        yield Finding(
            rule=RULE,
            subject=found.url,
            message=Text(
                "{url} serves an older state of the checksum database than this user has verified before: {detail}",
                url=found.url,
                detail=found.detail,
            ),
            locations=locations(found),
            evidence=(found.detail,),
            contexts=found.contexts,
            advice=Text(
                "The mirror is behind, was restored from a backup, or is another database under the same name. Tell its operator, and keep the user's own record below GOPATH/pkg/sumdb: it is the proof."
            ),
        )
