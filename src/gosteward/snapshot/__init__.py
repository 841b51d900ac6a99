"""Facts of one host at one moment, and the gaps in them: types only.

Everything that a rule may look at is in a `Snapshot`. It is data: it can be written as JSON (`gosteward.snapshot/1`), sent to
somebody else, and judged there with the same result. Every field has a default, so that a recorded case names only what
matters to it. Strings are decoded with "surrogateescape"; paths are absolute unless a field says otherwise.
"""

from __future__ import annotations

from gosteward.snapshot.contexts import (
    Alias,
    Context,
    EnvironmentVariable,
    LeftProcess,
    LostEntry,
    PathEntry,
    SlowLine,
    StartupFile,
    StartupLine,
)
from gosteward.snapshot.host import Gap, Location, Snapshot
from gosteward.snapshot.machine import Limit, Machine, Mount, User, WritePlace
from gosteward.snapshot.network import NetworkCheck
from gosteward.snapshot.programs import (
    Binary,
    Blocker,
    CompilerTool,
    CToolchain,
    Elf,
    GoTree,
    Link,
    LoaderFault,
    Package,
    Snap,
)
from gosteward.snapshot.projects import (
    CgoUse,
    ChecksumConflict,
    GoWork,
    Import,
    Replacement,
    Requirement,
    Vendor,
    Workspace,
)
from gosteward.snapshot.releases import KnownReleases, ReleaseLine, Vulnerability
from gosteward.snapshot.settings import Setting

__all__ = [
    "Alias",
    "Binary",
    "Blocker",
    "CToolchain",
    "CgoUse",
    "ChecksumConflict",
    "CompilerTool",
    "Context",
    "Elf",
    "EnvironmentVariable",
    "Gap",
    "GoTree",
    "GoWork",
    "Import",
    "KnownReleases",
    "LeftProcess",
    "Limit",
    "Link",
    "LoaderFault",
    "Location",
    "LostEntry",
    "Machine",
    "Mount",
    "NetworkCheck",
    "Package",
    "PathEntry",
    "ReleaseLine",
    "Replacement",
    "Requirement",
    "Setting",
    "SlowLine",
    "Snap",
    "Snapshot",
    "StartupFile",
    "StartupLine",
    "User",
    "Vendor",
    "Vulnerability",
    "Workspace",
    "WritePlace",
]
