"""GS211: a program was linked against a newer glibc than this host has."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
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
    here = _numbers(machine.libc_version)
    if machine.libc != "glibc" or not here:
        return

    def too_new(binary: Binary) -> bool:
        return binary.elf is not None and native(machine, binary.elf.goarch) and wanted_glibc(binary) > here

    for suspect in suspects(snapshot, too_new):
        binary = suspect.binary
        wanted = ".".join(str(n) for n in wanted_glibc(binary))
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


def wanted_glibc(binary: Binary) -> tuple[int, ...]:
    """The newest glibc that a program asks for, as numbers; () if it asks for none."""
    asked = (name.partition("GLIBC_")[2] for name in (binary.elf.needed_versions if binary.elf else ()))
    return max((_numbers(name) for name in asked), default=())


def _numbers(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    return tuple(int(p) for p in parts) if all(p.isascii() and p.isdigit() and len(p) < 5 for p in parts) else ()
