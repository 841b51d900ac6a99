"""GS907: go.mod replaces a required module by a directory that is not there."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.modules_in_use import builds_from_vendor, in_workspace, place
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Replacement, Snapshot, Workspace

RULE = Rule(
    id="GS907",
    slug="replacement-missing",
    title="a replacement in go.mod leads to a directory that is not there",
    severity="error",
    needs=("workspaces",),
    symptoms=(
        "go: example.com/greet@v1.0.0 (replaced by ../greet): reading ../greet/go.mod: open /home/dev/src/greet/go.mod: no such file or directory",
        "replacement directory ../greet does not exist",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for workspace in snapshot.workspaces:
        missing = tuple(r for r in workspace.replacements if _fails(snapshot, workspace, r))
        if missing and not builds_from_vendor(snapshot, workspace):
            yield _finding(workspace, missing)


def _fails(snapshot: Snapshot, workspace: Workspace, replacement: Replacement) -> bool:
    """A replacement of a module that nobody requires is never looked at, nor one of a module that the workspace itself brings."""
    required = any(r.path == replacement.path for r in workspace.requirements)
    brought = in_workspace(workspace) and any(
        w.module == replacement.path and workspace.work is not None and w.root in workspace.work.uses
        for w in snapshot.workspaces
    )
    return replacement.local and not replacement.exists and required and not brought


def _finding(workspace: Workspace, missing: tuple[Replacement, ...]) -> Finding:
    first = missing[0]
    return Finding(
        rule=RULE,
        subject=workspace.root,
        message=Text(
            "{place} replaces {module} by {target}, where no go.mod is: nothing in {root} builds",
            place=place(first.location, workspace.go_mod),
            module=first.path,
            target=first.target,
            root=workspace.root,
        ),
        locations=tuple(r.location or Location(workspace.go_mod) for r in missing[:10]),
        evidence=tuple(f"cd {quote(workspace.root)} && ls {quote(f'{r.target}/go.mod')}" for r in missing[:3]),
        explains=(Explains("GS908", workspace.root),),
        commands=tuple(f"cd {quote(workspace.root)} && go mod edit -dropreplace={quote(r.path)}" for r in missing[:3])
        if all(_published(workspace, r) for r in missing)
        else (),
        advice=Text(
            "A replacement by a directory works where that directory is checked out beside the module. Check it out there, or take the line back so that the required version is used. For work on several modules at once a go.work, which is not committed, serves better."
        ),
    )


def _published(workspace: Workspace, replacement: Replacement) -> bool:
    """Whether the required version may exist outside: v0.0.0 stands for a module that was never published."""
    versions = {r.version for r in workspace.requirements if r.path == replacement.path}
    return not any(v == "v0.0.0" or v.startswith("v0.0.0-00010101") for v in versions)
