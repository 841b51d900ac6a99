"""GS514: a pattern takes modules of the whole world out of verification or encryption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Rule, Text
from gosteward.golang.modulepaths import is_forge
from gosteward.reasoning.settings_in_force import in_force, place
from gosteward.reasoning.unwanted_settings import unwanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS514",
    slug="verification-disabled-widely",
    title="verification is switched off for modules of strangers",
    severity="warning",
    needs=("go_settings", "contexts"),
)
NAMES = ("GOINSECURE", "GONOSUMDB", "GOPRIVATE")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for name in NAMES:
        for found in in_force(snapshot, name):
            pattern = widest(found.setting.value)
            if not pattern:
                continue
            setting = found.setting
            others = ",".join(p for p in setting.value.split(",") if not widest(p))
            finding = unwanted(snapshot, RULE, found, _message(place(setting), name, pattern), others)
            yield finding._replace(
                subject=f"{place(setting)}:{name}",
                severity="",
                # Some sites mean it: nothing is changed behind their back.
                confidence="medium",
                advice=Text(
                    "Name only what is your own, as host/organisation: git.corp.example, github.com/corp. Never use a pattern that matches everything."
                ),
            )


def widest(value: str) -> str:
    """The pattern of a list that covers modules of strangers: all of them, a whole top-level domain, or a whole forge."""
    for pattern in (p.strip().rstrip("/") for p in value.split(",")):
        first, slash, _ = pattern.partition("/")
        labels = first.strip("*?.[]")
        if pattern and not labels:
            return pattern
        if not slash and (is_forge(first) or ("*" in first and "." not in labels)):
            return pattern
    return ""


def _message(where: str, name: str, pattern: str) -> Text:
    if name == "GOINSECURE":
        return Text(
            "{place} sets GOINSECURE to {pattern}: modules of strangers may be fetched over plain http and unverified https",
            place=where,
            pattern=pattern,
        )
    if name == "GOPRIVATE":
        return Text(
            "{place} sets GOPRIVATE to {pattern}: modules of strangers are fetched without proxy and are not verified",
            place=where,
            pattern=pattern,
        )
    return Text(
        "{place} sets GONOSUMDB to {pattern}: modules of strangers are not verified", place=where, pattern=pattern
    )
