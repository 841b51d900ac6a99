"""GS328: the build cache is a file, or a link on the way to a place that Go writes to leads nowhere: go makes nothing there, whatever the rights."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import MoveAside, RemoveLink
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import surely_met
from gosteward.reasoning.ownership import inside
from gosteward.reasoning.setting_repair import unset_actions
from gosteward.reasoning.viewpoint import places_of_user
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Snapshot, WritePlace

RULE = Rule(
    id="GS328",
    slug="write-place-is-no-directory",
    title="a place that Go writes to is a file, or a link that leads nowhere",
    severity="error",
    needs=("write_places",),
    symptoms=(
        "failed to initialize build cache at /home/dev/.cache/go-build: mkdir /home/dev/.cache/go-build: file exists",
        "failed to initialize build cache at /home/dev/.cache/go-build: mkdir /home/dev/.cache/go-build: not a directory",
        "go: could not create module cache: mkdir /home/dev/go: file exists",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[str, list[WritePlace]] = {}
    for place in places_of_user(snapshot, "GOCACHE", "GOPATH", "GOMODCACHE"):
        obstacle = _obstacle(place)
        if obstacle:
            found.setdefault(obstacle, []).append(place)
    for obstacle, places in found.items():
        yield _finding(snapshot, obstacle, places)


def _obstacle(place: WritePlace) -> str:
    """The link or the file; a GOPATH that is a file is GS506's subject."""
    if not place.path.startswith("/") or place.problem not in ("", "not-a-directory"):
        return ""
    if place.link:
        return place.link
    return place.path if place.purpose == "GOCACHE" and place.exists and not place.is_directory else ""


def _finding(snapshot: Snapshot, obstacle: str, places: list[WritePlace]) -> Finding:
    first = places[0]
    purposes = ", ".join(dict.fromkeys(place.purpose for place in places))
    contexts = tuple(dict.fromkeys(name for place in places for name in place.contexts))
    actions = _actions(snapshot, obstacle, first)
    return Finding(
        rule=RULE,
        subject=obstacle,
        message=Text(
            "{path} is a link to {target}, which does not exist: go can make no directory there ({purposes})",
            path=obstacle,
            target=first.link_target,
            purposes=purposes,
        )
        if first.link
        else Text("{path} ({purposes}) is no directory: go can make nothing in it", path=obstacle, purposes=purposes),
        locations=(*((first.setting,) if first.setting is not None else ()), Location(obstacle)),
        evidence=(f"ls -ld {quote(obstacle)}",),
        contexts=contexts,
        severity="" if surely_met(snapshot, contexts) else "warning",
        explains=(*(Explains("GS314", place.path) for place in places), Explains("GS506", first.path)),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "Mount or make what the link names, if it is still wanted there; without {path} Go makes a directory of its own at that place.",
            path=obstacle,
        )
        if first.link
        else Text("Move {path} aside; Go makes a directory at that place.", path=obstacle),
    )


def _actions(snapshot: Snapshot, obstacle: str, place: WritePlace) -> tuple[Action, ...]:
    """Nothing of worth is in a link that leads nowhere; a file may have some, so it only gets another name."""
    setting = next((s for s in snapshot.go_settings if place.setting is not None and s.location == place.setting), None)
    if setting is not None:
        return unset_actions(snapshot, setting)
    if place.setting is not None or not inside(obstacle, snapshot.user.home) or snapshot.user.home == "/":
        return ()
    return (RemoveLink(obstacle, place.link_target),) if place.link else (MoveAside(obstacle),)
