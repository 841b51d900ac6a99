"""GS106: the PATH line stands behind a `return` that only interactive shells pass, so `ssh host go` finds nothing."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning import remedies
from gosteward.reasoning.obstacles import claims, early_returns, severity_of

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        risk="confirm",
        commands=_commands(snapshot, obstacle),
        advice=Text(
            "Let the line stand at the top of the file, above the test for interactive shells, within a test of PATH. `ssh -t` changes nothing: the command still runs in a shell that is not interactive."
        ),
    )


def _commands(snapshot: Snapshot, obstacle: Obstacle) -> tuple[str, ...]:
    """Put a guarded line at the top; the old one goes if it is a statement of its own, so that nothing around it is left empty."""
    line = obstacle.location
    contexts = remedies.contexts_named(snapshot, obstacle.contexts)
    shell = next((c.shell for c in contexts if c.shell), "bash")
    guard = remedies.guarded_line(snapshot, shell, obstacle.directory)
    path = quote(remedies.real_path(snapshot, line.path))
    simple = line.text.startswith(("export PATH=", "PATH=")) and not any(c in line.text for c in ";&|\\`(")
    remove = f" -e {line.line}d" if simple and line.text.count(":") == 1 else ""
    return (f"sed -i -e {quote(f'1i {guard}')}{remove} {path}",)
