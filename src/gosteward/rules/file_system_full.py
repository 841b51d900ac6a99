"""GS311: a file system that Go writes to has (almost) no room left."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Rule, Text
from gosteward.reasoning.room import LITTLE, TOO_LITTLE, mib, rooms, shortage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.room import Room
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS311",
    slug="file-system-full",
    title="no room is left where Go writes",
    severity="error",
    needs=("write_places",),
    symptoms=("no space left on device", "write /home/dev/.cache/go-build: no space left on device"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for room in rooms(snapshot):
        if not room.small and 0 <= room.free < LITTLE:
            yield _finding(snapshot, room)


def _finding(snapshot: Snapshot, room: Room) -> Finding:
    caches = tuple(p.path for p in room.places if p.purpose == "GOCACHE")
    message = Text(
        "{point} has {free} of {total} free, and go writes there: {paths}",
        point=room.point,
        free=mib(room.free),
        total=mib(room.total),
        paths=", ".join(room.paths),
    )
    return shortage(snapshot, RULE, room, message, none_left=room.free < TOO_LITTLE)._replace(
        evidence=(f"df -h {quote(room.paths[0])}",),
        explains=(Explains("GS204"), Explains("GS209")),
        advice=_advice(caches),
    )


def _advice(caches: tuple[str, ...]) -> Text:
    if caches:
        return Text(
            "Look what fills it with `du -xh --max-depth=2`. The build cache {cache} can be emptied with `go clean -cache`: go fills it again.",
            cache=caches[0],
        )
    return Text("Look what fills it with `du -xh --max-depth=2`, and give back what nobody needs.")
