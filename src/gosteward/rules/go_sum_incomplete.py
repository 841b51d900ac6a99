"""GS908: go.sum has no checksum of a module whose packages are imported, so go refuses to build."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.modules_in_use import builds_from_vendor, flag_values, place
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Requirement, Snapshot, Workspace

RULE = Rule(
    id="GS908",
    slug="go-sum-incomplete",
    title="go.sum lacks a module that is imported",
    severity="error",
    needs=("workspaces", "go_settings"),
    symptoms=(
        "missing go.sum entry for module providing package example.com/greet; to add:",
        "missing go.sum entry for go.mod file; to add it:",
        "verifying module: missing go.sum entry",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    if flag_values(snapshot, "mod") == {"mod"}:
        return
    for workspace in snapshot.workspaces:
        missing = tuple(r for r in workspace.requirements if r.imported and not r.summed)
        if missing and not builds_from_vendor(snapshot, workspace):
            yield _finding(workspace, missing)


def _finding(workspace: Workspace, missing: tuple[Requirement, ...]) -> Finding:
    first = missing[0]
    go_sum = workspace.go_sum or f"{workspace.root.rstrip('/')}/go.sum"
    return Finding(
        rule=RULE,
        subject=workspace.root,
        message=_message(workspace, first, go_sum),
        locations=(*(r.location for r in missing[:9] if r.location is not None), Location(go_sum)),
        evidence=(f"grep -n {quote(first.path)} {quote(workspace.go_mod)} {quote(go_sum)}",),
        # Where nothing was fetched yet, what keeps a fetch from working is the fault, and has its own finding.
        severity="" if workspace.go_sum or any(r.cached for r in missing) else "warning",
        commands=(f"cd {quote(workspace.root)} && go mod tidy",),
        advice=Text(
            "`go mod tidy` fetches what is missing, verifies it and writes its checksums. Commit go.sum together with go.mod, and never leave it out of the repository: it is what makes a changed module visible."
        ),
    )


def _message(workspace: Workspace, first: Requirement, go_sum: str) -> Text:
    if not workspace.go_sum:
        return Text(
            "{go_sum} does not exist, but {place} requires {module} {version}, which is imported: go refuses to build",
            go_sum=go_sum,
            place=place(first.location, workspace.go_mod),
            module=first.path,
            version=first.version,
        )
    return Text(
        "{go_sum} has no checksum of {module} {version}, which {place} requires and the sources import: go refuses to build",
        go_sum=go_sum,
        module=first.path,
        version=first.version,
        place=place(first.location, workspace.go_mod),
    )
