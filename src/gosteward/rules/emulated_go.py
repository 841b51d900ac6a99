"""GS208: go is a program for another CPU that runs only through an emulator: slow, and cgo asks the native compiler for foreign code."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import native, suspects
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS208",
    slug="emulated-go",
    title="go runs through an emulator",
    severity="warning",
    needs=("machine", "contexts", "toolchains"),
    symptoms=("gcc: error: unrecognized command-line option '-m64'", "qemu: uncaught target signal 11"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    machine = snapshot.machine

    def emulated(binary: Binary) -> bool:
        return binary.elf is not None and binary.elf.goarch in machine.binfmt and not native(machine, binary.elf.goarch)

    for suspect in suspects(snapshot, emulated):
        go = suspect.binary
        if suspect.role != "go" or not suspect.impact.contexts or go.elf is None:
            continue
        yield Finding(
            rule=RULE,
            subject=go.path,
            message=Text(
                "{path} is a program for {built} and runs on this {machine} machine only through an emulator that binfmt_misc starts",
                path=go.path,
                built=go.elf.goarch,
                machine=machine.kernel_goarch,
            ),
            locations=(Location(go.path),),
            evidence=(f"file -L {quote(go.path)}", "ls /proc/sys/fs/binfmt_misc"),
            contexts=suspect.impact.contexts,
            explains=(Explains("GS806"),),
            advice=Text(
                "Builds are many times slower, and with cgo the {machine} compiler gets options for {built}. Install the Go archive for linux-{machine}; a native go can still build for {built}.",
                machine=machine.kernel_goarch,
                built=go.elf.goarch,
            ),
        )
