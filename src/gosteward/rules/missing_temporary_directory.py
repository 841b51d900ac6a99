"""GS321: GOTMPDIR or TMPDIR names a directory that does not exist; go does not make it."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import surely_met
from gosteward.reasoning.temporary_places import temporary_places
from gosteward.reasoning.viewpoint import runs_as_user
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot, WritePlace

RULE = Rule(
    id="GS321",
    slug="missing-temporary-directory",
    title="the temporary directory does not exist",
    severity="error",
    needs=("write_places",),
    symptoms=("go: creating work dir: stat /nope: no such file or directory", "creating work dir"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    others = {c.name for c in snapshot.contexts if not runs_as_user(snapshot, c)}
    for place in temporary_places(snapshot):
        met = not place.contexts or not set(place.contexts) <= others
        if met and (not place.exists or not place.is_directory):
            yield _finding(snapshot, place)


def _finding(snapshot: Snapshot, place: WritePlace) -> Finding:
    return Finding(
        rule=RULE,
        subject=place.path,
        message=_message(place),
        locations=(*((place.setting,) if place.setting else ()), Location(place.path)),
        evidence=(f"ls -ld {quote(place.path)}",),
        contexts=place.contexts,
        severity="" if surely_met(snapshot, place.contexts) else "warning",
        explains=(Explains("GS314", place.path), Explains("GS305", place.path)),
        risk="safe" if not place.exists else "confirm",
        commands=_commands(snapshot, place),
        advice=Text(
            "A directory below /tmp or /run is gone after every boot: better let {purpose} name one in the user's home, or take the setting out.",
            purpose=place.purpose,
        )
        if place.path.startswith(("/tmp/", "/run/", "/dev/shm/"))
        else Text("Make it for its user alone, or take the setting out: without it go uses /tmp."),
    )


def _message(place: WritePlace) -> Text:
    if place.exists:
        return Text(
            "{purpose} is {path}, which is no directory: go cannot make its work directory in it",
            purpose=place.purpose,
            path=place.path,
        )
    return Text(
        "{purpose} is {path}, which does not exist: go makes its work directory in it, but not the directory itself",
        purpose=place.purpose,
        path=place.path,
    )


def _commands(snapshot: Snapshot, place: WritePlace) -> tuple[str, ...]:
    user = snapshot.user
    if place.exists:
        return ()
    if place.path in ("/tmp", "/var/tmp"):
        return (f"install -d -m u=rwx,g=rwx,o=rwxt {place.path}",)
    owner = f" -o {quote(user.name)} -g {user.gid}" if user.name and user.known else ""
    return (f"install -d -m 700{owner} {quote(place.path)}",)
