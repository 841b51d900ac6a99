"""GS404: GOROOT is exported and names the tree of another release than the go that runs: compiler and go do not match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.reasoning.exported_goroot import exported_goroots, setting_of
from gosteward.reasoning.setting_repair import commands_behind, unset_actions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.exported_goroot import ExportedGoroot
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS404",
    slug="goroot-of-another-go",
    title="GOROOT names the tree of another go than the one that runs",
    severity="error",
    needs=("contexts", "toolchains"),
    symptoms=(
        'compile: version "go1.12.5" does not match go tool version "go1.13"',
        "does not match go tool version",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for exported in exported_goroots(snapshot):
        if exported.tree is not None and _mixed(exported):
            yield _finding(snapshot, exported)


def _mixed(exported: ExportedGoroot) -> bool:
    """Whether two releases meet. The same release at two places works, and so does another path of the same tree."""
    tree, running = exported.tree, exported.running
    if tree is None or (tree.real_path or tree.path) in (running.go.goroot, running.place):
        return False
    if running.go.kind == "script" and not running.version:
        return False  # a shim of a version manager, or a wrapper: which release it starts is not known
    first, second = goversion.parse(tree.version), goversion.parse(running.version)
    return first is None or second is None or first != second


def _finding(snapshot: Snapshot, exported: ExportedGoroot) -> Finding:
    setting = setting_of(snapshot, exported)
    actions = unset_actions(snapshot, setting)
    return Finding(
        rule=RULE,
        subject=exported.subject,
        message=Text(
            "GOROOT is set to {value} ({other}), but the go that runs is {go} ({version}): it starts the compiler of the other release",
            value=exported.value,
            other=(exported.tree.version if exported.tree else "") or "?",
            go=exported.running.go.path,
            version=exported.running.version or "?",
        ),
        locations=exported.sources,
        evidence=(f"head -1 {exported.value}/VERSION",),
        contexts=exported.contexts,
        severity="" if exported.fatal else "warning",
        explains=(Explains("GS502"),),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=commands_behind(setting) if actions else (),
        advice=Text(
            "Remove the line that sets GOROOT: go finds the tree that it lies in by itself. A new value would break again with the next release. To run {other}, put its bin directory first on PATH.",
            other=(exported.tree.version if exported.tree else "") or exported.value,
        ),
    )
