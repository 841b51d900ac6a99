"""How much room Go has on each file system that it writes to, and the finding that there is not enough. Pure.

The linker's output and every package's archive pass through the temporary directory, so a build needs hundreds of megabytes there:
stacklok/brood-box#55 ran out of 512 MiB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Finding
from gosteward.reasoning.impact import surely_met
from gosteward.reasoning.temporary_places import temporary_places
from gosteward.reasoning.viewpoint import places_of_user
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.finding import Rule, Text
    from gosteward.snapshot import Snapshot, WritePlace

MIB = 1 << 20
TOO_LITTLE = 64 * MIB
LITTLE = 256 * MIB
SMALL_TEMPORARY = 500 * MIB
NO_INODES = 8
TOO_FEW_INODES = 200
FEW_INODES = 2000


class Room(NamedTuple):
    """A file system that Go writes to.

    Attributes:
        point, type: of the mount.   paths: where on it Go writes, each once.   contexts: in which it does.
        free, total: bytes; -1 unknown.   free_inodes, total_inodes: -1 unknown, 0 where the file system does not count them.
        temporary: only temporary files go there.   settings: the places that a setting chose.
    """

    point: str
    type: str
    paths: tuple[str, ...]
    contexts: tuple[str, ...]
    free: int
    total: int
    free_inodes: int
    total_inodes: int
    temporary: bool
    places: tuple[WritePlace, ...] = ()

    @property
    def small(self) -> bool:
        """A file system for temporary files that was made too small for builds, full or not."""
        return self.temporary and 0 < self.total < SMALL_TEMPORARY


def rooms(snapshot: Snapshot) -> tuple[Room, ...]:
    """Every file system with a place where Go writes as the examined user; read-only ones are left out."""
    temporary = temporary_places(snapshot)
    others = tuple(p for p in places_of_user(snapshot) if p.purpose not in ("GOTMPDIR", "TMPDIR"))
    groups: dict[str, list[WritePlace]] = {}
    for place in (*temporary, *others):
        if place.path and not place.problem and "ro" not in place.mount_options:
            groups.setdefault(place.mount_point or place.path, []).append(place)
    return tuple(_room(point, tuple(places)) for point, places in groups.items())


def shortage(snapshot: Snapshot, rule: Rule, room: Room, message: Text, *, none_left: bool) -> Finding:
    """The finding about a file system: a warning, and what its rule says where (almost) nothing is left and the user surely meets that."""
    return Finding(
        rule=rule,
        subject=room.point,
        message=message,
        locations=tuple(Location(path) for path in room.paths),
        contexts=room.contexts,
        severity="" if none_left and surely_met(snapshot, room.contexts) else "warning",
    )


def _room(point: str, places: tuple[WritePlace, ...]) -> Room:
    return Room(
        point=point,
        type=places[0].mount_type,
        paths=tuple(dict.fromkeys(p.path for p in places)),
        contexts=tuple(dict.fromkeys(name for p in places for name in p.contexts)),
        free=_least(p.free_bytes for p in places),
        total=_least(p.total_bytes for p in places),
        free_inodes=_least(p.free_inodes for p in places),
        total_inodes=_least(p.total_inodes for p in places),
        temporary=all(p.purpose in ("GOTMPDIR", "TMPDIR") for p in places),
        places=places,
    )


def _least(values: Iterable[int]) -> int:
    return min((value for value in values if value >= 0), default=-1)


def mib(size: int) -> str:
    """Bytes as a reader compares them with the output of df: "4 MiB"."""
    return f"{size / MIB:.0f} MiB" if size < 10 * 1024 * MIB else f"{size / MIB / 1024:.0f} GiB"
