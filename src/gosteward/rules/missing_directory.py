"""GS116: a PATH entry that should lead to go leads nowhere: a missing directory, a typing error, the tree instead of its bin."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning import remedies
from gosteward.reasoning.obstacles import claims, misplaced_entries, severity_of, skipped_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.obstacles import Obstacle
    from gosteward.snapshot import Location, Snapshot

RULE = Rule(
    id="GS116",
    slug="missing-directory",
    title="a PATH entry for Go leads nowhere",
    severity="error",
    needs=("contexts", "toolchains"),
    symptoms=("go: command not found",),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for obstacle in (*misplaced_entries(snapshot), *skipped_lines(snapshot)):
        yield _finding(snapshot, obstacle)


def _finding(snapshot: Snapshot, obstacle: Obstacle) -> Finding:
    line = obstacle.location
    new = _corrected(line, obstacle)
    actions = (remedies.replaced_line(snapshot, line, new) if new else ()) or remedies.best(
        snapshot, obstacle.contexts, obstacle.directory
    )
    return Finding(
        rule=RULE,
        subject=obstacle.written,
        message=_message(obstacle),
        locations=(line,),
        evidence=(f"ls -ld {quote(obstacle.written)}",),
        contexts=obstacle.contexts,
        severity=severity_of(snapshot, obstacle.contexts),
        explains=claims(snapshot, obstacle.contexts),
        risk=remedies.risk(actions),
        actions=actions,
        advice=Text(
            "PATH names directories, and the one of go is the directory bin of its tree: {directory}.",
            directory=obstacle.directory,
        ),
    )


def _glued(obstacle: Obstacle) -> bool:
    """Two entries became one: the colon between them is missing."""
    return obstacle.written.endswith(obstacle.directory) and obstacle.written != obstacle.directory


def _message(obstacle: Obstacle) -> Text:
    values = {"file": obstacle.location.path, "entry": obstacle.written, "directory": obstacle.directory}
    if _glued(obstacle):
        return Text("{file} puts {entry} on PATH: the colon in front of {directory} is missing", **values)
    if obstacle.skipped:
        return Text(
            "{file} has a line for {entry}, where no go is, and that adds nothing; go is in {directory}", **values
        )
    return Text("{file} puts {entry} on PATH, where no go is; go is in {directory}", **values)


def _corrected(line: Location, obstacle: Obstacle) -> str:
    """The line with the right directory, where the wrong one is written out in it; "" otherwise."""
    if not line.line:
        return ""
    if _glued(obstacle):
        for name in ("$PATH", "${PATH}"):
            if f"{name}{obstacle.directory}" in line.text:
                return line.text.replace(f"{name}{obstacle.directory}", f"{name}:{obstacle.directory}", 1)
        return ""
    start, found, rest = line.text.partition(obstacle.written)
    if not found or rest[:1] not in ("", ":", '"', "'", " ", ";", "/"):
        return ""
    return f"{start}{obstacle.directory}{rest.lstrip('/') if rest[:1] == '/' else rest}"
