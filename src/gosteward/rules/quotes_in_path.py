"""GS111: a PATH entry holds quote characters: they were stored instead of read, or they are typographic ones."""

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
    id="GS111",
    slug="quotes-in-path",
    title="a PATH entry holds quote characters",
    severity="warning",
    needs=("contexts",),
    symptoms=("go: command not found",),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for written in badly_written(snapshot, "quote"):
        yield _finding(snapshot, written)


def _finding(snapshot: Snapshot, written: Written) -> Finding:
    line = written.location
    repair = spelt_out(snapshot, written)
    serious = bool(written.lacking or written.jobs)
    return Finding(
        rule=RULE,
        subject=f"{line.path}:{written.entries[0]}",
        message=Text(
            "{file} puts {entry} into PATH: the quote character is part of the directory's name, and no such directory is there",
            file=line.path,
            entry=written.entries[0],
        ),
        locations=(line,),
        evidence=(f"sed -n {line.line}p {quote(line.path)} | cat -A",) if line.line else (),
        contexts=tuple(c.name for c in written.contexts),
        severity=severity_of(snapshot, written.lacking, written.jobs)
        if serious
        else ("warning" if needed(snapshot, written) else "note"),
        risk=risk(repair.actions),
        actions=repair.actions,
        commands=repair.commands,
        explains=(
            *claims(snapshot, written.lacking, written.jobs),
            *(Explains("GS127", directory) for directory in written.meant if directory),
        ),
        advice=Text(
            "Quotes must be the plain ones and stand around the whole value, once. Quotes within quotes, quotes copied from a web page, and quotes in a file whose reader keeps them become part of the name."
        ),
    )
