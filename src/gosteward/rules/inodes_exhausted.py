"""GS312: a file system that Go writes to has bytes but (almost) no inodes left, so no file can be made."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Rule, Text
from gosteward.reasoning.room import FEW_INODES, NO_INODES, TOO_FEW_INODES, TOO_LITTLE, rooms, shortage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.room import Room
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS312",
    slug="inodes-exhausted",
    title="no inodes are left where Go writes",
    severity="error",
    needs=("write_places",),
    symptoms=("no space left on device", "df -h shows free space"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for room in rooms(snapshot):
        # btrfs and others count no inodes and say 0 of 0.
        short = room.total_inodes > 0 and 0 <= room.free_inodes < FEW_INODES
        # Of a file system that is full the bytes are told (GS311); one without any inode takes no file, however small it is.
        if short and (not 0 <= room.free < TOO_LITTLE or (room.free_inodes < NO_INODES and room.free > 0)):
            yield _finding(snapshot, room)


def _finding(snapshot: Snapshot, room: Room) -> Finding:
    message = Text(
        "{point} has {free} of {total} inodes free: no more files can be made in {paths}",
        point=room.point,
        free=str(room.free_inodes),
        total=str(room.total_inodes),
        paths=", ".join(room.paths),
    )
    return shortage(snapshot, RULE, room, message, none_left=room.free_inodes < TOO_FEW_INODES)._replace(
        evidence=(f"df -i {quote(room.paths[0])}",),
        explains=(Explains("GS311", room.point), Explains("GS313", room.point)) if room.free_inodes < NO_INODES else (),
        advice=Text(
            "Many small files use inodes up while bytes are free. `du --inodes -xh --max-depth=2` shows where they are; a module cache holds tens of thousands."
        ),
    )
