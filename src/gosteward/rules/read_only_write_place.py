"""GS310: a directory that Go writes to lies on a file system that is mounted read-only."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.downloads import needed_modules
from gosteward.reasoning.impact import surely_met
from gosteward.reasoning.setting_repair import unset_actions
from gosteward.reasoning.temporary_places import temporary_places
from gosteward.reasoning.viewpoint import places_of_user
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Snapshot, WritePlace

RULE = Rule(
    id="GS310",
    slug="read-only-write-place",
    title="Go writes to a file system that is mounted read-only",
    severity="error",
    needs=("write_places",),
    symptoms=("read-only file system", "go: creating work dir: read-only file system"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    groups: dict[str, list[WritePlace]] = {}
    others = tuple(p for p in places_of_user(snapshot) if p.purpose not in ("GOTMPDIR", "TMPDIR"))
    for place in (*temporary_places(snapshot), *others):
        if "ro" in place.mount_options and not place.writable and not place.problem and place.path:
            groups.setdefault(place.mount_point or place.path, []).append(place)
    for point, places in groups.items():
        yield _finding(snapshot, point, tuple(places))


def _finding(snapshot: Snapshot, point: str, places: tuple[WritePlace, ...]) -> Finding:
    contexts = tuple(dict.fromkeys(name for p in places for name in p.contexts))
    fatal = any(_fatal(snapshot, p) for p in places) and surely_met(snapshot, contexts)
    named = ", ".join(dict.fromkeys(f"{p.path} ({p.purpose})" for p in places))
    settings = tuple(dict.fromkeys(p.setting for p in places if p.setting is not None))
    actions = _actions(snapshot, settings, places)
    return Finding(
        rule=RULE,
        subject=point,
        message=Text("{point} is mounted read-only, and go writes there: {places}", point=point, places=named),
        locations=(*settings, *(Location(path) for path in dict.fromkeys(p.path for p in places))),
        evidence=(f"findmnt -T {quote(places[0].path)}", ",".join(places[0].mount_options)),
        contexts=contexts,
        severity="" if fatal else "warning",
        explains=(
            *(Explains("GS314", p.path) for p in places),
            *((Explains("GS908"),) if _lacks(snapshot, places) else ()),
        ),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "A disk with errors becomes read-only by itself: look at `dmesg` first. Where the mount is meant so, let GOCACHE, GOMODCACHE or GOTMPDIR name a directory elsewhere."
        ),
    )


def _actions(snapshot: Snapshot, settings: tuple[Location, ...], places: tuple[WritePlace, ...]) -> tuple[Action, ...]:
    """The one setting taken back that chose all of these places; a disk is not ours to mount otherwise."""
    setting = next((s for s in snapshot.go_settings if s.location is not None and settings == (s.location,)), None)
    chosen = setting is not None and all(p.setting == setting.location for p in places)
    stops = any(_fatal(snapshot, p) for p in places)
    return unset_actions(snapshot, setting) if setting is not None and chosen and stops else ()


def _lacks(snapshot: Snapshot, places: tuple[WritePlace, ...]) -> bool:
    """Modules have to be brought to a cache that takes none."""
    return any(p.purpose in ("GOMODCACHE", "GOPATH") for p in places) and bool(needed_modules(snapshot))


def _fatal(snapshot: Snapshot, place: WritePlace) -> bool:
    """Whether go stops; an existing cache that cannot be written is read, and a full module cache may be all that is wanted."""
    if place.purpose == "GOMODCACHE" and needed_modules(snapshot):
        return True
    return place.purpose in ("GOTMPDIR", "TMPDIR") or (place.purpose == "GOCACHE" and not place.exists)
