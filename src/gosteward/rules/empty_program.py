"""GS209: a program file of Go is empty: a shell runs it as an empty script, which says nothing and succeeds."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, suspects
from gosteward.reasoning.link_repair import instead_of_program
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS209",
    slug="empty-program",
    title="a program of Go is an empty file",
    severity="error",
    needs=("contexts", "toolchains", "binaries"),
    symptoms=("go prints nothing", "Exec format error"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for suspect in suspects(snapshot, lambda binary: binary.kind == "empty"):
        binary = suspect.binary
        actions = instead_of_program(snapshot, suspect)
        yield Finding(
            rule=RULE,
            subject=binary.path,
            message=Text(
                "{path} is an empty file: a shell runs it without a word, other programs cannot start it",
                path=binary.path,
            ),
            locations=(Location(binary.path),),
            evidence=(f"stat -L -c %s {quote(binary.path)}",),
            contexts=suspect.impact.contexts,
            severity=suspect.impact.severity,
            explains=(*NO_GO_RUNS, Explains("GS401"), Explains("GS408")) if suspect.role in ("go", "tool") else (),
            risk="confirm" if actions else "manual",
            actions=actions,
            advice=Text(
                "Its contents never reached the disk: a crash or a full disk during the installation. Install it again, and check the files beside it."
            ),
        )
