"""The Snapshot itself, and the gaps in it."""

from typing import NamedTuple

from gosteward.snapshot.contexts import Context, StartupFile
from gosteward.snapshot.machine import Machine, Mount, User, WritePlace
from gosteward.snapshot.network import NetworkCheck
from gosteward.snapshot.places import Location
from gosteward.snapshot.programs import Binary, CToolchain, GoTree, Package, Snap
from gosteward.snapshot.projects import Workspace
from gosteward.snapshot.releases import KnownReleases
from gosteward.snapshot.settings import Setting

SCHEMA = "gosteward.snapshot/1"

__all__ = ["SCHEMA", "Gap", "Location", "Snapshot"]


class Gap(NamedTuple):
    """A fact that could not be collected.

    Attributes:
        field: name of a Snapshot field, or `field:detail` where only a part is missing ("contexts:fish-login").
        reason: what went wrong, one line.
        asked: the caller asked to leave it out (--offline, --context); such a gap is shown but is no failure.
    """

    field: str
    reason: str
    asked: bool = False


class Snapshot(NamedTuple):
    """All facts of one host at one moment.

    Attributes:
        taken_at: UTC, "2026-11-24T16:30:00Z".   tool: "gosteward 0.1.0".   kind: "local", "rooted".   root: "/" or the directory.
        environment_context: name of the context that the calling process looks like, "" if unknown.
        other attributes: see their types. `binaries` holds programs that go installed (GOBIN, GOPATH/bin) and other go-named files.
    """

    schema: str = SCHEMA
    taken_at: str = ""
    tool: str = ""
    kind: str = "local"
    root: str = "/"
    machine: Machine = Machine()
    user: User = User()
    contexts: tuple[Context, ...] = ()
    startup_files: tuple[StartupFile, ...] = ()
    binaries: tuple[Binary, ...] = ()
    toolchains: tuple[GoTree, ...] = ()
    go_settings: tuple[Setting, ...] = ()
    write_places: tuple[WritePlace, ...] = ()
    mounts: tuple[Mount, ...] = ()
    packages: tuple[Package, ...] = ()
    snaps: tuple[Snap, ...] = ()
    c_toolchain: CToolchain = CToolchain()
    workspaces: tuple[Workspace, ...] = ()
    network: tuple[NetworkCheck, ...] = ()
    releases: KnownReleases = KnownReleases()
    gaps: tuple[Gap, ...] = ()
