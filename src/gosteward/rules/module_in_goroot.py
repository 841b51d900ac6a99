"""GS909: a module of the user's own lies inside of a Go tree: go takes it for a part of the standard library."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS909",
    slug="module-in-goroot",
    title="a module lies inside of the Go tree",
    severity="warning",
    needs=("workspaces", "toolchains"),
    symptoms=(
        "directory /usr/local/go/src/app outside available modules",
        "go: outside GOPATH, module path must be specified",
        "package app is not in std",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for workspace in snapshot.workspaces:
        if not workspace.in_goroot or workspace.module in ("std", "cmd", "misc"):
            continue
        roots = {r for t in snapshot.toolchains for r in (t.path, t.real_path) if r}
        tree = next((r for r in sorted(roots, key=len, reverse=True) if f"{workspace.root}/".startswith(f"{r}/")), "")
        yield Finding(
            rule=RULE,
            subject=workspace.root,
            message=Text(
                "the module {module} lies in {root}, inside of the Go tree {tree}: an upgrade that replaces the tree takes it away, and go may take its packages for its own",
                module=workspace.module or "?",
                root=workspace.root,
                tree=tree or "GOROOT",
            ),
            locations=(Location(workspace.go_mod or workspace.root),),
            evidence=(f"ls -d {quote(workspace.root)}", "go env GOROOT"),
            advice=Text(
                "Move the module to a directory of its user, such as {home}/src. A module may lie anywhere.",
                home=snapshot.user.home or "~",
            ),
        )
