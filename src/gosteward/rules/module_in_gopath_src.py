"""GS910: a go.mod lies where GOPATH keeps its own: in GOPATH itself, or below GOPATH/src with a Go that ignores it there."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.reasoning.modules_in_use import some_go_is
from gosteward.reasoning.running_go import running_gos
from gosteward.reasoning.setting_repair import commands_behind, unset_actions
from gosteward.reasoning.viewpoint import places_of_user
from gosteward.snapshot import Location, Setting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot, Workspace

RULE = Rule(
    id="GS910",
    slug="module-in-gopath-src",
    title="a go.mod lies where GOPATH keeps its own files",
    severity="error",
    needs=("workspaces", "write_places", "contexts"),
    symptoms=(
        "$GOPATH/go.mod exists but should not",
        "go: warning: ignoring go.mod in $GOPATH /home/dev/go",
        "go: modules disabled inside GOPATH/src by GO111MODULE=auto; see 'go help modules'",
    ),
)
FIRST_THAT_WARNS = "go1.20rc1"
FIRST_WITH_MODULES_EVERYWHERE = "go1.13rc1"


def check(snapshot: Snapshot) -> Iterator[Finding]:
    gopaths = {place.path.rstrip("/"): place.setting for place in places_of_user(snapshot, "GOPATH") if place.path}
    running = tuple(go.version for go in running_gos(snapshot) if goversion.parse(go.version) is not None)
    old = bool(running) and not some_go_is(snapshot, FIRST_WITH_MODULES_EVERYWHERE)
    for workspace in snapshot.workspaces:
        if not workspace.go_mod:
            continue
        if workspace.root.rstrip("/") in gopaths:
            yield _in_gopath(
                snapshot,
                workspace,
                gopaths[workspace.root.rstrip("/")],
                stops=any(goversion.older(v, FIRST_THAT_WARNS) for v in running),
            )
        elif workspace.in_gopath_src and old:
            yield _below_src(workspace, running[0])


def _in_gopath(snapshot: Snapshot, workspace: Workspace, setting: Location | None, *, stops: bool) -> Finding:
    given = _setting(snapshot, setting)
    actions = unset_actions(snapshot, given) if given is not None else ()
    return Finding(
        rule=RULE,
        subject=workspace.root,
        message=Text(
            "{root} is GOPATH and holds a go.mod: this go refuses every command, in every module", root=workspace.root
        )
        if stops
        else Text(
            "{root} is GOPATH and holds a go.mod: go ignores that file, and the module there does not build",
            root=workspace.root,
        ),
        locations=(*((setting,) if setting is not None else ()), Location(workspace.go_mod)),
        evidence=(f"ls -l {quote(workspace.go_mod)}", "go env GOPATH"),
        # A stray file, made by `go mod init` in the wrong directory, hurts nobody where go ignores it.
        severity="" if stops or workspace.requirements else "warning",
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=commands_behind(given) if actions and given is not None else (),
        advice=Text(
            "GOPATH is the place of the module cache and of installed programs, never a project's own directory. Give GOPATH another value, or take the line that sets it away: the default is go in the home directory."
        )
        if setting is not None
        else Text("Move the go.mod and its sources to a directory of their own, beside GOPATH and not in it."),
    )


def _setting(snapshot: Snapshot, line: Location | None) -> Setting | None:
    """The value of GOPATH that a line gives."""
    return next(
        (s for s in snapshot.go_settings if s.name == "GOPATH" and line is not None and s.location == line), None
    )


def _below_src(workspace: Workspace, version: str) -> Finding:
    return Finding(
        rule=RULE,
        subject=workspace.root,
        message=Text(
            "{root} lies below GOPATH/src, where {version} ignores its go.mod", root=workspace.root, version=version
        ),
        locations=(Location(workspace.go_mod),),
        evidence=("go env GOMOD GO111MODULE",),
        severity="warning",
        advice=Text("Move the module out of GOPATH/src, or use Go 1.13 or newer, where modules work everywhere."),
    )
