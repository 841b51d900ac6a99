"""Which go the user's sessions and jobs really start: the first one of each search path, grouped by file. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.reasoning.impact import matters
from gosteward.reasoning.viewpoint import first_go, tree_of

if TYPE_CHECKING:
    from gosteward.snapshot import Binary, Context, GoTree, Location, Snapshot

FOREIGN_BUILDS = ("distribution", "gccgo", "snap")


class RunningGo(NamedTuple):
    """A go that some of the user's own sessions or jobs find first.

    Attributes:
        version: "go1.26.8", "" if unknown.   tree: None if it belongs to none.   contexts: names.
        sources: lines that put its directory on PATH, each once.
    """

    go: Binary
    version: str
    tree: GoTree | None = None
    contexts: tuple[str, ...] = ()
    sources: tuple[Location, ...] = ()

    @property
    def place(self) -> str:
        """What a reader knows it by: the tree where there is one, else the file."""
        return self.tree.path if self.tree else self.go.path


def running_gos(snapshot: Snapshot) -> tuple[RunningGo, ...]:
    """Each go that a session of the user's own shell, or a job that runs go, starts; in the order of the contexts."""
    found: dict[str, RunningGo] = {}
    for context in snapshot.contexts:
        entry = first_go(context)
        if not matters(context) or entry is None or entry.go is None:
            continue
        key = entry.go.real_path or entry.go.path
        tree = tree_of(snapshot, entry.go)
        version = entry.go.version or (tree.version if tree else "")
        before = found.get(key) or RunningGo(entry.go, version, tree)
        found[key] = before._replace(
            contexts=(*before.contexts, context.name),
            sources=tuple(dict.fromkeys((*before.sources, *entry.sources[:1]))),
        )
    return tuple(found.values())


def running_go_of(snapshot: Snapshot, context: Context) -> RunningGo | None:
    """The go that runs in one context, whether or not that context matters."""
    entry = first_go(context)
    if entry is None or entry.go is None:
        return None
    tree = tree_of(snapshot, entry.go)
    version = entry.go.version or (tree.version if tree else "")
    return RunningGo(entry.go, version, tree, (context.name,), entry.sources[:1])


def described(running: RunningGo) -> str:
    """The go with what a reader recognises it by: version, path, and the package that brought it."""
    package = f", package {running.go.package}" if running.go.package else ""
    return f"{running.version} ({running.go.path}{package})"
