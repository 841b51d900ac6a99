"""All probes in their order: each gets the facts of those before it, and together they make a Snapshot."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TypeVar

from gosteward import __version__
from gosteward.errors import UsageError
from gosteward.host import accounts
from gosteward.host.reading_time import ReadingTime
from gosteward.probes import (
    binaries,
    c_toolchain,
    contexts,
    go_roots,
    go_settings,
    known_releases,
    machine,
    mounts,
    packages,
    search_path,
    traces_of_go,
    unknown_context,
    workspaces,
    write_places,
)
from gosteward.snapshot import Gap, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.host.reading import Host
    from gosteward.snapshot import Context, NetworkCheck, User

    Steps = tuple[tuple[str, float], ...]

Facts = TypeVar("Facts")
# How the contexts begin that may be missing where there is a gap of this field.
UNSEEN = {"contexts": "", "crontabs": "cron:", "units": "systemd"}


class _Clock:
    """Seconds of each probe, in order. Each begins a new share of the time for reading."""

    def __init__(self, reading_time: ReadingTime) -> None:
        self.reading_time = reading_time
        self.steps: list[tuple[str, float]] = []

    def timed(self, name: str, probe: Callable[[], Facts]) -> Facts:
        self.reading_time.share()
        begun = time.monotonic()
        found = probe()
        self.steps.append((name, time.monotonic() - begun))
        return found


def collect(
    *, root: str, user_name: str, project: str, only: tuple[str, ...], offline: bool, deadline: float
) -> tuple[Snapshot, Steps]:
    """Examine this host (root "") or an unpacked root file system.

    Args:
        user_name: name or number, "" for the caller.   project: directory, "" for the current one.
        only: names of contexts, () for all.   deadline: seconds for everything that may hang, and as many for all reading.
    Returns:
        The snapshot, and (name, seconds) of each probe.
    Raises:
        UsageError: the root, the user, the project or one of the contexts is not there.
    """
    host = open_host(root)
    host.reading_time = ReadingTime(deadline)
    user = accounts.user_named(host, user_name) if user_name else accounts.invoking_user(host)
    return _collect(host, user, _project(host, project), only, offline, deadline)


def open_host(root: str) -> Host:
    """The host to look at.

    Raises:
        UsageError: `root` is not a directory.
    """
    if not root:
        from gosteward.host.local import LocalHost

        return LocalHost(dict(os.environ))
    from gosteward.host.rooted import RootedHost

    if not os.path.isdir(root):
        raise UsageError("not a directory", subject=root, hint="--root takes the top of an unpacked root file system")
    return RootedHost(root)


def _project(host: Host, project: str) -> str:
    if project:
        directory = project if not host.live else os.path.abspath(project)
        if not directory.startswith("/") or not host.is_directory(directory):
            hint = "--project takes the directory of a module"
            hint += "" if host.live else ", with --root as an absolute path inside of it"
            raise UsageError("there is no such directory", subject=project, hint=hint)
        return directory
    if not host.live:
        return ""
    try:
        return os.getcwd()
    except OSError:  # removed under our feet
        return ""


def _collect(
    host: Host, user: User, project: str, only: tuple[str, ...], offline: bool, deadline: float
) -> tuple[Snapshot, Steps]:
    clock = _Clock(host.reading_time)
    gaps: list[Gap] = []
    taken_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    computer, missing = clock.timed("machine", lambda: machine.collect(host, user))
    gaps += missing
    table, missing = clock.timed("mounts", lambda: mounts.collect(host))
    gaps += missing
    installed = clock.timed("packages", lambda: packages.collect(host))
    gaps += installed.gaps
    found, startup_files, missing = clock.timed("contexts", lambda: contexts.collect(host, user, deadline, only))
    gaps += missing
    unknown = _unknown(only, found, (*missing, *host.reading_time.gaps()))
    if unknown:
        raise unknown_context.error(host, user, unknown)
    examiner = binaries.Examiner(host, user, table, installed.owner_of)
    found = clock.timed("search path", lambda: search_path.fill(found, examiner, user))
    toolchains, programs, found, missing = clock.timed(
        "go roots", lambda: go_roots.collect(host, user, examiner, found, installed)
    )
    gaps += missing
    settings, missing = clock.timed(
        "go settings", lambda: go_settings.collect(host, user, found, toolchains, (project,) if project else ())
    )
    gaps += missing
    places, missing = clock.timed("write places", lambda: write_places.collect(host, user, found, settings, table))
    gaps += missing
    glibc = computer.libc_version if computer.libc == "glibc" else ""
    c_tools, missing = clock.timed("c toolchain", lambda: c_toolchain.collect(host, user, found, settings, glibc))
    gaps += missing
    modules, missing = clock.timed(
        "workspaces", lambda: workspaces.collect(host, user, project, found, settings, toolchains)
    )
    gaps += missing
    c_tools = clock.timed("headers", lambda: c_toolchain.with_library_headers(host, user, c_tools, modules))
    versions = known_releases.versions_of(toolchains, found)
    releases, missing = clock.timed("releases", lambda: known_releases.collect(versions))
    gaps += missing
    snapshot = Snapshot(
        taken_at=taken_at,
        tool=f"gosteward {__version__}",
        kind=host.kind,
        root=host.root,
        machine=computer,
        user=user._replace(has_run_go=traces_of_go.collect(host, user)),
        contexts=found,
        startup_files=startup_files,
        binaries=programs,
        toolchains=toolchains,
        go_settings=settings,
        write_places=places,
        mounts=table,
        packages=installed.packages,
        snaps=installed.snaps,
        c_toolchain=c_tools,
        workspaces=modules,
        releases=releases,
    )
    checks, missing = clock.timed("network", lambda: _network(host, snapshot, offline, deadline))
    gaps += (*missing, *host.reading_time.gaps())
    return snapshot._replace(network=checks, gaps=tuple(dict.fromkeys(gaps))), tuple(clock.steps)


def _unknown(only: tuple[str, ...], found: tuple[Context, ...], gaps: tuple[Gap, ...]) -> str:
    """A name that no context has, "" if there is none. What could not be looked at may have any name."""
    known = {context.name for context in found}
    known.update(gap.field.partition(":")[2] for gap in gaps)
    beginnings = tuple(UNSEEN[gap.field] for gap in gaps if gap.field in UNSEEN and not gap.asked)
    return next((name for name in only if name not in known and not name.startswith(beginnings)), "")


def _network(
    host: Host, snapshot: Snapshot, offline: bool, deadline: float
) -> tuple[tuple[NetworkCheck, ...], tuple[Gap, ...]]:
    if offline:
        return (), (Gap("network", "left out by --offline", asked=True),)
    if not host.live:
        return (), (Gap("network", "an unpacked root has no network", asked=True),)
    from gosteward.probes import network

    return network.collect(
        host, snapshot.user, snapshot.contexts, snapshot.go_settings, snapshot.workspaces, min(deadline, 2.5)
    )
