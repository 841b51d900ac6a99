"""GS113: `$PATH` or `$HOME` stands literally in PATH, because nothing expands it in that file."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.obstacles import claims, severity_of
from gosteward.reasoning.path_text import badly_written, is_shell_file, needed
from gosteward.reasoning.reach import WANTED, without_system
from gosteward.reasoning.remedies import risk
from gosteward.reasoning.spelling import spelt_out
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.path_text import Written
    from gosteward.snapshot import Context, Snapshot, StartupLine

RULE = Rule(
    id="GS113",
    slug="unexpanded-variable",
    title="a variable in PATH was not expanded",
    severity="error",
    needs=("contexts", "startup_files"),
    symptoms=("ls: command not found", "id: command not found", "go: command not found"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    seen: set[tuple[str, int]] = set()
    for written in badly_written(snapshot, "dollar"):
        seen.add((written.location.path, written.location.line))
        yield _finding(snapshot, written)
    for file in snapshot.startup_files:
        for line in file.lines:
            where = (line.location.path, line.location.line)
            if line.kind == "path" and line.syntax == "dollar-in-environment-file" and where not in seen:
                yield _unused(line)


def _finding(snapshot: Snapshot, written: Written) -> Finding:
    line = written.location
    repair = spelt_out(snapshot, written)
    emptied = tuple(c for c in written.contexts if without_system(c))
    return Finding(
        rule=RULE,
        subject=f"{line.path}:{written.entries[0]}",
        message=_message(written, emptied),
        locations=(line,),
        evidence=(f"sed -n {line.line}p {quote(line.path)}",) if line.line else (),
        contexts=tuple(c.name for c in written.contexts),
        severity=_severity(snapshot, written, emptied),
        explains=_explained(snapshot, written),
        risk=risk(repair.actions),
        actions=repair.actions,
        commands=repair.commands,
        advice=_advice(snapshot, written),
    )


def _message(written: Written, emptied: tuple[Context, ...]) -> Text:
    path, entry = written.location.path, written.entries[0]
    if emptied:
        return Text(
            "{file} puts the literal text {entry} into PATH, nothing expands it there: without /usr/bin and /bin every system command is missing in {contexts}",
            file=path,
            entry=entry,
            contexts=", ".join(c.name for c in emptied),
        )
    return Text("{file} puts the literal text {entry} into PATH: nothing expands it there", file=path, entry=entry)


def _severity(snapshot: Snapshot, written: Written, emptied: tuple[Context, ...]) -> str:
    if any(c.kind in WANTED or c.uses_go for c in emptied):
        return "error"
    if written.lacking or written.jobs:
        return severity_of(snapshot, written.lacking, written.jobs)
    return "warning" if emptied or needed(snapshot, written) else "note"


def _explained(snapshot: Snapshot, written: Written) -> tuple[Explains, ...]:
    path = written.location.path
    whole = "PATH" in "".join(written.entries)
    if not whole:
        claimed = claims(snapshot, written.lacking, written.jobs)
        return (*claimed, *(Explains("GS127", directory) for directory in written.meant if directory))
    jobs = tuple(c.name for c in written.contexts if c.command)
    sessions = any(c.kind in WANTED for c in written.contexts)
    absence = (Explains("GS101"), Explains("GS102"), Explains("GS114"), Explains("GS125", path)) if sessions else ()
    return (*absence, *((Explains("GS103", contexts=jobs), Explains("GS104", contexts=jobs)) if jobs else ()))


def _advice(snapshot: Snapshot, written: Written) -> Text:
    if is_shell_file(snapshot, written.location.path):
        return Text("A shell expands no variable within single quotes: use double quotes.")
    return Text(
        "This file is no shell script: write every directory out, the system's own ones among them. Keep this session open until a new one works."
    )


def _unused(line: StartupLine) -> Finding:
    where = line.location
    return Finding(
        rule=RULE,
        subject=f"{where.path}:PATH",
        message=Text("{file} gives PATH a value with a variable in it, and nothing expands it there", file=where.path),
        locations=(Location(where.path, where.line, where.text),),
        severity="warning",
        advice=Text(
            "This file is no shell script: write every directory out, the system's own ones among them. Keep this session open until a new one works."
        ),
    )
