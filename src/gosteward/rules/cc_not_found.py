"""GS807: CC names a compiler that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang import quoted
from gosteward.reasoning import cgo
from gosteward.reasoning.setting_repair import advice_to_unset, commands_behind, unset_actions
from gosteward.reasoning.settings_in_force import locations, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.cgo import Standing
    from gosteward.snapshot import Setting, Snapshot

RULE = Rule(
    id="GS807",
    slug="cc-not-found",
    title="CC names a compiler that is not there",
    severity="error",
    needs=("c_toolchain", "workspaces", "go_settings", "contexts"),
    symptoms=(
        'cgo: C compiler "clang-19" not found: exec: "clang-19": executable file not found in $PATH',
        "go: invalid CC: unterminated",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for standing, contexts in cgo.grouped(cgo.standings(snapshot), _key):
        if standing.cc_setting is not None:
            yield _finding(snapshot, standing.cc_setting, contexts)


def _key(standing: Standing) -> str:
    setting = standing.cc_setting
    missing = setting is not None and standing.state == "on" and not standing.tool("cc").path
    return f"{place(setting)}:CC" if setting is not None and missing else ""


def _finding(snapshot: Snapshot, setting: Setting, contexts: tuple[str, ...]) -> Finding:
    wanted, actions = cgo.needs(snapshot), unset_actions(snapshot, setting)
    words = quoted.split(setting.value) or ()
    return Finding(
        rule=RULE,
        subject=f"{place(setting)}:CC",
        message=_message(setting, words, wanted[0].place if wanted else ""),
        locations=(*locations(setting), *cgo.places_of(wanted)),
        evidence=(f"CC={setting.value}", f"type -a {words[0]}" if words else "go env CC"),
        contexts=contexts,
        severity=cgo.severity(snapshot, chosen=True),
        explains=tuple(Explains(rule) for rule in ("GS802", "GS808")),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=commands_behind(setting) if actions else (),
        advice=advice_to_unset(snapshot, setting),
    )


def _message(setting: Setting, words: tuple[str, ...], file: str) -> Text:
    if not words:
        return Text(
            "{place} sets CC={value}, whose quotes do not end: go refuses it", place=place(setting), value=setting.value
        )
    if file:
        return Text(
            "{place} sets CC={value}, and there is no such C compiler; {file} needs it",
            place=place(setting),
            value=setting.value,
            file=file,
        )
    return Text(
        "{place} sets CC={value}, and there is no such C compiler: programs that use net or os/user cannot be built",
        place=place(setting),
        value=setting.value,
    )
