"""GS211: a program was linked against a newer glibc than this host has."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.formats import elf
from gosteward.reasoning.impact import NO_GO_RUNS, native, suspects
from gosteward.reasoning.link_repair import instead_of_program
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS211",
    slug="libc-too-old",
    title="a program needs a newer C library than this host has",
    severity="error",
    needs=("machine", "contexts", "binaries"),
    symptoms=("/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found",),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    machine = snapshot.machine
    here = elf.glibc_numbers(machine.libc_version)
    if machine.libc != "glibc" or not here:
        return

    def too_new(binary: Binary) -> bool:
        return binary.elf is not None and native(machine, binary.elf.goarch) and _wanted(binary) > here

    for suspect in suspects(snapshot, too_new):
        binary = suspect.binary
        wanted = ".".join(str(n) for n in _wanted(binary))
        actions = instead_of_program(snapshot, suspect)
        yield Finding(
            rule=RULE,
            subject=binary.path,
            message=Text(
                "{path} needs glibc {wanted}; this host has {here}",
                path=binary.path,
                wanted=wanted,
                here=machine.libc_version,
            ),
            locations=(Location(binary.path),),
            evidence=(f"objdump -T {quote(binary.path)} | grep GLIBC_{wanted}", "ldd --version"),
            contexts=suspect.impact.contexts,
            severity=suspect.impact.severity,
            explains=NO_GO_RUNS if suspect.role == "go" else (),
            risk="confirm" if actions else "manual",
            actions=actions,
            advice=Text(
                "It was built on a newer distribution. Build it on this host, or on one as old as this: glibc cannot be exchanged alone."
            ),
        )


def _wanted(binary: Binary) -> tuple[int, ...]:
    return elf.wanted_glibc(binary.elf.needed_versions) if binary.elf is not None else ()
