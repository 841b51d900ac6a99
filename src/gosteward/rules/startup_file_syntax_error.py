"""GS135: a shell cannot parse a start-up file, so it runs no line from the faulty statement on."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.obstacles import claims, severity_of
from gosteward.reasoning.reach import WANTED, additions, lacking, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Location, Snapshot

RULE = Rule(
    id="GS135",
    slug="startup-file-syntax-error",
    title="a shell cannot parse a start-up file",
    severity="warning",
    needs=("contexts",),
    symptoms=("syntax error: unexpected end of file", "Syntax error: end of file unexpected", "parse error near"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[str, tuple[Location, tuple[str, ...]]] = {}
    for context in snapshot.contexts:
        for place in context.syntax_errors if context.own and context.kind in (*WANTED, "sudo-login") else ():
            first, readers = found.get(place.path, (place, ()))
            found[place.path] = (first, (*readers, context.name))
    for place, readers in found.values():
        yield _finding(snapshot, place, readers)


def _finding(snapshot: Snapshot, place: Location, readers: tuple[str, ...]) -> Finding:
    lost = tuple(a.line.location for a in additions(snapshot) if a.file.path == place.path)
    hit = tuple(name for name in names(lacking(snapshot)) if name in readers) if lost else ()
    shell = next((c.shell for c in snapshot.contexts if c.name == readers[0]), "") or "sh"
    return Finding(
        rule=RULE,
        subject=place.path,
        message=Text(
            "{shell} finds a syntax error in {file} at line {line} and runs nothing from the faulty statement on",
            shell=shell,
            file=place.path,
            line=str(place.line),
        ),
        locations=tuple(dict.fromkeys((place, *lost))),
        evidence=(f"{shell} -n {quote(place.path)}",),
        contexts=readers,
        severity=severity_of(snapshot, hit) if hit else "",
        explains=(*claims(snapshot, hit), Explains("GS107", place.path), Explains("GS123", place.path)),
        advice=Text(
            "The cause may stand further up than the line that is named: an `if` without `fi`, a quote that is never closed. The shell's own check, given as evidence, runs nothing."
        ),
    )
