"""GS506: GOPATH, or the place of modules or programs below it, is a file: go can make nothing in it."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.settings_in_force import in_session
from gosteward.reasoning.viewpoint import places_of_user
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        advice=Text(
            "Look what {path} is and move it aside, or let {purpose} name a directory. Without the setting Go uses ~/go.",
            path=place.path,
            purpose=place.purpose,
        ),
    )
