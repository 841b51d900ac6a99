"""GS705: the go that runs is a snap, and snaps do not run in the user's place: the home is not below /home, or a strict snap hides files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.running_go import running_gos

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.running_go import RunningGo
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS705",
    slug="snap-confinement",
    title="a snap's go cannot work where this user works",
    severity="warning",
    needs=("contexts", "snaps"),
    symptoms=(
        "Sorry, home directories outside of /home needs configuration.",
        "cannot create user data directory: /srv/app/snap/go/1: Permission denied",
    ),
)
_SERVED = ("/home/", "/root")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for running in running_gos(snapshot):
        strict = any(s.name == _name_of(running) and s.confinement == "strict" for s in snapshot.snaps)
        outside = bool(snapshot.user.home) and not f"{snapshot.user.home}/".startswith(_SERVED)
        if running.go.origin == "snap" and (strict or outside):
            yield _finding(snapshot, running, strict=strict)


def _name_of(running: RunningGo) -> str:
    """/snap/go/10855/bin/go, or /snap/bin/go with /snap/go/10855 as its tree."""
    for path in (running.go.goroot, running.go.real_path, running.go.path):
        _, mark, rest = path.partition("/snap/")
        name = rest.partition("/")[0]
        if mark and name and name != "bin":
            return name
    return "go"


def _finding(snapshot: Snapshot, running: RunningGo, *, strict: bool) -> Finding:
    name = _name_of(running)
    message = (
        Text(
            "{go} is the snap {name} in strict confinement: it sees no hidden directories of the home and nothing outside of it",
            go=running.go.path,
            name=name,
        )
        if strict
        else Text(
            "{go} is the snap {name}; snaps serve homes below /home, and this user's is {home}",
            go=running.go.path,
            name=name,
            home=snapshot.user.home,
        )
    )
    return Finding(
        rule=RULE,
        subject=running.go.path,
        message=message,
        locations=running.sources,
        evidence=("snap list", "getent passwd"),
        contexts=running.contexts,
        confidence="medium",
        advice=Text(
            "Install the snap with --classic, or take Go from the distribution or from an official archive: those work in every directory."
        )
        if strict
        else Text(
            "Take Go from the distribution or from an official archive for this user, or tell snapd about the place: `snap set system homedirs=DIRECTORY`."
        ),
    )
