"""GS136: a start-up file starts a process that goes on when it has ended: each new shell leaves one more behind."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Location, Snapshot

RULE = Rule(
    id="GS136",
    slug="processes-left-running",
    title="a start-up file leaves processes running",
    severity="note",
    needs=("contexts",),
    symptoms=("ssh does not end after logout", "many ssh-agent processes"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[tuple[str, int], tuple[Location, dict[str, None], dict[str, None]]] = {}
    for context in snapshot.contexts:
        for process in context.left_running if context.own else ():
            where = process.source
            if where is not None:
                _, names, contexts = found.setdefault((where.path, where.line), (where, {}, {}))
                names[process.name] = None
                contexts[context.name] = None
    for where, names, contexts in found.values():
        yield Finding(
            rule=RULE,
            subject=f"{where.path}:{where.line}",
            message=Text(
                "{file} starts {programs} at `{command}`, and it was still running when the file had come to its end, in {contexts}",
                file=where.path,
                programs=", ".join(names),
                command=where.text.strip()[:120] or "?",
                contexts=", ".join(contexts),
            ),
            locations=(where,),
            evidence=(f"sed -n {where.line}p {quote(where.path)}",),
            contexts=tuple(contexts),
            confidence="medium",
            advice=Text(
                "Each new shell starts one more, and `ssh host command` waits for those that keep its output open. Start it where none is running yet, or as a user service."
            ),
        )
