"""Modules and go.work files as the go of the user's sessions sees them: workspaces by file, vendor directories, -mod. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.golang import goversion
from gosteward.golang.quoted import split
from gosteward.reasoning.running_go import running_gos
from gosteward.reasoning.settings_in_force import value_in, working_contexts

if TYPE_CHECKING:
    from gosteward.snapshot import GoWork, Location, Snapshot, Workspace

FIRST_WITH_WORKSPACES = "go1.18rc1"
FIRST_WITH_VENDOR_BY_ITSELF = "1.14"
FIRST_WITH_STAMPS = "go1.18rc1"
_OFF = frozenset(("false", "0", "f", "F", "FALSE", "False"))


def some_go_is(snapshot: Snapshot, oldest: str) -> bool:
    """Whether some session or job runs a go of this release or a newer one; True where no release is known."""
    versions = tuple(go.version for go in running_gos(snapshot) if goversion.parse(go.version) is not None)
    return not versions or any(not goversion.older(version, oldest) for version in versions)


def work_files(snapshot: Snapshot) -> tuple[tuple[GoWork, tuple[Workspace, ...]], ...]:
    """Each go.work in force with the roots that it governs; () where every go is too old to know such files."""
    if not some_go_is(snapshot, FIRST_WITH_WORKSPACES):
        return ()
    found: dict[str, tuple[GoWork, list[Workspace]]] = {}
    for workspace in snapshot.workspaces:
        if workspace.work is not None:
            found.setdefault(workspace.work.path, (workspace.work, []))[1].append(workspace)
    return tuple((work, tuple(governed)) for work, governed in found.values())


def in_workspace(workspace: Workspace) -> bool:
    """Whether a go.work in force lists the module."""
    return workspace.work is not None and workspace.work.exists and workspace.work.lists_module


def flag_values(snapshot: Snapshot, name: str) -> frozenset[str]:
    """Values of a flag in GOFLAGS, over all contexts in which the user works with go; "" for those that do not set it."""
    values = set()
    for context in working_contexts(snapshot):
        words = split(value_in(snapshot, context, "GOFLAGS")) or ()
        given = [w.lstrip("-").partition("=")[2] for w in words if w.lstrip("-").partition("=")[0] == name]
        values.add(given[-1] if given else "")
    return frozenset(values or {""})


def stamped_modules(snapshot: Snapshot) -> tuple[Workspace, ...]:
    """Modules with programs in repositories: there `go build` asks git for the revision, and stops where git does; () where it does not ask."""
    if not some_go_is(snapshot, FIRST_WITH_STAMPS) or flag_values(snapshot, "buildvcs") <= _OFF:
        return ()
    return tuple(w for w in snapshot.workspaces if w.vcs and w.go_mod and w.has_main)


def builds_from_vendor(snapshot: Snapshot, workspace: Workspace) -> bool:
    """Whether go takes the module's dependencies from vendor/ in at least one context."""
    return workspace.vendor is not None and workspace.vendor.modules_txt and looks_into_vendor(snapshot, workspace)


def looks_into_vendor(snapshot: Snapshot, workspace: Workspace) -> bool:
    """The same for a directory of this name that may be no vendor directory of Go's: go does not care who made it."""
    if workspace.vendor is None or in_workspace(workspace):
        return False
    modes = flag_values(snapshot, "mod")
    by_itself = bool(workspace.go) and not goversion.older(workspace.go, FIRST_WITH_VENDOR_BY_ITSELF)
    return "vendor" in modes or ("" in modes and by_itself)


def place(location: Location | None, default: str = "") -> str:
    """A line for a sentence: "/home/dev/go.work:3"."""
    if location is None:
        return default
    return f"{location.path}:{location.line}" if location.line else location.path


def directory_of(path: str) -> str:
    """The directory that a file lies in."""
    return path.rpartition("/")[0] or "/"


def relative(path: str, base: str) -> str:
    """A directory as `go work use` takes it: "./src/y" below `base`, else the absolute path."""
    if path == base:
        return "."
    prefix = f"{base.rstrip('/')}/"
    return f"./{path[len(prefix) :]}" if path.startswith(prefix) else path
