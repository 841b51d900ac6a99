"""GS413: a later release of the same line repaired vulnerabilities that the go which runs still has.

Those of the selection in `releases` are worth a finding; how many there are, and what repaired all of them, says the whole table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.knowledge.releases import AS_OF, line_of, vulnerabilities_of
from gosteward.reasoning.running_go import FOREIGN_BUILDS, described, running_gos

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.knowledge.releases import Vulnerability
    from gosteward.reasoning.running_go import RunningGo
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS413",
    slug="known-vulnerabilities",
    title="this release of Go has vulnerabilities that a later one repaired",
    severity="warning",
    needs=("contexts", "toolchains"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for running in running_gos(snapshot):
        known = vulnerabilities_of(running.version)
        if known:
            yield _finding(running, known)


def _finding(running: RunningGo, known: tuple[Vulnerability, ...]) -> Finding:
    # Faults of the go command endanger this host; those of the library, the programs that are built. Distributions mend their own.
    of_command = any(v.where.startswith("cmd/go") for v in known)
    kept = running.go.origin in FOREIGN_BUILDS or bool(running.go.package)
    line = line_of(running.version)
    count, fixed = _repaired_in_line(running.version)
    return Finding(
        rule=RULE,
        subject=running.go.path,
        message=Text(
            "{go} has {count} known vulnerabilities that {fixed} repaired, {first} ({where}) among them (as of {as_of})",
            go=described(running),
            count=str(max(count, len(known))),
            fixed=fixed or _fixed_by(running.version, known),
            first=known[0].id,
            where=known[0].where,
            as_of=AS_OF,
        ),
        locations=running.sources,
        evidence=tuple(f"{v.id}: {v.where}" for v in known[:5]),
        contexts=running.contexts,
        severity="" if of_command and not kept else "note",
        advice=Text(
            "The newest release of the line is {newest}. `govulncheck` tells which of them a program really meets.",
            newest=(line.newest if line else "") or fixed or _fixed_by(running.version, known),
        ),
    )


def _repaired_in_line(version: str) -> tuple[int, str]:
    """How many vulnerabilities of a version a later release of its line repaired, and the first one that repaired all of them."""
    from gosteward.knowledge import release_data  # a large table, for hosts that have such a go

    mine = goversion.parse(version)
    data = release_data.shipped()
    fixes = [(one, one.fixed_after(mine)) for one in data.vulnerabilities_of(version) if mine is not None]
    known = [one for one, fix in fixes if mine is not None and fix is not None and fix[:2] == mine[:2]]
    return len(known), data.repaired_by(version, known)


def _fixed_by(version: str, known: tuple[Vulnerability, ...]) -> str:
    """The release of the same line that has all of the fixes."""
    mine = goversion.parse(version)
    fixes = [f for v in known for f in v.fixed if mine is not None and (goversion.parse(f) or mine)[:2] == mine[:2]]
    newest = fixes[0] if fixes else ""
    for fix in fixes:
        newest = fix if goversion.older(newest, fix) else newest
    return newest
