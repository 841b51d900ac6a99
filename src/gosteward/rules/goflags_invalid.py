"""GS508: GOFLAGS holds something that go refuses, so every go command but `go env` stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Rule, Text
from gosteward.golang import meant_values
from gosteward.golang.goflags import fault
from gosteward.reasoning.settings_in_force import in_force, place
from gosteward.reasoning.unwanted_settings import unwanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.golang.goflags import Fault
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS508",
    slug="goflags-invalid",
    title="go refuses the value of GOFLAGS",
    severity="error",
    needs=("go_settings", "contexts"),
    symptoms=(
        'go: parsing $GOFLAGS: non-flag "foo"',
        "go: parsing $GOFLAGS: unknown flag -s",
        "go: parsing $GOFLAGS: unterminated ' string",
        "go: flag needs an argument: -tags (from $GOFLAGS)",
        "-mod=foo not supported (can be '', 'mod', 'readonly', or 'vendor')",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in in_force(snapshot, "GOFLAGS"):
        wrong = fault(found.setting.value)
        if wrong is not None:
            yield _finding(snapshot, found, wrong)


def _finding(snapshot: Snapshot, found: InForce, wrong: Fault) -> Finding:
    finding = unwanted(snapshot, RULE, found, _message(found, wrong), meant_values.flags(found.setting.value))._replace(
        confidence="medium" if wrong.kind == "unknown" else "high", explains=(Explains("GS507", place(found.setting)),)
    )
    if wrong.kind not in ("word", "value", "quote"):
        return finding
    return finding._replace(
        advice=Text(
            "A value goes behind `=` without a space (-tags=netgo). Quotes hold a flag together only where they start it: '-ldflags=-s -w'.",
        )
    )


def _message(found: InForce, wrong: Fault) -> Text:
    where, value = place(found.setting), found.setting.value
    if wrong.kind == "quote":
        return Text(
            "{place} sets GOFLAGS={value}: a quote in it has no end, so every go command stops",
            place=where,
            value=value,
        )
    if wrong.kind == "word":
        return Text(
            "{place} sets GOFLAGS={value}: `{word}` is not a flag, so every go command stops",
            place=where,
            value=value,
            word=wrong.word,
        )
    if wrong.kind == "value":
        return Text(
            "{place} sets GOFLAGS={value}: `{word}` needs its value behind `=`, so go build stops",
            place=where,
            value=value,
            word=wrong.word,
        )
    if wrong.kind == "mod":
        return Text(
            "{place} sets GOFLAGS={value}: `{word}` is none of -mod=mod, -mod=readonly and -mod=vendor, so go build stops",
            place=where,
            value=value,
            word=wrong.word,
        )
    return Text(
        "{place} sets GOFLAGS={value}: no go command has the flag `{word}`, so every go command stops",
        place=where,
        value=value,
        word=wrong.word,
    )
