"""GS201: the go that is found first was built for another CPU, so it does not start ("Exec format error")."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, native, suspects, usable_elsewhere
from gosteward.reasoning.link_repair import instead_of_program
from gosteward.reasoning.remedies import installing
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.impact import Suspect
    from gosteward.snapshot import Binary, GoTree, Snapshot

RULE = Rule(
    id="GS201",
    slug="wrong-architecture",
    title="this go was built for another CPU",
    severity="error",
    needs=("machine", "contexts", "toolchains"),
    symptoms=(
        "cannot execute binary file: Exec format error",
        "exec format error",
        "cannot execute: required file not found",
    ),
)
# How `uname -m` and `file` call what Go calls GOARCH: people compare these names with the name of the archive.
UNAME = {"amd64": "x86_64", "arm64": "aarch64", "386": "i686", "arm": "armv6l or armv7l"}
NARROW = {("386", "amd64"), ("arm", "arm64")}


def check(snapshot: Snapshot) -> Iterator[Finding]:
    def foreign(binary: Binary) -> bool:
        return binary.elf is not None and _foreign(snapshot, binary.elf.goarch)

    for suspect in suspects(snapshot, foreign):
        # A tree for another CPU that nobody starts here serves cross builds, a shared directory, an image: it is in order.
        if suspect.role == "go" and suspect.impact.used:
            yield _finding(snapshot, suspect)


def _foreign(snapshot: Snapshot, goarch: str) -> bool:
    machine = snapshot.machine
    known = bool(goarch and machine.kernel_goarch) and goarch not in machine.binfmt
    return known and not native(machine, goarch) and (machine.kernel_goarch, goarch) not in NARROW


def _finding(snapshot: Snapshot, suspect: Suspect) -> Finding:
    go = suspect.binary
    built = go.elf.goarch if go.elf else ""
    machine = snapshot.machine.userland_goarch
    root = go.goroot or (go.real_path or go.path).rpartition("/bin/")[0]
    others = usable_elsewhere(snapshot, root)
    actions = instead_of_program(snapshot, suspect)
    return Finding(
        rule=RULE,
        subject=go.path,
        message=Text(
            "{path} is a program for {built} ({built_uname}); this machine is {machine} ({machine_uname})",
            path=go.path,
            built=built,
            built_uname=UNAME.get(built, built),
            machine=machine,
            machine_uname=UNAME.get(machine, machine),
        ),
        locations=(Location(go.path),),
        evidence=(f"file -L {quote(go.path)}", *(f"{link.path} -> {link.target}" for link in go.links)),
        contexts=suspect.impact.contexts,
        severity=suspect.impact.severity,
        explains=_explained(),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=() if actions else installing(suspect.tree.version if suspect.tree else ""),
        advice=_advice(machine, others),
    )


def _explained() -> tuple[Explains, ...]:
    return (*NO_GO_RUNS, Explains("GS213"), Explains("GS401"), Explains("GS403"), Explains("GS408"))


def _advice(machine: str, others: tuple[GoTree, ...]) -> Text:
    archive = {"arm": "armv6l"}.get(machine, machine)
    if others:
        return Text(
            "A Go for this machine is at {trees}: let the link point there. Keep the other tree until the new one has built something.",
            trees=", ".join(f"{t.real_path or t.path} ({t.version})" for t in others),
        )
    return Text(
        "Unpack the archive named linux-{archive} beside this tree, check it, then switch to it. Permissions are not the cause.",
        archive=archive,
    )
