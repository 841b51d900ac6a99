"""GS313: the temporary directory is a small file system of its own, mostly a tmpfs, and a build does not fit."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.impact import surely_met
from gosteward.reasoning.room import LITTLE, TOO_LITTLE, mib, rooms
from gosteward.reasoning.temporary_places import actions_for_own_place
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.room import Room
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS313",
    slug="temporary-directory-too-small",
    title="the temporary directory is too small for builds",
    severity="warning",
    needs=("write_places",),
    symptoms=("write /tmp/go-build/b001/importcfg: no space left on device", "no space left on device"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for room in rooms(snapshot):
        if room.small:
            yield _finding(snapshot, room)


def _finding(snapshot: Snapshot, room: Room) -> Finding:
    actions = actions_for_own_place(snapshot, next((p.setting for p in room.places if p.setting), None))
    too_small = 0 <= room.free < TOO_LITTLE and surely_met(snapshot, room.contexts)
    settings = tuple(dict.fromkeys(p.setting for p in room.places if p.setting is not None))
    return Finding(
        rule=RULE,
        subject=room.point,
        message=Text(
            "go builds in {path}; its file system {point} ({type}) has {free} of {total} free, and a build needs hundreds of MiB",
            path=", ".join(room.paths),
            point=room.point,
            type=room.type or "?",
            free=mib(max(room.free, 0)),
            total=mib(room.total),
        ),
        locations=settings or tuple(Location(path) for path in room.paths),
        evidence=(f"df -h {quote(room.paths[0])}",),
        contexts=room.contexts,
        severity="error" if too_small else "",
        # Small programs fit into what is left: somebody may have chosen the size.
        confidence="high" if 0 <= room.free < LITTLE else "medium",
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "Leave the mount, and what others keep there, as they are: let GOTMPDIR name a directory on a disk. Make it first; go does not."
        ),
    )
