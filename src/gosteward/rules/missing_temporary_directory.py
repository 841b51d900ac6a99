"""GS321: GOTMPDIR or TMPDIR names a directory that does not exist; go does not make it."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import MakeDirectory
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import surely_met
from gosteward.reasoning.temporary_places import temporary_places
from gosteward.reasoning.viewpoint import runs_as_user
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Snapshot, WritePlace

RULE = Rule(
    id="GS321",
    slug="missing-temporary-directory",
    title="the temporary directory does not exist",
    severity="error",
    needs=("write_places",),
    symptoms=("go: creating work dir: stat /nope: no such file or directory", "creating work dir"),
)
OF_SYSTEM = ("/run/user/", "/proc/", "/sys/", "/dev/pts/")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    others = {c.name for c in snapshot.contexts if not runs_as_user(snapshot, c)}
    for place in temporary_places(snapshot):
        met = not place.contexts or not set(place.contexts) <= others
        if met and (not place.exists or not place.is_directory):
            yield _finding(snapshot, place)


def _finding(snapshot: Snapshot, place: WritePlace) -> Finding:
    actions = _actions(snapshot, place)
    return Finding(
        rule=RULE,
        subject=place.path,
        message=_message(place),
        locations=(*((place.setting,) if place.setting else ()), Location(place.path)),
        evidence=(f"ls -ld {quote(place.path)}",),
        contexts=place.contexts,
        severity="" if surely_met(snapshot, place.contexts) else "warning",
        explains=(Explains("GS314", place.path), Explains("GS305", place.path)),
        risk="safe" if actions else "manual",
        actions=actions,
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


def _actions(snapshot: Snapshot, place: WritePlace) -> tuple[Action, ...]:
    """The directory, for its user alone. What is in the way stays, and what the system makes at a login, or the kernel, is theirs to make."""
    user = snapshot.user
    if place.exists or place.problem or not place.path.startswith("/") or place.path.startswith(OF_SYSTEM):
        return ()
    if place.path.rstrip("/") in ("/tmp", "/var/tmp"):
        return (MakeDirectory(place.path, 0o1777),)
    return (MakeDirectory(place.path, 0o700, user.uid, user.gid),)
