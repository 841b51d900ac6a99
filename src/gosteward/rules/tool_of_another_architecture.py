"""GS213: go itself starts, but compile, link or an installed program is for another CPU."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.impact import native, suspects
from gosteward.reasoning.link_repair import instead_of_program
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.impact import Suspect
    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS213",
    slug="tool-of-another-architecture",
    title="programs beside go are for another CPU",
    severity="error",
    needs=("machine", "contexts", "toolchains", "binaries"),
    symptoms=("fork/exec pkg/tool/linux_amd64/compile: exec format error", "exec format error"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    machine = snapshot.machine

    def foreign(binary: Binary) -> bool:
        return (
            binary.elf is not None
            and binary.elf.goarch not in ("", *machine.binfmt)
            and not native(machine, binary.elf.goarch)
        )

    for suspect in suspects(snapshot, foreign):
        # Tools for a foreign go belong to it; a program that no context finds is a cross build on its way elsewhere.
        if suspect.role in ("go", "gofmt") or (suspect.role == "program" and not suspect.impact.contexts):
            continue
        if suspect.tree is not None and suspect.tree.go is not None and foreign(suspect.tree.go):
            continue
        binary = suspect.binary
        actions = instead_of_program(snapshot, suspect)
        yield Finding(
            rule=RULE,
            subject=suspect.tree.path if suspect.tree else binary.path,
            message=_message(suspect, machine.kernel_goarch),
            locations=(Location(binary.path),),
            evidence=(f"file -L {quote(binary.path)}",),
            contexts=suspect.impact.contexts,
            severity=suspect.impact.severity if suspect.tree else "warning",
            risk="confirm" if actions else "manual",
            actions=actions,
            advice=_advice(suspect),
        )


def _message(suspect: Suspect, machine: str) -> Text:
    built = suspect.binary.elf.goarch if suspect.binary.elf else ""
    if suspect.tree is None:
        return Text(
            "{path} is a program for {built}; this machine is {machine}",
            path=suspect.binary.path,
            built=built,
            machine=machine,
        )
    return Text(
        "{path} and {count} more tools of {tree} are programs for {built}; its go is for {machine}",
        path=suspect.binary.path,
        count=str(suspect.also),
        tree=suspect.tree.path,
        built=built,
        machine=machine,
    )


def _advice(suspect: Suspect) -> Text:
    if suspect.tree is None:
        return Text(
            "It was built with GOARCH of another machine. Build it here without that setting, or keep it outside of PATH."
        )
    return Text("Two archives are mixed in this tree: unpack the right one beside it, check it, then switch to it.")
