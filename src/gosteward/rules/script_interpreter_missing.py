"""GS210: the go that is found is a script whose interpreter does not exist, often because of a carriage return behind its name."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import UnixLineEnds
from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, suspects
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS210",
    slug="script-interpreter-missing",
    title="the interpreter of a script named go is missing",
    severity="error",
    needs=("contexts", "binaries"),
    symptoms=(
        "bad interpreter: No such file or directory",
        "cannot execute: required file not found",
        "/bin/bash^M: bad interpreter",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for suspect in suspects(snapshot, _cannot_start):
        binary = suspect.binary
        name = binary.script_interpreter.rstrip("\r")
        carriage_return = name != binary.script_interpreter
        yield Finding(
            rule=RULE,
            subject=binary.path,
            message=_message(binary.path, name, carriage_return=carriage_return),
            locations=(Location(binary.path, 1, f"#!{name}"),),
            evidence=(f"head -n 1 {quote(binary.path)} | od -c",),
            contexts=suspect.impact.contexts,
            severity=suspect.impact.severity,
            explains=NO_GO_RUNS if suspect.role == "go" else (),
            risk="safe" if carriage_return else "manual",
            actions=(UnixLineEnds(binary.real_path or binary.path),) if carriage_return else (),
            advice=_advice(name, carriage_return=carriage_return),
        )


def _cannot_start(binary: Binary) -> bool:
    return binary.kind == "script" and (
        binary.script_interpreter.endswith("\r") or not binary.script_interpreter_exists
    )


def _message(path: str, name: str, *, carriage_return: bool) -> Text:
    if carriage_return:
        return Text(
            "line 1 of {path} ends in a carriage return: the kernel looks for an interpreter of the name {name}\\r",
            path=path,
            name=name,
        )
    return Text("{path} is a script for {name}, which does not exist", path=path, name=name)


def _advice(name: str, *, carriage_return: bool) -> Text:
    if carriage_return:
        return Text("The file went through an editor or a checkout with Windows line ends: remove them.")
    return Text(
        "Install {name}, or let the first line name an interpreter that is here. A link to the real go does without any script.",
        name=name,
    )
