"""GS812: the C compiler, or a tool beside it, is there and has no execute bit, so cgo passes over it."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import SetMode
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning import cgo
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import CompilerTool, Snapshot

RULE = Rule(
    id="GS812",
    slug="c-tool-not-executable",
    title="a tool that cgo needs is not executable",
    severity="error",
    needs=("c_toolchain", "workspaces", "contexts"),
    symptoms=(
        'cgo: C compiler "gcc" not found: exec: "gcc": executable file not found in $PATH',
        "fork/exec /usr/bin/gcc: permission denied",
    ),
)
# What is said of a tool that is nowhere.
_ABSENT = {
    "cc": ("GS801", "GS805", "GS807", "GS802"),
    "cxx": ("GS809",),
    "ld": ("GS808",),
    "pkg-config": ("GS803",),
    "git": ("GS810",),
}


def check(snapshot: Snapshot) -> Iterator[Finding]:
    severity = cgo.severity(snapshot)
    groups: dict[str, list[CompilerTool]] = {}
    for tool in snapshot.c_toolchain.tools:
        if tool.closed and not tool.path:
            groups.setdefault(tool.closed, []).append(tool)
    for tools in groups.values():
        if severity and any(tool.role in ("cc", "ld") for tool in tools):
            yield _finding(snapshot, tools, severity)


def _finding(snapshot: Snapshot, tools: list[CompilerTool], severity: str) -> Finding:
    first = tools[0]
    # Execute goes to whoever can already read.
    after = first.closed_mode | (first.closed_mode & 0o444) >> 2
    wanted = cgo.needs(snapshot)
    return Finding(
        rule=RULE,
        subject=first.closed,
        message=Text(
            "{path} has mode {mode}, which lets nobody run it; {file} needs it",
            path=first.closed,
            mode=f"{first.closed_mode:04o}",
            file=wanted[0].place if wanted else first.command,
        ),
        locations=(Location(first.closed), *cgo.places_of(wanted)),
        evidence=(f"ls -l {quote(first.closed)}", f"type -a {quote(first.command)}"),
        contexts=tuple(dict.fromkeys(tool.context for tool in tools)),
        severity=severity,
        explains=tuple(Explains(rule) for tool in tools for rule in _ABSENT.get(tool.role, ())),
        risk="confirm" if after != first.closed_mode else "manual",
        actions=(SetMode(first.closed, first.closed_mode, after),) if after != first.closed_mode else (),
        advice=Text("Give it back its execute bits; the package's own mode is the same for every such program."),
    )
