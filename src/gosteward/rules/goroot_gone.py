"""GS405: GOROOT is exported and names a directory that is gone, or that holds no Go tree."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.exported_goroot import exported_goroots, setting_of
from gosteward.reasoning.setting_repair import commands_behind, unset_actions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.exported_goroot import ExportedGoroot
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS405",
    slug="goroot-gone",
    title="GOROOT names a directory without a Go tree",
    severity="error",
    needs=("contexts", "toolchains"),
    symptoms=("go: cannot find GOROOT directory: /opt/homebrew/bin/go", "go: cannot find GOROOT directory"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for exported in exported_goroots(snapshot):
        if exported.tree is None and exported.value != exported.running.go.goroot:
            yield _finding(snapshot, exported)


def _finding(snapshot: Snapshot, exported: ExportedGoroot) -> Finding:
    setting = setting_of(snapshot, exported)
    actions = unset_actions(snapshot, setting)
    return Finding(
        rule=RULE,
        subject=exported.subject,
        message=Text(
            "GOROOT is set to {value}, where no Go tree is; {go} works without it",
            value=exported.value,
            go=exported.running.go.path,
        ),
        locations=exported.sources,
        evidence=(f"ls -ld {quote(exported.value)}", f"env -u GOROOT {quote(exported.running.go.path)} version"),
        contexts=exported.contexts,
        severity="" if exported.fatal else "warning",
        explains=(Explains("GS502"),),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=commands_behind(setting) if actions else (),
        advice=Text(
            "Remove the line that sets GOROOT: go finds the tree that it lies in by itself, and a new value would break again with the next release."
        ),
    )
