"""GS913: go.sum has lines that go refuses, mostly marks of a merge conflict."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.rules.go_mod_unreadable import CONFLICT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot, Workspace

RULE = Rule(
    id="GS913",
    slug="go-sum-unreadable",
    title="go.sum cannot be read",
    severity="error",
    needs=("workspaces",),
    symptoms=("malformed go.sum:", "go.sum:1: wrong number of fields 2"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for workspace in snapshot.workspaces:
        if workspace.go_sum_errors:
            yield _finding(workspace)


def _finding(workspace: Workspace) -> Finding:
    first = workspace.go_sum_errors[0]
    conflict = any(line.text.startswith(CONFLICT) for line in workspace.go_sum_errors)
    return Finding(
        rule=RULE,
        subject=first.path,
        message=Text(
            "{file}:{line} is no line of a go.sum (`{text}`): go refuses to build {root}",
            file=first.path,
            line=str(first.line),
            text=first.text.strip()[:100],
            root=workspace.root,
        ),
        locations=workspace.go_sum_errors,
        evidence=(f"awk 'NF && NF != 3 {{ print FILENAME \":\" NR }}' {quote(first.path)}",),
        explains=(Explains("GS908", workspace.root),),
        commands=(f"cd {quote(workspace.root)} && go mod tidy",),
        advice=Text(
            "Marks of a merge conflict stand in the file. `go mod tidy` leaves such lines out and keeps the checksums of both sides; resolve go.mod first. Never delete go.sum: it is the witness that makes a changed module visible."
        )
        if conflict
        else Text(
            "`go mod tidy` leaves such lines out. See first, with `git diff`, where they come from. Never delete go.sum: it is the witness that makes a changed module visible."
        ),
    )
