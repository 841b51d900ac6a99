"""GS407: GOPATH and GOROOT are the same directory, mostly because Go was unpacked to ~/go, the default GOPATH."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.running_go import running_gos
from gosteward.reasoning.viewpoint import places_of_user
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.running_go import RunningGo
    from gosteward.snapshot import Snapshot, WritePlace

RULE = Rule(
    id="GS407",
    slug="gopath-equals-goroot",
    title="GOPATH and GOROOT are the same directory",
    severity="warning",
    needs=("write_places", "contexts", "toolchains"),
    symptoms=(
        "warning: both GOPATH and GOROOT are the same directory",
        "warning: GOPATH set to GOROOT (/home/dev/go) has no effect",
        "module cache not found: neither GOMODCACHE nor GOPATH is set",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    seen: set[str] = set()
    for running in running_gos(snapshot):
        if running.tree is None:
            continue
        roots = {running.tree.path, running.tree.real_path, running.go.goroot} - {""}
        for place in places_of_user(snapshot, "GOPATH"):
            met = not place.contexts or set(place.contexts) & set(running.contexts)
            if place.path.rstrip("/") in roots and met and place.path not in seen:
                seen.add(place.path)
                yield _finding(snapshot, running, place)


def _finding(snapshot: Snapshot, running: RunningGo, place: WritePlace) -> Finding:
    by_default = place.setting is None
    return Finding(
        rule=RULE,
        subject=place.path,
        message=Text(
            "{path} is GOROOT, the tree of {version}, and also GOPATH, which is that directory by default: go warns at every command, and has no place for modules",
            path=place.path,
            version=running.version,
        )
        if by_default
        else Text(
            "GOPATH is set to {path}, which is GOROOT, the tree of {version}: go warns at every command, and has no place for modules",
            path=place.path,
            version=running.version,
        ),
        locations=((place.setting,) if place.setting else (*running.sources, Location(place.path))),
        evidence=(f"head -1 {quote(place.path + '/VERSION')}",),
        contexts=tuple(n for n in running.contexts if not place.contexts or n in place.contexts),
        explains=(Explains("GS506"), Explains("GS314", place.path), Explains("GS127")),
        risk="confirm",
        commands=_commands(snapshot, running, place) if by_default else (),
        advice=_advice(snapshot, running, place),
    )


def _new_place(snapshot: Snapshot, running: RunningGo) -> str:
    return f"{snapshot.user.home}/.local/share/go/{running.version[2:] or 'current'}"


def _commands(snapshot: Snapshot, running: RunningGo, place: WritePlace) -> tuple[str, ...]:
    new = _new_place(snapshot, running)
    return (f"mkdir -p {quote(new.rpartition('/')[0])}", f"mv -T {quote(place.path)} {quote(new)}")


def _advice(snapshot: Snapshot, running: RunningGo, place: WritePlace) -> Text:
    if place.setting is not None:
        return Text(
            "Take the setting out, or let GOPATH name a directory of its own: Go then uses {home}/go.",
            home=snapshot.user.home,
        )
    line = running.sources[0] if running.sources else None
    return Text(
        "Move the tree away and name the new bin directory on PATH ({line}). What `go install` and module downloads have put into {path}/bin and {path}/pkg/mod goes back to {path} afterwards.",
        line=f"{line.path}:{line.line}" if line else "PATH",
        path=place.path,
    )
