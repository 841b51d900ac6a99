"""GS212: a file named go is a program for another operating system (macOS, Windows)."""

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
    id="GS212",
    slug="foreign-system-program",
    title="this go is a program for another operating system",
    severity="error",
    needs=("contexts", "toolchains"),
    symptoms=("cannot execute binary file: Exec format error", "cannot execute binary file"),
)
SYSTEMS = {"macho": "macOS", "pe": "Windows"}


def check(snapshot: Snapshot) -> Iterator[Finding]:
    kinds = ("macho",) if snapshot.machine.wsl else ("macho", "pe")
    for suspect in suspects(snapshot, lambda binary: binary.kind in kinds):
        binary = suspect.binary
        # Like a tree for another CPU: one that nobody starts here is in order.
        if suspect.role == "tool" or not suspect.impact.used:
            continue
        actions = instead_of_program(snapshot, suspect)
        archive = {"arm": "armv6l"}.get(snapshot.machine.userland_goarch, snapshot.machine.userland_goarch)
        yield Finding(
            rule=RULE,
            subject=binary.path,
            message=Text(
                "{path} is a program for {system}, not for Linux", path=binary.path, system=SYSTEMS[binary.kind]
            ),
            locations=(Location(binary.path),),
            evidence=(f"file -L {quote(binary.path)}",),
            contexts=suspect.impact.contexts,
            severity=suspect.impact.severity,
            explains=(*NO_GO_RUNS, Explains("GS401"), Explains("GS408")) if suspect.role == "go" else (),
            risk="confirm" if actions else "manual",
            actions=actions,
            advice=Text(
                "Unpack the archive named linux-{archive} beside it, check it, then switch to it.", archive=archive
            ),
        )
