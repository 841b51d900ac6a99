"""GS520: GOEXPERIMENT names an experiment that the running go does not have, so every build stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.knowledge.experiments import knows
from gosteward.reasoning.running_go import running_go_of
from gosteward.reasoning.settings_in_force import (
    advice_to_unset,
    commands_to_unset,
    in_force,
    in_session,
    locations,
    place,
)
from gosteward.reasoning.viewpoint import context_named
from gosteward.rules.quoted_value import is_quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS520",
    slug="goexperiment-invalid",
    title="the running go does not have the experiment that is asked for",
    severity="error",
    needs=("go_settings", "contexts"),
    symptoms=("go: unknown GOEXPERIMENT rangefunc", "compile: unknown experiment"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in in_force(snapshot, "GOEXPERIMENT"):
        version = _version(snapshot, found)
        names = () if is_quoted(found.setting.value) else found.setting.value.split(",")
        wrong = next((n for n in names if n not in ("", "none") and not knows(version, n)), "")
        if wrong:
            yield _finding(snapshot, found, wrong, version)


def _version(snapshot: Snapshot, found: InForce) -> str:
    """The release that runs, "" if unknown or if several do."""
    contexts = (context_named(snapshot, name) for name in found.contexts)
    running = [running_go_of(snapshot, c) for c in contexts if c is not None]
    versions = {r.version for r in running if r is not None}
    return versions.pop() if len(versions) == 1 else ""


def _finding(snapshot: Snapshot, found: InForce, wrong: str, version: str) -> Finding:
    setting = found.setting
    return Finding(
        rule=RULE,
        subject=place(setting),
        message=Text(
            "{place} sets GOEXPERIMENT={value}: {version} has no experiment {name}, so every build stops",
            place=place(setting),
            value=setting.value,
            version=version or "Go",
            name=wrong,
        ),
        locations=locations(setting),
        evidence=(f"GOEXPERIMENT={setting.value}",),
        contexts=found.contexts,
        severity="" if in_session(snapshot, found.contexts) else "warning",
        risk="confirm",
        commands=commands_to_unset(snapshot, setting),
        advice=advice_to_unset(snapshot, setting),
    )
