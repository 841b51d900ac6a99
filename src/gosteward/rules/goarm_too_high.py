"""GS207: a program was built for a newer ARM than this CPU ("Illegal instruction" on a Raspberry Pi Zero)."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, suspects
from gosteward.reasoning.link_repair import instead_of_program
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS207",
    slug="goarm-too-high",
    title="a program needs a newer ARM than this CPU",
    severity="error",
    needs=("machine", "contexts", "binaries"),
    symptoms=("Illegal instruction", "SIGILL: illegal instruction"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    machine = snapshot.machine
    if not machine.goarm:
        return
    for suspect in suspects(snapshot, lambda binary: level_of(binary) > machine.goarm):
        binary = suspect.binary
        actions = instead_of_program(snapshot, suspect)
        yield Finding(
            rule=RULE,
            subject=binary.path,
            message=Text(
                "{path} was built with GOARM={wanted}, for ARMv{wanted}; this CPU is ARMv{level}",
                path=binary.path,
                wanted=str(level_of(binary)),
                level=str(machine.goarm),
            ),
            locations=(Location(binary.path),),
            evidence=(f"readelf -A {quote(binary.path)}", "grep -m1 ^Features /proc/cpuinfo"),
            contexts=suspect.impact.contexts,
            severity=suspect.impact.severity,
            explains=(*NO_GO_RUNS, Explains("GS521")) if suspect.role == "go" else (Explains("GS521"),),
            risk="confirm" if actions else "manual",
            actions=actions,
            advice=Text(
                "Build the program with GOARM={level}, or take the build for armv{level}. The line `CPU architecture` of /proc/cpuinfo says 7 on some ARMv6 boards: go by its Features.",
                level=str(machine.goarm),
            ),
        )


def level_of(binary: Binary) -> int:
    """The GOARM that a program was built with ("7,softfloat" is 7); 0 where its build information does not say."""
    if binary.elf is None or binary.elf.goarch != "arm":
        return 0
    for setting in binary.elf.build_settings:
        name, _, value = setting.partition("=")
        if name == "GOARM" and value[:1] in ("5", "6", "7"):
            return int(value[:1])
    return 0
