"""GS522: GOCACHE=off is left over from Go 1.10; since 1.12 go refuses to build without a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Rule, Text
from gosteward.reasoning.settings_in_force import in_force, place
from gosteward.reasoning.unwanted_settings import unwanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
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
        if found.setting.value == "off":
            message = Text(
                "{place} sets GOCACHE=off: since Go 1.12 a build needs its cache, and every go build stops",
                place=place(found.setting),
            )
            yield unwanted(snapshot, RULE, found, message)
