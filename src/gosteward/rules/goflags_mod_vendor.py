"""GS507: GOFLAGS=-mod=vendor outlives the project that it was made for: `go install pkg@version` and modules without vendor/ fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Rule, Text
from gosteward.golang import meant_values
from gosteward.golang.quoted import split
from gosteward.reasoning.setting_repair import word_actions
from gosteward.reasoning.settings_in_force import in_force, in_session, place
from gosteward.reasoning.unwanted_settings import unwanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS507",
    slug="goflags-mod-vendor",
    title="GOFLAGS makes every go command use vendor/",
    severity="error",
    needs=("go_settings", "contexts", "workspaces"),
    symptoms=(
        "cannot query module due to -mod=vendor",
        "go: inconsistent vendoring",
        "go: -mod may only be set to readonly or vendor when in workspace mode",
        "cannot find module providing package: import lookup disabled by -mod=vendor",
    ),
)
_VENDOR = ("-mod=vendor", "--mod=vendor")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in in_force(snapshot, "GOFLAGS"):
        words = split(found.setting.value) or ()
        if any(word in _VENDOR for word in words):
            yield _finding(snapshot, found, words)


def _finding(snapshot: Snapshot, found: InForce, words: tuple[str, ...]) -> Finding:
    without = tuple(w.root for w in snapshot.workspaces if w.go_mod and w.vendor is None and w.requirements)
    rest = meant_values.flags_without(found.setting.value, _VENDOR)
    finding = unwanted(snapshot, RULE, found, _message(found, without), rest)._replace(
        # Where every module has its vendor directory, only `go install pkg@version` and `go get` suffer.
        severity="" if without and in_session(snapshot, found.contexts) else "warning",
        confidence="high" if without or not _vendored(snapshot) else "medium",
        explains=(Explains("GS904"),) if without else (),
    )
    if len(words) == 1:
        return finding
    if not finding.actions:
        word = next(word for word in words if word in _VENDOR)
        actions = word_actions(snapshot, found.setting, word)
        finding = finding._replace(actions=actions, risk="confirm" if actions else "manual")
    return finding._replace(
        advice=Text(
            "Take -mod=vendor out of the value at {place} and keep the other flags. A go.mod of 1.14 or newer with a vendor directory uses it anyway.",
            place=place(found.setting),
        ),
    )


def _vendored(snapshot: Snapshot) -> bool:
    """Whether there are modules with a vendor directory: then somebody may want the flag."""
    return any(w.go_mod and w.vendor is not None and w.vendor.modules_txt for w in snapshot.workspaces)


def _message(found: InForce, without: tuple[str, ...]) -> Text:
    if without:
        return Text(
            "{place} sets GOFLAGS={value}, but {modules} has no vendor directory: builds fail there, and so does `go install pkg@version`",
            place=place(found.setting),
            value=found.setting.value,
            modules=", ".join(without[:3]),
        )
    return Text(
        "{place} sets GOFLAGS={value} for every go command: `go install pkg@version` and modules without vendor/ fail",
        place=place(found.setting),
        value=found.setting.value,
    )
