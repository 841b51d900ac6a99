"""GS522: GOCACHE=off is left over from Go 1.10; since 1.12 go refuses to build without a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.settings_in_force import (
    advice_to_unset,
    commands_to_unset,
    in_force,
    in_session,
    locations,
    place,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS522",
    slug="gocache-off",
    title="the build cache is switched off",
    severity="error",
    needs=("go_settings", "contexts"),
    symptoms=("build cache is disabled by GOCACHE=off, but required as of Go 1.12",),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in in_force(snapshot, "GOCACHE"):
        setting = found.setting
        if setting.value != "off":
            continue
        yield Finding(
            rule=RULE,
            subject=place(setting),
            message=Text(
                "{place} sets GOCACHE=off: since Go 1.12 a build needs its cache, and every go build stops",
                place=place(setting),
            ),
            locations=locations(setting),
            evidence=("GOCACHE=off",),
            contexts=found.contexts,
            severity="" if in_session(snapshot, found.contexts) else "warning",
            risk="confirm",
            commands=commands_to_unset(snapshot, setting),
            advice=advice_to_unset(snapshot, setting),
        )
