"""GS521: GOAMD64 or GOARM asks for more than this CPU has: programs that are built here do not start here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Rule, Text
from gosteward.reasoning.settings_in_force import in_force, place
from gosteward.reasoning.unwanted_settings import unwanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS521",
    slug="level-above-cpu",
    title="builds are made for a newer CPU than this one",
    severity="error",
    needs=("go_settings", "contexts", "machine"),
    symptoms=(
        "This program can only be run on AMD64 processors with v3 microarchitecture support.",
        "Illegal instruction",
        "invalid GOAMD64: must be v1, v2, v3, v4",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    machine = snapshot.machine
    for name, level in (("GOAMD64", machine.goamd64), ("GOARM", machine.goarm)):
        for found in in_force(snapshot, name):
            if level and level_of(name, found.setting.value) > level:
                yield _finding(snapshot, found, level)


def level_of(name: str, value: str) -> int:
    """The number in "v3" or "7,softfloat"; 0 for a value that go does not know."""
    text = value[1:] if name == "GOAMD64" and value.startswith("v") else value.partition(",")[0]
    if name == "GOAMD64" and not value.startswith("v"):
        return 0
    return int(text) if text in ("1", "2", "3", "4", "5", "6", "7") else 0


def _finding(snapshot: Snapshot, found: InForce, level: int) -> Finding:
    setting = found.setting
    prefix = "v" if setting.name == "GOAMD64" else ""
    message = Text(
        "{place} sets {name}={value}, but this CPU is {name}={level}: `go run` and `go test` cannot start what they build",
        place=place(setting),
        name=setting.name,
        value=setting.value,
        level=f"{prefix}{level}",
    )
    finding = unwanted(snapshot, RULE, found, message)
    return finding._replace(
        subject=f"{place(setting)}:{setting.name}",
        evidence=(*finding.evidence, "grep -m1 ^flags /proc/cpuinfo"),
        explains=(Explains("GS206" if prefix else "GS207"),),
    )
