"""GS412: the go that runs belongs to a release line that gets no more fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.known_releases import is_old, known_gos, months_between, newest_with_fixes
from gosteward.reasoning.running_go import FOREIGN_BUILDS, described

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.knowledge.release_data import ReleaseData
    from gosteward.reasoning.running_go import RunningGo
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS412",
    slug="end-of-life",
    title="this release of Go gets no more fixes",
    severity="warning",
    needs=("contexts", "toolchains", "releases"),
    hinders=False,
)
_AS_OF = "{go} is of a line that gets no fixes since {month}; lines with fixes are {lines} (as of {as_of})"
_AS_OF_LONG_AGO = (
    "{go} is of a line that gets no fixes since {month}; lines with fixes are {lines} "
    "(as of {as_of}, more than two months ago: `gosteward refresh` asks for what is newer)"
)
GRACE = 6  # months in which the end of a line is worth a note, no more: people move on with their next update


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for running, data in known_gos(snapshot):
        month = data.ended(running.version)
        if month:
            yield _finding(snapshot, running, month, data)


def _finding(snapshot: Snapshot, running: RunningGo, month: str, data: ReleaseData) -> Finding:
    # A distribution mends its own packages.
    kept = running.go.origin in FOREIGN_BUILDS or bool(running.go.package)
    day = data.releases.as_of[:10]
    recent = months_between(month, snapshot.taken_at or day) < GRACE
    return Finding(
        rule=RULE,
        subject=running.go.path,
        message=Text(
            _AS_OF_LONG_AGO if is_old(day, snapshot.taken_at) else _AS_OF,
            go=described(running),
            month=month,
            lines=", ".join(f"1.{line.minor}" for line in data.with_fixes()),
            as_of=day,
        ),
        locations=running.sources,
        evidence=(f"{running.go.path} version",),
        contexts=running.contexts,
        severity="note" if kept or recent else "",
        explains=(Explains("GS413", running.go.path),) if not recent else (),
        advice=Text("The distribution decides about fixes for its package; a current release can stand beside it.")
        if kept
        else Text(
            "`gosteward install {newest}` puts a current release beside it: try the builds with it, then switch.",
            newest=newest_with_fixes(data),
        ),
    )
