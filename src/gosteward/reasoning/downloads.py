"""What an examined project has yet to download, and how bad a failing proxy or database therefore is. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang.modulepaths import covers
from gosteward.reasoning.settings_in_force import privately
from gosteward.reasoning.viewpoint import context_named

if TYPE_CHECKING:
    from gosteward.snapshot import Location, NetworkCheck, Requirement, Snapshot, Workspace

NO_NETWORK = ("unresolvable", "unreachable", "timeout", "refused")


class Needed(NamedTuple):
    """A requirement of a project that is not in the module cache."""

    requirement: Requirement
    workspace: Workspace


def needed_modules(snapshot: Snapshot) -> tuple[Needed, ...]:
    """Modules whose bytes the next build has to fetch: those of the current project come first."""
    found: dict[tuple[str, str], Needed] = {}
    for workspace in sorted(snapshot.workspaces, key=lambda w: not w.current):
        for needed in needed_by(workspace):
            found.setdefault((needed.requirement.path, needed.requirement.version), needed)
    return tuple(found.values())


def needed_by(workspace: Workspace) -> tuple[Needed, ...]:
    """What a build of one module has to fetch; with a vendor directory it is nothing.

    Most indirect requirements of a go.mod are never opened: one that no file imports counts only if it is a direct one.
    """
    if workspace.vendor is not None and workspace.vendor.modules_txt:
        return ()
    replaced = {r.path for r in workspace.replacements if r.local}
    return tuple(
        Needed(requirement, workspace)
        for requirement in workspace.requirements
        if not requirement.cached
        and requirement.path not in replaced
        and (requirement.imported or not requirement.indirect)
    )


def waiting_for(snapshot: Snapshot, check: NetworkCheck, exempt: str) -> tuple[Needed, ...]:
    """Needed modules that go asks a server for: those that `exempt` (GONOPROXY, GONOSUMDB) covers in all its contexts are not."""
    if not check.required:
        return ()
    contexts = tuple(c for c in (context_named(snapshot, name) for name in check.contexts) if c is not None)
    patterns = tuple(privately(snapshot, c, exempt) for c in contexts) or ("",)
    return tuple(m for m in needed_modules(snapshot) if not all(covers(p, m.requirement.path) for p in patterns))


def severity_of(check: NetworkCheck) -> str:
    """Severity of a server that does not answer at all: an error only for a project that has to fetch something from it.

    A host without a network is no broken host; a list that goes on behind the entry (`|`) was made for its absence.
    """
    if check.fallback:
        return "note"
    return "error" if check.required else "warning"


def severity_of_refusal(check: NetworkCheck) -> str:
    """Severity of a server that is reached, and with which go cannot work: a proxy stops every download."""
    if check.fallback:
        return "warning"
    return "error" if check.required or check.kind == "goproxy" else "warning"


def locations(check: NetworkCheck) -> tuple[Location, ...]:
    """The line that names a server."""
    return (check.setting,) if check.setting is not None else ()


def lines_of(snapshot: Snapshot, names: tuple[str, ...]) -> tuple[Location, ...]:
    """The lines that require modules ("path@version") which are needed, at most five."""
    needed = (m.requirement for m in needed_modules(snapshot))
    found = (r.location for r in needed if f"{r.path}@{r.version}" in names and r.location is not None)
    return tuple(dict.fromkeys(found))[:5]


def names_of(modules: tuple[Needed, ...]) -> str:
    """The first three of them, for a sentence."""
    return ", ".join(f"{m.requirement.path}@{m.requirement.version}" for m in modules[:3])
