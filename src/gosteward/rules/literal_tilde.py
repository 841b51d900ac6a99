"""GS110: a PATH entry begins with a tilde that nothing expanded, as in PATH="$PATH:~/go/bin"."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.obstacles import claims, severity_of
from gosteward.reasoning.path_text import badly_written, needed
from gosteward.reasoning.remedies import risk
from gosteward.reasoning.spelling import spelt_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.path_text import Written
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS110",
    slug="literal-tilde",
    title="a tilde in PATH was not expanded",
    severity="warning",
    needs=("contexts",),
    symptoms=("env: 'stringer': No such file or directory", "gopls: command not found"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for written in badly_written(snapshot, "tilde"):
        yield _finding(snapshot, written)


def _finding(snapshot: Snapshot, written: Written) -> Finding:
    line = written.location
    repair = spelt_out(snapshot, written)
    return Finding(
        rule=RULE,
        subject=f"{line.path}:{written.entries[0]}",
        message=Text(
            "{file} puts the literal text {entry} into PATH: the tilde was not expanded, so only bash itself looks in {directory}; no program that it starts does",
            file=line.path,
            entry=written.entries[0],
            directory=written.meant[0] or written.entries[0],
        ),
        locations=(line,),
        evidence=(f"sed -n {line.line}p {quote(line.path)}",) if line.line else (),
        contexts=tuple(c.name for c in written.contexts),
        severity=_severity(snapshot, written),
        explains=(
            *claims(snapshot, written.lacking, written.jobs),
            *(Explains("GS127", directory) for directory in written.meant if directory),
            Explains("GS133", contexts=tuple(c.name for c in written.contexts if c.command) or ("",)),
        ),
        risk=risk(repair.actions),
        actions=repair.actions,
        commands=repair.commands,
        advice=Text(
            "A tilde within quotes, and in every file that no shell reads, stays a tilde. Write $HOME there in a shell's file, and the whole path elsewhere."
        ),
    )


def _severity(snapshot: Snapshot, written: Written) -> str:
    if written.lacking or written.jobs:
        return severity_of(snapshot, written.lacking, written.jobs)
    return "warning" if needed(snapshot, written) else "note"
