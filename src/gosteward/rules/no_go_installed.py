"""GS418: there is no Go on this host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.actions import InstallRelease
from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.viewpoint import programs_named_go

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS418",
    slug="no-go-installed",
    title="no Go is installed",
    severity="error",
    needs=("contexts", "toolchains", "binaries"),
    symptoms=("bash: go: command not found", "go: not found"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    trees = tuple(t for t in snapshot.toolchains if t.go is not None or t.tools)
    programs = tuple(b for b in programs_named_go(snapshot) if b.kind not in ("missing", "loop", "directory"))
    # Where not every place was looked at, Go may lie in one of the others.
    if trees or programs or any(gap.field.partition(":")[0] == "toolchains" for gap in snapshot.gaps):
        return
    yield Finding(
        rule=RULE,
        subject="go",
        message=Text("no Go tree and no program named go was found, neither on PATH nor in the usual places"),
        evidence=("ls -d /usr/local/go* /usr/lib/go* /opt/go* ~/sdk/go*",),
        contexts=tuple(c.name for c in snapshot.contexts if c.own),
        confidence="medium",
        risk="confirm",
        actions=(InstallRelease(""),),
        advice=Text(
            "Install a release, or Go from your distribution where its age does not matter. Without a network, give `gosteward install` the path of an archive."
        ),
    )
