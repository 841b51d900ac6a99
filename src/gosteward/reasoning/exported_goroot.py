"""GOROOT as contexts export it, against the tree of the go that runs there. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.reasoning.impact import matters
from gosteward.reasoning.running_go import RunningGo, running_go_of
from gosteward.reasoning.viewpoint import first_go, settings_named, tree_at, usable_trees, variable
from gosteward.snapshot import Setting

if TYPE_CHECKING:
    from gosteward.snapshot import Context, GoTree, Location, Snapshot


class ExportedGoroot(NamedTuple):
    """One value of GOROOT, set by one line, as seen by the contexts in which the same go runs.

    Attributes:
        tree: the Go tree at that place, None if there is none.   running: the go that is found on PATH.
        fatal: a session or a job of the user meets it.
    """

    value: str
    sources: tuple[Location, ...]
    running: RunningGo
    contexts: tuple[str, ...] = ()
    tree: GoTree | None = None
    fatal: bool = False

    @property
    def subject(self) -> str:
        """The file that sets it, or the context where no file is known."""
        return f"{self.sources[0].path if self.sources else self.contexts[0]}:GOROOT"


def setting_of(snapshot: Snapshot, exported: ExportedGoroot) -> Setting:
    """The same as a setting: what to take back, and where."""
    line = exported.sources[0] if exported.sources else None
    known = (s for s in settings_named(snapshot, "GOROOT") if s.origin == "environment" and s.location == line)
    return next(known, Setting("GOROOT", exported.value, "environment", line, exported.contexts))


def exported_goroots(snapshot: Snapshot) -> tuple[ExportedGoroot, ...]:
    """Absolute values of GOROOT in the environment, for contexts that find a go; others have rules of their own (GS504, GS505)."""
    found: dict[tuple[str, tuple[Location, ...], str], ExportedGoroot] = {}
    for context in snapshot.contexts:
        one = _in(snapshot, context)
        if one is None:
            continue
        key = (one.value, one.sources[:1], one.running.go.real_path or one.running.go.path)
        before = found.get(key, one)
        found[key] = before._replace(contexts=(*before.contexts, context.name), fatal=before.fatal or matters(context))
    return tuple(found.values())


def _in(snapshot: Snapshot, context: Context) -> ExportedGoroot | None:
    goroot = variable(context, "GOROOT")
    if goroot is None or not goroot.exported or not goroot.value.startswith("/"):
        return None
    value = goroot.value.rstrip("/") or "/"
    tree = tree_at(snapshot, value)
    running = running_go_of(snapshot, context) or _by_path(snapshot, context)
    running = running or (_to_come(snapshot, context) if tree is None else None)
    return ExportedGoroot(value, goroot.sources, running, tree=tree) if running is not None else None


def _by_path(snapshot: Snapshot, context: Context) -> RunningGo | None:
    """The go that a job names by its path."""
    words = context.command.split() if context.uses_go else ()
    trees = (t for t in snapshot.toolchains if t.go is not None and t.go.executable and t.go.path in words)
    return next((RunningGo(t.go, t.version, t, (context.name,)) for t in trees if t.go is not None), None)


def _to_come(snapshot: Snapshot, context: Context) -> RunningGo | None:
    """The go that a session will run once PATH is right, where none of the user's sessions finds any: GOROOT is a second fault there."""
    if not matters(context) or any(first_go(c) is not None for c in snapshot.contexts if matters(c)):
        return None
    trees = (t for t in usable_trees(snapshot) if t.go is not None and t.origin != "toolchain-module")
    return next((RunningGo(t.go, t.version, t) for t in trees if t.go is not None), None)
