"""GS206: a program was built for a newer x86-64 level than this CPU, or the virtual machine's view of it, has."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import suspects
from gosteward.reasoning.link_repair import instead_of_program
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS206",
    slug="goamd64-too-high",
    title="a program needs a newer x86-64 level than this CPU has",
    severity="error",
    needs=("machine", "contexts", "binaries"),
    symptoms=(
        "This program can only be run on AMD64 processors with v3 microarchitecture support.",
        "Illegal instruction",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    machine = snapshot.machine
    if not machine.goamd64:
        return
    for suspect in suspects(snapshot, lambda binary: level_of(binary) > machine.goamd64):
        binary = suspect.binary
        actions = instead_of_program(snapshot, suspect)
        yield Finding(
            rule=RULE,
            subject=binary.path,
            message=Text(
                "{path} was built with GOAMD64=v{wanted}; this CPU has x86-64-v{level}",
                path=binary.path,
                wanted=str(level_of(binary)),
                level=str(machine.goamd64),
            ),
            locations=(Location(binary.path),),
            evidence=(f"go version -m {quote(binary.path)} | grep GOAMD64", "grep -m1 ^flags /proc/cpuinfo"),
            contexts=suspect.impact.contexts,
            severity=suspect.impact.severity,
            explains=(Explains("GS521"),),
            risk="confirm" if actions else "manual",
            actions=actions,
            advice=_advice(machine.goamd64, hypervisor=machine.hypervisor),
        )


def level_of(binary: Binary) -> int:
    """The x86-64 level that a program was built for; 1 where its build information does not say."""
    for setting in binary.elf.build_settings if binary.elf else ():
        name, _, value = setting.partition("=")
        if name == "GOAMD64" and value[:1] == "v" and value[1:] in ("1", "2", "3", "4"):
            return int(value[1:])
    return 1


def _advice(level: int, *, hypervisor: bool) -> Text:
    if hypervisor:
        return Text(
            "This is a virtual machine, which may hide features of the real CPU: give it the CPU type of the host, or build the program for GOAMD64=v{level}.",
            level=str(level),
        )
    return Text("Build the program for GOAMD64=v{level}, or take the build for plain amd64.", level=str(level))
