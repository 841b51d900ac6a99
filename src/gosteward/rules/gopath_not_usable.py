"""GS506: GOPATH, or the place of modules or programs below it, is a file: go can make nothing in it."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import MoveAside
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.ownership import inside
from gosteward.reasoning.setting_repair import commands_behind, unset_actions
from gosteward.reasoning.settings_in_force import in_session
from gosteward.reasoning.viewpoint import places_of_user, programs_named_go
from gosteward.snapshot import Location, Setting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Snapshot, WritePlace

RULE = Rule(
    id="GS506",
    slug="gopath-not-usable",
    title="GOPATH does not lead to a directory",
    severity="error",
    needs=("write_places",),
    symptoms=(
        "go: could not create module cache: mkdir /home/dev/go: not a directory",
        "go: creating work dir: not a directory",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    seen: set[str] = set()
    for place in places_of_user(snapshot, "GOPATH", "GOMODCACHE", "GOBIN"):
        if not _is_no_directory(place) or any(place.path == path or place.path.startswith(f"{path}/") for path in seen):
            continue
        seen.add(place.path)
        yield _finding(snapshot, place)


def _is_no_directory(place: WritePlace) -> bool:
    return bool(place.path) and (place.problem == "not-a-directory" or (place.exists and not place.is_directory))


def _finding(snapshot: Snapshot, place: WritePlace) -> Finding:
    locations = (place.setting, Location(place.path)) if place.setting is not None else (Location(place.path),)
    # Without GOPATH itself nothing works that needs a module; the others stop one command each.
    stops = place.purpose != "GOBIN" and in_session(snapshot, place.contexts)
    setting = _setting(snapshot, place)
    actions = _actions(snapshot, place, setting)
    return Finding(
        rule=RULE,
        subject=place.path,
        message=Text(
            "{purpose} is {path}, which is not a directory: go can make nothing in it",
            purpose=place.purpose,
            path=place.path,
        ),
        locations=locations,
        evidence=(f"ls -ld {quote(place.path)}",),
        contexts=place.contexts,
        severity="" if stops else "warning",
        explains=(Explains("GS314"), Explains("GS127")),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=commands_behind(setting) if actions and setting is not None else (),
        advice=Text(
            "Look what {path} is and move it aside, or let {purpose} name a directory. Without the setting Go uses ~/go.",
            path=place.path,
            purpose=place.purpose,
        ),
    )


def _setting(snapshot: Snapshot, place: WritePlace) -> Setting | None:
    """What names the place itself; None for the default, and for a place below another one that was set."""
    line = place.setting
    known = (s for s in snapshot.go_settings if s.name == place.purpose and s.location == line)
    named = line is not None and f"{place.purpose}" in line.text
    guess = Setting(place.purpose, place.path, "environment", line, place.contexts)
    return next(known, guess if named else None) if line is not None else None


def _actions(snapshot: Snapshot, place: WritePlace, setting: Setting | None) -> tuple[Action, ...]:
    """Go's own place below the home is cleared of what lies there; a line that names another one goes."""
    if setting is not None and place.path.rstrip("/") != f"{snapshot.user.home}/go":
        return unset_actions(snapshot, setting)
    is_go = any(place.path in (go.path, go.real_path) for go in programs_named_go(snapshot))
    ours = place.exists and not place.is_directory and inside(place.path, snapshot.user.home) and not is_go
    return (MoveAside(place.path),) if ours else ()
