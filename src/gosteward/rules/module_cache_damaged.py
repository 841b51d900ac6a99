"""GS916: a module in the module cache is not whole, and go takes it as it is."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.modules_in_use import builds_from_vendor
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Requirement, Snapshot

RULE = Rule(
    id="GS916",
    slug="module-cache-damaged",
    title="a module in the module cache is not whole",
    severity="error",
    needs=("workspaces",),
    symptoms=(
        "main.go:3:8: no required module provides package example.com/greet; to add it:",
        "main.go:3:8: module example.com/greet@latest found (v1.0.0), but does not contain package example.com/greet",
        "greet.go:1:1: expected 'package', found 'EOF'",
        "unzip /home/dev/go/pkg/mod/cache/download/example.com/greet/@v/v1.0.0.zip: zip: not a valid zip file",
        "verifying example.com/greet@v1.0.0/go.mod: checksum mismatch",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[str, Requirement] = {}
    for workspace in snapshot.workspaces:
        if not builds_from_vendor(snapshot, workspace):
            for require in workspace.requirements:
                if require.damaged:
                    found.setdefault(require.damaged, require)
    for require in found.values():
        yield _finding(require)


def _finding(require: Requirement) -> Finding:
    place = require.damaged
    module = f"{require.path}@{require.version}"
    return Finding(
        rule=RULE,
        subject=place,
        message=_message(require, module),
        locations=(Location(place), *((require.location,) if require.location is not None else ())),
        evidence=(f"ls -l {quote(place)}", "go mod verify"),
        explains=(Explains("GS609", module), Explains("GS908")),
        commands=(_command(require, module),),
        # What go fetches anew in its place would be in the way of an undo, and a copy of what is damaged serves nobody.
        advice=Text(
            "As the user whose cache it is: `{command}`; go then takes the module from its zip, or downloads it again. A full disk or a crash in the midst of writing leaves such files; `go mod verify` tells of others. go.sum stays as it is.",
            command=_command(require, module),
        ),
    )


def _command(require: Requirement, module: str) -> str:
    """A directory of the cache is closed to writing, and a zip has its hash beside it."""
    place = quote(require.damaged)
    if require.damage == "incomplete":
        return f"chmod -R u+w {place} && rm -r {place}"
    if require.damage == "cut":
        return f"rm -f {place} {quote(f'{require.damaged}hash')} && go mod download {quote(module)}"
    return f"rm {place} && go mod download {quote(module)}"


def _message(require: Requirement, module: str) -> Text:
    if require.damage == "empty":
        return Text("{file} is empty: go takes it for the go.mod of {module}", file=require.damaged, module=module)
    if require.damage == "cut":
        return Text("{file} ends before its end: go cannot unpack {module}", file=require.damaged, module=module)
    return Text(
        "{directory} lacks files of {module} that its zip has: go does not look there again, and finds no package, or half of one",
        directory=require.damaged,
        module=module,
    )
