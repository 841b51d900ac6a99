"""GS305: go builds programs below a directory that is mounted noexec: `go run` and `go test` cannot start them."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.temporary_places import actions_for_own_place, temporary_places
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS305",
    slug="noexec-temporary-directory",
    title="programs may not run in the temporary directory",
    # Building and installing work all the same, and hardened hosts are made so on purpose: no error.
    severity="warning",
    needs=("write_places",),
    symptoms=(
        "fork/exec /tmp/go-build/b001/exe/main: permission denied",
        "fork/exec /tmp/go-build/b001/x.test: permission denied",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for place in temporary_places(snapshot):
        if "noexec" not in place.mount_options:
            continue
        actions = actions_for_own_place(snapshot, place.setting)
        yield Finding(
            rule=RULE,
            subject=place.path,
            message=Text(
                "go makes and starts temporary programs in {path}; its file system {point} is mounted noexec, so `go run` and `go test` fail",
                path=place.path,
                point=place.mount_point or place.path,
            ),
            locations=(place.setting,) if place.setting else (Location(place.path),),
            evidence=(f"findmnt -T {quote(place.path)}", ",".join(place.mount_options)),
            contexts=place.contexts,
            risk="confirm" if actions else "manual",
            actions=actions,
            advice=_advice(snapshot.user.name, fit=bool(actions)),
        )


def _advice(user: str, *, fit: bool) -> Text:
    if fit:
        return Text(
            "The mount is a safeguard: leave it, and give {user} a directory of their own for GOTMPDIR. Make it first; go does not.",
            user=user or "the user",
        )
    return Text(
        "The mount is a safeguard: leave it, and let GOTMPDIR name a directory on a file system that may execute."
    )
