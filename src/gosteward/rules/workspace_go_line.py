"""GS912: a module of a workspace asks for a newer Go than go.work does: go refuses the workspace."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import FIRST, LINE_SHOWN, EditLines, LineEdit
from gosteward.finding import Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.reasoning.modules_in_use import place, some_go_is, work_files
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import GoWork, Snapshot, Workspace

RULE = Rule(
    id="GS912",
    slug="workspace-go-line",
    title="go.work asks for an older Go than a module in it",
    severity="error",
    needs=("workspaces", "contexts"),
    symptoms=(
        "go: module . listed in go.work file requires go >= 1.26, but go.work lists go 1.21; to update it:",
        "but go.work implicitly requires go 1.18; to update it:",
    ),
)
FIRST_THAT_COMPARES = "go1.21rc1"
IMPLIED = "1.18"


def check(snapshot: Snapshot) -> Iterator[Finding]:
    if not some_go_is(snapshot, FIRST_THAT_COMPARES):
        return
    for work, governed in work_files(snapshot):
        newer = tuple(w for w in governed if _listed(w) and goversion.older(work.go or IMPLIED, w.go))
        if work.exists and newer:
            newest = newer[0]
            for workspace in newer[1:]:
                newest = workspace if goversion.older(newest.go, workspace.go) else newest
            yield _finding(work, newest)


def _listed(workspace: Workspace) -> bool:
    return bool(workspace.go_mod) and workspace.work is not None and workspace.work.lists_module


def _finding(work: GoWork, newest: Workspace) -> Finding:
    actions = _actions(work, newest.go)
    return Finding(
        rule=RULE,
        subject=work.path,
        message=Text(
            "{work} says go {old}, but {module}, which it lists, asks for go {new}: every go command in the workspace stops",
            work=place(work.go_location, work.path),
            old=work.go or IMPLIED,
            module=place(newest.go_location, newest.go_mod),
            new=newest.go,
        ),
        locations=(work.go_location or Location(work.path), newest.go_location or Location(newest.go_mod)),
        evidence=(f"grep -n '^go ' {quote(work.path)} {quote(newest.go_mod)}",),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "`go work use` without a directory raises the go line to what the listed modules ask for. The toolchain must be as new."
        ),
    )


def _actions(work: GoWork, version: str) -> tuple[Action, ...]:
    """The go line with what the newest module asks for; one more line where there is none."""
    line = work.go_location
    if work.errors or re.fullmatch(r"1(?:\.\d+){1,2}(?:(?:rc|beta)\d+)?", version) is None:
        return ()
    if line is None:
        return (EditLines(work.path, (LineEdit(FIRST, after=(f"go {version}", "")),)),)
    new = re.sub(rf"(\bgo\s+){re.escape(work.go)}(?![\w.])", rf"\g<1>{version}", line.text, count=1)
    known = new != line.text and len(line.text) < LINE_SHOWN
    return (EditLines(work.path, (LineEdit(line.line, line.text, (new,)),)),) if known else ()
