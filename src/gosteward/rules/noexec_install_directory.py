"""GS319: `go install` puts programs where nothing may be executed: the file system is mounted noexec."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import suspects
from gosteward.reasoning.viewpoint import places_of_user
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Binary, Snapshot, WritePlace

RULE = Rule(
    id="GS319",
    slug="noexec-install-directory",
    title="programs that go installs may not be executed",
    severity="warning",
    needs=("write_places", "binaries", "contexts"),
    symptoms=("Permission denied", "bash: /home/dev/go/bin/gopls: Permission denied"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    seen: set[str] = set()
    for suspect in suspects(snapshot, _on_noexec):
        point = _point(suspect.binary)
        if suspect.role == "program" and point not in seen:
            seen.add(point)
            directory = suspect.binary.path.rpartition("/")[0]
            yield _finding(directory, point, suspect.impact.contexts, suspect.impact.severity, suspect.binary.path)
    for place in places_of_user(snapshot, "GOBIN"):
        point = place.mount_point or place.path
        if "noexec" in place.mount_options and not place.problem and point not in seen:
            seen.add(point)
            yield _finding(place.path, point, place.contexts, "", "", place)


def _on_noexec(binary: Binary) -> bool:
    blocked = binary.blocked_by is not None and binary.blocked_by.reason == "noexec"
    return blocked or (binary.kind == "elf" and "noexec" in binary.mount_options)


def _point(binary: Binary) -> str:
    blocker = binary.blocked_by
    return blocker.path if blocker is not None and blocker.reason == "noexec" else binary.mount_point


def _finding(
    directory: str, point: str, contexts: tuple[str, ...], severity: str, program: str, place: WritePlace | None = None
) -> Finding:
    setting = place.setting if place is not None else None
    return Finding(
        rule=RULE,
        subject=directory,
        message=_message(directory, point, program),
        locations=(setting,) if setting else (Location(program or directory),),
        evidence=(f"findmnt -T {quote(program or directory)}",),
        contexts=contexts,
        severity=severity,
        explains=(Explains("GS133"),),
        advice=Text(
            "Keep the mount as it is. `go env -w GOBIN=DIRECTORY` with a directory on a file system that may execute, and that is on PATH, gives new programs another place; install the old ones again."
        ),
    )


def _message(directory: str, point: str, program: str) -> Text:
    if program:
        return Text(
            "{program} may not be executed: {point}, where it lies, is mounted noexec", program=program, point=point
        )
    return Text(
        "`go install` writes programs to {directory}; {point}, where it lies, is mounted noexec",
        directory=directory,
        point=point,
    )
