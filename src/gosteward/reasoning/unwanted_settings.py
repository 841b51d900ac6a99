"""The finding about a value of a Go variable that is better taken back where it was given. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding
from gosteward.golang.proxyurls import masked
from gosteward.reasoning.setting_repair import advice_to_correct, advice_to_unset, commands_behind, repaired_actions
from gosteward.reasoning.settings_in_force import in_session, locations, place

if TYPE_CHECKING:
    from gosteward.finding import Rule, Text
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot


def unwanted(snapshot: Snapshot, rule: Rule, found: InForce, message: Text, meant: str = "") -> Finding:
    """A finding at the line that gives the value, with the actions that take it back, or that write what was meant.

    It has the severity of its rule where a session of the user has the value, else it is a warning. What a rule says otherwise it
    replaces: `unwanted(...)._replace(explains=...)`.
    """
    setting = found.setting
    actions = repaired_actions(snapshot, setting, meant)
    return Finding(
        rule=rule,
        subject=place(setting),
        message=message,
        locations=locations(setting),
        evidence=(f"{setting.name}={masked(setting.value)}",),
        contexts=found.contexts,
        severity="" if in_session(snapshot, found.contexts) else "warning",
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=commands_behind(setting) if actions else (),
        advice=advice_to_correct(setting, masked(meant)) if meant else advice_to_unset(snapshot, setting),
    )
