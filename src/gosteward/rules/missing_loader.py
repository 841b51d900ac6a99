"""GS203: a program asks for a dynamic loader that is not on this host, so the shell says "not found" about a file that is there."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, native, suspects
from gosteward.reasoning.link_repair import instead_of_program
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.impact import Suspect
    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS203",
    slug="missing-loader",
    title="the program's dynamic loader is not on this host",
    severity="error",
    needs=("machine", "contexts", "binaries"),
    symptoms=(
        "cannot execute: required file not found",
        "No such file or directory",
        "not found",
        "no such file or directory: ld-musl-x86_64.so.1",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    def lacks_loader(binary: Binary) -> bool:
        elf = binary.elf
        return elf is not None and not elf.interpreter_exists and native(snapshot.machine, elf.goarch)

    for suspect in suspects(snapshot, lacks_loader):
        yield _finding(snapshot, suspect)


def _finding(snapshot: Snapshot, suspect: Suspect) -> Finding:
    binary = suspect.binary
    interpreter = binary.elf.interpreter if binary.elf else ""
    actions = instead_of_program(snapshot, suspect)
    return Finding(
        rule=RULE,
        subject=binary.path,
        message=Text(
            "{path} asks for the loader {interpreter}, which is not here: it was linked for {wanted}, this host has {libc}",
            path=binary.path,
            interpreter=interpreter,
            wanted=libc_of(interpreter),
            libc=snapshot.machine.libc or "another C library",
        ),
        locations=(Location(binary.path),),
        evidence=(f"readelf -l {quote(binary.path)} | grep interpreter",),
        contexts=suspect.impact.contexts,
        severity=suspect.impact.severity,
        explains=NO_GO_RUNS if suspect.role in ("go", "tool") else (),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=_advice(snapshot, suspect),
    )


def libc_of(interpreter: str) -> str:
    """Name of the C library that a loader belongs to, by its file name."""
    name = interpreter.rpartition("/")[2]
    if name.startswith("ld-musl"):
        return "musl"
    if name.startswith("ld-linux") or name in ("ld64.so.1", "ld64.so.2", "ld.so.1"):
        return "glibc"
    return name


def _advice(snapshot: Snapshot, suspect: Suspect) -> Text:
    if suspect.role != "program":
        return Text(
            "Use Go 1.21 or newer: its programs are static and start on any C library. Do not make a link in the loader's place."
        )
    source = suspect.binary.elf.main_path if suspect.binary.elf else ""
    if source and source != "command-line-arguments":
        return Text(
            "Build {source} again on this host, with the Go of this host: it is then linked for {libc}. Do not make a link in the loader's place.",
            source=source,
            libc=snapshot.machine.libc or "its C library",
        )
    return Text(
        "Build the program again on this host, or get the build for {libc}. Do not make a link in the loader's place.",
        libc=snapshot.machine.libc or "its C library",
    )
