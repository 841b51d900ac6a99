"""GS411: a source imports a package of the standard library that the go which runs does not have yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.reasoning.running_go import described
from gosteward.reasoning.toolchain_choice import Choice, choices, release_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Import, Snapshot, Workspace

RULE = Rule(
    id="GS411",
    slug="std-package-too-new",
    title="a package of the standard library is newer than this go",
    severity="error",
    needs=("workspaces", "go_settings", "contexts"),
    symptoms=(
        "package slices is not in GOROOT (/usr/lib/go-1.19/src/slices)",
        "package slices is not in std",
        "cannot find package",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[str, tuple[Choice, tuple[str, ...], tuple[Import, ...]]] = {}
    for choice in choices(snapshot):
        missing = tuple(i for workspace in snapshot.workspaces for i in _missing(choice, workspace))
        if missing:
            _, contexts, before = found.get(choice.running.go.path, (choice, (), ()))
            contexts = (*contexts, choice.context.name)
            found[choice.running.go.path] = (choice, contexts, tuple(dict.fromkeys((*before, *missing))))
    for choice, contexts, missing in found.values():
        yield _finding(choice, contexts, missing)


def _missing(choice: Choice, workspace: Workspace) -> tuple[Import, ...]:
    version, _ = release_for(choice, workspace)
    return tuple(i for i in workspace.std_imports if i.since and goversion.older(version, f"go{i.since}"))


def _finding(choice: Choice, contexts: tuple[str, ...], missing: tuple[Import, ...]) -> Finding:
    first = missing[0]
    since = first.since
    for item in missing:
        since = item.since if goversion.older(since, item.since) else since
    go = choice.running.go.path
    return Finding(
        rule=RULE,
        subject=go,
        message=Text(
            "{file} imports {package}, which came with Go {since}; {go} is older",
            file=f"{first.location.path}:{first.location.line}",
            package=first.path,
            since=first.since,
            go=described(choice.running),
        ),
        locations=tuple(i.location for i in missing[:10]),
        evidence=(f"ls -d {choice.running.place}/src/{first.path}",),
        contexts=contexts,
        explains=tuple(Explains(rule, go) for rule in ("GS409", "GS412", "GS413")),
        advice=Text(
            "Install Go {since} or newer beside it and put its bin directory first on PATH. The sources are in order.",
            since=since,
        ),
    )
