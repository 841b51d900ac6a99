"""GS106: the PATH line stands behind a `return` that only interactive shells pass, so `ssh host go` finds nothing."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import FIRST, EditLines, LineEdit
from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning import remedies
from gosteward.reasoning.guarded_lines import guarded_copy, guarded_line
from gosteward.reasoning.obstacles import claims, early_returns, severity_of
from gosteward.reasoning.reach import added, additions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.reasoning.obstacles import Obstacle
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS106",
    slug="line-behind-early-return",
    title="the PATH line stands behind an early return",
    severity="warning",
    needs=("contexts", "startup_files", "toolchains"),
    symptoms=("bash: line 1: go: command not found", "ssh host go version: command not found"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for obstacle in early_returns(snapshot):
        yield _finding(snapshot, obstacle)


def _finding(snapshot: Snapshot, obstacle: Obstacle) -> Finding:
    line = obstacle.location
    stop = obstacle.also[0]
    actions = _actions(snapshot, obstacle)
    return Finding(
        rule=RULE,
        subject=line.path,
        message=Text(
            "{file} adds {directory} to PATH behind line {stop}, where a shell that is not interactive returns; the line is not reached in {contexts}",
            file=line.path,
            directory=obstacle.directory,
            stop=str(stop.line),
            contexts=", ".join(obstacle.contexts),
        ),
        locations=(line, *obstacle.also),
        evidence=(f"sed -n '{stop.line}p;{line.line}p' {quote(line.path)}",),
        contexts=obstacle.contexts,
        severity=severity_of(snapshot, obstacle.contexts),
        explains=claims(snapshot, obstacle.contexts),
        risk=remedies.risk(actions),
        actions=actions,
        advice=Text(
            "Let the line stand at the top of the file, above the test for interactive shells, within a test of PATH. `ssh -t` changes nothing: the command still runs in a shell that is not interactive."
        ),
    )


def _actions(snapshot: Snapshot, obstacle: Obstacle) -> tuple[Action, ...]:
    """Guarded lines at the top of the file; an old line goes if it is a command of its own, so that nothing around it is left empty."""
    places = {obstacle.location, *obstacle.also}
    tops: list[str] = []
    edits: list[LineEdit] = []
    covered: set[str] = set()
    for file, line, directory in (a for a in additions(snapshot) if a.line.location in places):
        copies = guarded_copy(snapshot, file, line)
        directories = set(added(snapshot, file, line)) if copies else {directory}
        if not directories <= covered:
            shell = "fish" if file.dialect == "fish" else "sh"
            tops += copies or (guarded_line(snapshot, shell, directory),)
            covered |= directories
        edits += remedies.line_edits(line.location) if copies and line.alone else ()
    if not all(tops):
        return ()
    first = LineEdit(FIRST, after=tuple(tops))
    return (EditLines(remedies.real_path(snapshot, obstacle.location.path), (first, *edits)),)
