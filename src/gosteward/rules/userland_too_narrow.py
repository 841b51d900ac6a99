"""GS202: a 64-bit go on a 32-bit system: the kernel refuses it, or only cgo and its loader do."""

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
    id="GS202",
    slug="userland-too-narrow",
    title="a 64-bit go on a 32-bit system",
    severity="error",
    needs=("machine", "contexts", "toolchains"),
    symptoms=(
        "cannot execute binary file: Exec format error",
        "gcc: sorry, unimplemented: 64-bit mode not compiled in",
    ),
)
NARROW = {"amd64": "386", "arm64": "arm"}


def check(snapshot: Snapshot) -> Iterator[Finding]:
    machine = snapshot.machine

    def wide(binary: Binary) -> bool:
        return binary.elf is not None and NARROW.get(binary.elf.goarch, "-") == machine.userland_goarch

    for suspect in suspects(snapshot, wide):
        go = suspect.binary
        elf = go.elf
        if suspect.role != "go" or not suspect.impact.used or elf is None:
            continue
        kernel_narrow = machine.kernel_goarch == machine.userland_goarch
        broken = kernel_narrow or not elf.interpreter_exists
        actions = instead_of_program(snapshot, suspect) if broken else ()
        yield Finding(
            rule=RULE,
            subject=go.path,
            message=_message(go.path, elf.goarch, machine.userland_goarch, kernel_narrow=kernel_narrow),
            locations=(Location(go.path),),
            evidence=("getconf LONG_BIT", f"file -L {quote(go.path)}"),
            contexts=suspect.impact.contexts,
            severity=suspect.impact.severity if broken else "warning",
            explains=(*NO_GO_RUNS, Explains("GS203", go.path), Explains("GS401"), Explains("GS806")),
            risk="confirm" if actions else "manual",
            actions=actions,
            advice=Text(
                "`uname -m` names the kernel, not the programs: the archive for this system is linux-{archive}. Unpack it beside this tree and switch.",
                archive={"arm": "armv6l"}.get(machine.userland_goarch, machine.userland_goarch),
            ),
        )


def _message(path: str, goarch: str, userland: str, *, kernel_narrow: bool) -> Text:
    if kernel_narrow:
        return Text(
            "{path} is a 64-bit program ({goarch}); the kernel of this machine is 32-bit ({userland})",
            path=path,
            goarch=goarch,
            userland=userland,
        )
    return Text(
        "{path} is a 64-bit program ({goarch}) among 32-bit programs ({userland}) on a 64-bit kernel: no C library of this system fits what it builds with cgo",
        path=path,
        goarch=goarch,
        userland=userland,
    )
