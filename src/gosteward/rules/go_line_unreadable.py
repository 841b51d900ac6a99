"""GS410: the go that runs is too old to read a module's go.mod: a go line with a patch number, or a newer directive."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.reasoning.running_go import described
from gosteward.reasoning.toolchain_choice import FIRST_WITH_TOOLCHAINS, Choice, choices, release_for
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot, Workspace

RULE = Rule(
    id="GS410",
    slug="go-line-unreadable",
    title="this go is too old to read the module's go.mod",
    severity="error",
    needs=("workspaces", "go_settings", "contexts"),
    symptoms=(
        "go.mod:3: invalid go version '1.22.2': must match format 1.23",
        "go: errors parsing go.mod: unknown directive: toolchain",
    ),
)


class _Trouble(NamedTuple):
    """A line that is not understood: what it says, and the first release that does understand it ("1.21")."""

    what: str
    since: str
    location: Location


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[str, tuple[Choice, tuple[str, ...], tuple[_Trouble, ...]]] = {}
    for choice in choices(snapshot):
        troubles = tuple(t for workspace in snapshot.workspaces for t in _troubles(choice, workspace))
        if troubles:
            _, contexts, before = found.get(choice.running.go.path, (choice, (), ()))
            contexts = (*contexts, choice.context.name)
            found[choice.running.go.path] = (choice, contexts, tuple(dict.fromkeys((*before, *troubles))))
    for choice, contexts, troubles in found.values():
        yield _finding(choice, contexts, troubles)


def _troubles(choice: Choice, workspace: Workspace) -> Iterator[_Trouble]:
    version, _ = release_for(choice, workspace)
    if goversion.older(version, FIRST_WITH_TOOLCHAINS) and _has_patch(workspace.go):
        place = workspace.go_location or Location(workspace.go_mod)
        yield _Trouble(f"go {workspace.go}", "1.21", place)
        return
    for directive in workspace.newer_directives:
        if goversion.older(version, directive.since):
            yield _Trouble(directive.path, directive.since, directive.location)


def _has_patch(go: str) -> bool:
    return go.count(".") > 1 or "rc" in go or "beta" in go


def _finding(choice: Choice, contexts: tuple[str, ...], troubles: tuple[_Trouble, ...]) -> Finding:
    first = troubles[0]
    return Finding(
        rule=RULE,
        subject=choice.running.go.path,
        message=Text(
            "{go} cannot read `{what}` in {file}: only Go {since} and newer can",
            go=described(choice.running),
            what=first.what,
            file=f"{first.location.path}:{first.location.line}" if first.location.line else first.location.path,
            since=first.since,
        ),
        locations=tuple(dict.fromkeys(t.location for t in troubles))[:10],
        evidence=(f"{choice.running.go.path} version",),
        contexts=contexts,
        explains=_explained(choice.running.go.path),
        advice=Text(
            "Install Go {since} or newer beside it and put its bin directory first on PATH. Leave the module as it is: its other users need that line, and the format in go's message is an example only.",
            since=first.since,
        ),
    )


def _explained(go: str) -> tuple[Explains, ...]:
    own = tuple(Explains(rule, go) for rule in ("GS409", "GS411", "GS412", "GS413"))
    return (*own, Explains("GS906"), Explains("GS912"))
