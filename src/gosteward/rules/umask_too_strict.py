"""GS327: a line of a start-up file sets a umask that takes rights from the owner, so go cannot use the directories that it makes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.remedies import replaced_line
from gosteward.reasoning.settings_in_force import sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Context, Location, Snapshot, StartupLine

RULE = Rule(
    id="GS327",
    slug="umask-too-strict",
    title="the umask closes new directories to their own user",
    severity="error",
    needs=("startup_files", "contexts"),
    symptoms=(
        "mkdir /tmp/go-build2987012305/b001/: permission denied",
        "failed to initialize build cache at /home/dev/.cache/go-build: mkdir /home/dev/.cache/go-build/00: permission denied",
    ),
)
_OWNER = 0o700


def check(snapshot: Snapshot) -> Iterator[Finding]:
    # root may do without any bit.
    if snapshot.user.uid == 0:
        return
    found: dict[StartupLine, list[str]] = {}
    for context in sessions(snapshot):
        line = _last_line(snapshot, context)
        if line is not None and line.alone and int(line.value, 8) & _OWNER:
            found.setdefault(line, []).append(context.name)
    for line, contexts in found.items():
        yield _finding(snapshot, line, tuple(contexts))


def _last_line(snapshot: Snapshot, context: Context) -> StartupLine | None:
    """The line that has the last word, as far as the order of the files is known."""
    order = {path: number for number, path in enumerate(context.files_read)}
    lines = [
        (order.get(file.path, -1), line.location.line, line)
        for file in snapshot.startup_files
        if file.path in order or (not order and context.name in file.contexts)
        for line in file.lines
        if line.kind == "umask" and re.fullmatch("[0-7]{1,5}", line.value) and line.reached
    ]
    return max(lines, key=lambda found: found[:2])[2] if lines else None


def _finding(snapshot: Snapshot, line: StartupLine, contexts: tuple[str, ...]) -> Finding:
    place: Location = line.location
    kept = f"{int(line.value, 8) & 0o077:0{len(line.value)}o}"
    new = re.sub(rf"(\bumask\s+){line.value}(?!\S)", rf"\g<1>{kept}", place.text, count=1)
    actions = replaced_line(snapshot, place, new)
    return Finding(
        rule=RULE,
        subject=f"{place.path}:umask",
        message=Text(
            "{place} sets umask {value}, which takes rights from the owner: go cannot use the directories that it makes, and every build stops",
            place=f"{place.path}:{place.line}",
            value=line.value,
        ),
        locations=(place,),
        evidence=("umask",),
        contexts=contexts,
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "umask {value} keeps others out and leaves the owner every right. Log in again; what was made before keeps its modes.",
            value=kept,
        ),
    )
