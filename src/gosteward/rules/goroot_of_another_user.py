"""GS318: root runs a go that an ordinary user owns, so that user decides what root executes."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.running_go import running_gos
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.running_go import RunningGo
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS318",
    slug="goroot-of-another-user",
    title="the Go tree belongs to another user",
    severity="warning",
    needs=("contexts", "toolchains"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for running in running_gos(snapshot):
        owner = running.tree.uid if running.tree is not None else running.go.uid
        if owner not in (0, snapshot.user.uid):
            yield _finding(snapshot, running, owner)


def _finding(snapshot: Snapshot, running: RunningGo, owner: int) -> Finding:
    as_root = snapshot.user.uid == 0
    return Finding(
        rule=RULE,
        subject=running.place,
        message=Text(
            "{user} runs {go}; {place} belongs to uid {owner}, who can change it at any time",
            user=snapshot.user.name or "this user",
            go=running.go.path,
            place=running.place,
            owner=str(owner),
        ),
        locations=(Location(running.place), *running.sources),
        evidence=(f"stat -c '%U %u %n' {quote(running.place)}",),
        contexts=running.contexts,
        # Two ordinary users may share a tree on purpose; root should not depend on one of them.
        severity="" if as_root else "note",
        risk="manual",
        commands=(f"chown -hR root: {quote(_root(running))}",) if _root(running).startswith(("/usr/", "/opt/")) else (),
        advice=Text(
            "tar as root keeps the owner numbers of the archive, and copies keep the owner of the original. Give a shared tree to root; leave a tree in somebody's home to them, and use another one."
        ),
    )


def _root(running: RunningGo) -> str:
    return running.tree.real_path or running.tree.path if running.tree is not None else ""
