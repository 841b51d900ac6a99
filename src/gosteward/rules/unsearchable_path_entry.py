"""GS117: the user may not search a directory of their PATH, so some programs say "permission denied" instead of "not found"."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.obstacles import names_go
from gosteward.reasoning.reach import wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Context, PathEntry, Snapshot

RULE = Rule(
    id="GS117",
    slug="unsearchable-path-entry",
    title="a directory of PATH may not be searched",
    severity="note",
    needs=("contexts",),
    symptoms=("permission denied", "fork/exec: permission denied"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[str, tuple[PathEntry, tuple[Context, ...]]] = {}
    for context in wanted(snapshot):
        for entry in context.search_path:
            if entry.kind == "unreadable":
                first, contexts = found.get(entry.directory, (entry, ()))
                found[entry.directory] = (first, (*contexts, context))
    for entry, contexts in found.values():
        yield _finding(snapshot, entry, tuple(dict.fromkeys(c.name for c in contexts)))


def _finding(snapshot: Snapshot, entry: PathEntry, contexts: tuple[str, ...]) -> Finding:
    return Finding(
        rule=RULE,
        subject=entry.directory,
        message=Text(
            "{directory} is on PATH, and {user} may not search it: nothing in it is found",
            directory=entry.directory,
            user=snapshot.user.name or "this user",
        ),
        locations=tuple(s for s in entry.sources[:1] if s.line),
        evidence=(f"namei -l {quote(entry.directory)}",),
        contexts=contexts,
        severity="warning" if names_go(entry.directory) else "note",
        advice=Text(
            "Take the entry out of the line that adds it for this user, or give the user the right to search that one directory if its programs are meant for them."
        ),
    )
