"""GS810: a required module must come from its repository, not from a proxy, and git is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.golang.modulepaths import covers, proxy_list
from gosteward.golang.proxyurls import DEFAULT_PROXY
from gosteward.reasoning import cgo, package_names
from gosteward.reasoning.modules_in_use import builds_from_vendor, place
from gosteward.reasoning.settings_in_force import locations, privately, value_in, winner
from gosteward.reasoning.viewpoint import context_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Context, Requirement, Snapshot

RULE = Rule(
    id="GS810",
    slug="no-git",
    title="a module must be fetched with git, which is not there",
    severity="error",
    needs=("c_toolchain", "workspaces", "go_settings", "contexts"),
    symptoms=(
        "go: missing Git command. See https://golang.org/s/gogetcmd",
        'exec: "git": executable file not found in $PATH',
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[str, tuple[Requirement, Context, list[str]]] = {}
    for standing in cgo.standings(snapshot):
        context = context_named(snapshot, standing.context)
        if context is None or standing.tool("git").path:
            continue
        lacking = _from_repositories(snapshot, context)
        if lacking:
            found.setdefault("git", (lacking[0], context, []))[2].append(context.name)
    for require, context, names in found.values():
        yield _finding(snapshot, require, context, tuple(names))


def _from_repositories(snapshot: Snapshot, context: Context) -> tuple[Requirement, ...]:
    """Requirements that no cache and no vendor directory holds, and that no proxy is asked for."""
    proxies = proxy_list(value_in(snapshot, context, "GOPROXY", DEFAULT_PROXY))
    direct = bool(proxies) and proxies[0].kind == "direct"
    patterns = privately(snapshot, context, "GONOPROXY")
    return tuple(
        require
        for workspace in snapshot.workspaces
        if not builds_from_vendor(snapshot, workspace)
        for require in workspace.requirements
        if not require.cached and (direct or (proxies and covers(patterns, require.path)))
    )


def _finding(snapshot: Snapshot, require: Requirement, context: Context, contexts: tuple[str, ...]) -> Finding:
    commands = package_names.install_part(snapshot.machine, "git")
    causes = tuple(winner(snapshot, context, name) for name in ("GOPROXY", "GONOPROXY", "GOPRIVATE"))
    return Finding(
        rule=RULE,
        subject="git",
        message=Text(
            "{place} requires {module} {version}, which is not in the module cache and comes from its repository, not from a proxy; git is not installed",
            place=place(require.location, "go.mod"),
            module=require.path,
            version=require.version,
        ),
        locations=(*((require.location,) if require.location else ()), *locations(*causes)),
        evidence=("type -a git", "go env GOPROXY GONOPROXY GOPRIVATE"),
        contexts=contexts,
        # What no source imports is fetched only by some commands.
        severity="" if require.imported else "warning",
        commands=commands,
        advice=Text("Install git, or let a proxy that holds the module serve it."),
    )
