"""GS104: a systemd service calls go by its name, and no directory of its PATH has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.jobs import path_source, place_of, unit_name, unit_repair, without_go
from gosteward.reasoning.reach import go_directories, shown_path
from gosteward.reasoning.remedies import risk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Context, Snapshot

RULE = Rule(
    id="GS104",
    slug="unit-cannot-find-go",
    title="a systemd service cannot find go",
    severity="error",
    needs=("contexts", "toolchains", "units"),
    symptoms=(
        'exec: "go": executable file not found in $PATH',
        "Failed to locate executable go",
        "sh: 1: go: not found",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for context in without_go(snapshot, "systemd", "systemd-user"):
        if context.location is not None:
            yield _finding(snapshot, context)


def _finding(snapshot: Snapshot, context: Context) -> Finding:
    source = path_source(context)
    directory = go_directories(snapshot)[0]
    repair = unit_repair(snapshot, context, directory)
    return Finding(
        rule=RULE,
        subject=context.name,
        message=Text(
            "{unit} runs `{command}` with PATH={path} (from {source}); go is in {directory}",
            unit=unit_name(context),
            command=context.command[:200],
            path=shown_path(context),
            source=place_of(source),
            directory=directory,
        ),
        locations=tuple(line for line in (context.location, source) if line is not None and line.line),
        evidence=(f"systemctl cat {unit_name(context)}",),
        contexts=(context.name,),
        risk=risk(repair.actions),
        actions=repair.actions,
        commands=repair.commands,
        advice=_advice(context),
    )


def _advice(context: Context) -> Text:
    unit = unit_name(context)
    if context.direct:
        return Text(
            "systemd itself seeks the program of ExecStart=, in its built-in directories; Environment=PATH=... does not change where. Links in /usr/local/bin serve all services; an absolute path in ExecStart=, or a drop-in with ExecSearchPath=, serves {unit} alone.",
            unit=unit,
        )
    return Text(
        "A service reads no start-up file of any shell. Links in /usr/local/bin serve all services; a drop-in with Environment=PATH=... serves {unit} alone. Never change the manager's DefaultEnvironment for one service.",
        unit=unit,
    )
