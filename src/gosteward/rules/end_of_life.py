"""GS412: the go that runs belongs to a release line that gets no more fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.knowledge.releases import AS_OF, ended, supported
from gosteward.reasoning.running_go import FOREIGN_BUILDS, described, running_gos

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.running_go import RunningGo
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS412",
    slug="end-of-life",
    title="this release of Go gets no more fixes",
    severity="warning",
    needs=("contexts", "toolchains"),
)
GRACE = 6  # months in which the end of a line is worth a note, no more: people move on with their next update


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for running in running_gos(snapshot):
        month = ended(running.version)
        if month:
            yield _finding(snapshot, running, month)


def _finding(snapshot: Snapshot, running: RunningGo, month: str) -> Finding:
    # A distribution mends its own packages.
    kept = running.go.origin in FOREIGN_BUILDS or bool(running.go.package)
    recent = months_between(month, snapshot.taken_at[:7] or AS_OF) < GRACE
    lines = ", ".join(f"1.{line.minor}" for line in supported())
    return Finding(
        rule=RULE,
        subject=running.go.path,
        message=Text(
            "{go} is of a line that gets no fixes since {month}; lines with fixes are {lines} (as of {as_of})",
            go=described(running),
            month=month,
            lines=lines,
            as_of=AS_OF,
        ),
        locations=running.sources,
        evidence=(f"{running.go.path} version",),
        contexts=running.contexts,
        severity="note" if kept or recent else "",
        explains=(Explains("GS413", running.go.path),) if not recent else (),
        advice=Text("The distribution decides about fixes for its package; a current release can stand beside it.")
        if kept
        else Text("Install a current release beside it, try the builds with it, then switch."),
    )


def months_between(first: str, second: str) -> int:
    """Months from one "2026-08" to another; 0 where one cannot be read."""
    try:
        years, months = (int(b) - int(a) for a, b in zip(first.split("-"), second.split("-")))
    except ValueError:
        return 0
    return years * 12 + months
