"""GS501: `go env -w GOROOT=` was used: every go of this user now takes that tree, and none can take it back once it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.setting_repair import unset_actions
from gosteward.reasoning.settings_in_force import (
    in_session,
    locations,
    place,
    winner,
    working_contexts,
)
from gosteward.reasoning.viewpoint import first_go, tree_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Setting, Snapshot

RULE = Rule(
    id="GS501",
    slug="goroot-in-goenv",
    title="GOROOT is stored in Go's settings file",
    severity="error",
    needs=("go_settings", "contexts", "toolchains"),
    symptoms=(
        "go: cannot find GOROOT directory: /usr/local/go1.18",
        "go: cannot find GOROOT directory: 'go' binary is trimmed and GOROOT is not set",
        'compile: version "go1.25.4" does not match go tool version "go1.26.8"',
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for setting in snapshot.go_settings:
        if setting.name != "GOROOT" or setting.origin != "goenv-file" or setting.problem or not setting.value:
            continue
        contexts = tuple(c.name for c in working_contexts(snapshot) if winner(snapshot, c, "GOROOT") == setting)
        if snapshot.contexts and not contexts:
            continue
        yield _finding(snapshot, setting, contexts)


def _finding(snapshot: Snapshot, setting: Setting, contexts: tuple[str, ...]) -> Finding:
    message, works = _state(snapshot, setting, contexts)
    actions = unset_actions(snapshot, setting)
    met = in_session(snapshot, contexts)
    return Finding(
        rule=RULE,
        subject=place(setting),
        message=message,
        locations=locations(setting),
        evidence=(f"GOROOT={setting.value}",),
        contexts=contexts,
        severity="warning" if works or not met else "",
        confidence="medium" if works else "high",
        explains=(
            Explains("GS404"),
            Explains("GS405"),
            Explains("GS401", setting.value),
            Explains("GS505", "GOROOT"),
        ),
        # While no go starts, nobody can want the line.
        risk="manual" if not actions else "confirm" if works else "safe",
        actions=actions,
        advice=Text(
            "Edit the file itself: with a wrong GOROOT `go env -u GOROOT` fails too. Go finds its own tree; never store a GOROOT."
        ),
    )


def _state(snapshot: Snapshot, setting: Setting, contexts: tuple[str, ...]) -> tuple[Text, bool]:
    """What is true about the value, and whether Go works with it today."""
    tree = tree_at(snapshot, setting.value.rstrip("/"))
    where = place(setting)
    if tree is None:
        return Text(
            "{place} sets GOROOT to {value}, which is no Go tree: every go command fails, `go env` included",
            place=where,
            value=setting.value,
        ), False
    running = {_root_of(snapshot, name) for name in contexts} - {""}
    if running - {tree.path, tree.real_path}:
        return Text(
            "{place} sets GOROOT to {value} ({version}), but the go on PATH belongs to {other}: two releases get mixed",
            place=where,
            value=setting.value,
            version=tree.version or "?",
            other=", ".join(sorted(running - {tree.path, tree.real_path})),
        ), False
    return Text(
        "{place} sets GOROOT to {value}: it is right today, and stops every go command when that tree moves",
        place=where,
        value=setting.value,
    ), True


def _root_of(snapshot: Snapshot, name: str) -> str:
    context = next((c for c in snapshot.contexts if c.name == name), None)
    entry = first_go(context) if context is not None else None
    return entry.go.goroot if entry is not None and entry.go is not None else ""
