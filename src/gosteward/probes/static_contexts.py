"""Contexts by reading alone: for an unpacked root, and where a shell could not be started.

The start-up files are followed on paper in the documented order, over the first environment of each context.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from gosteward.probes import shell_starts
from gosteward.probes.host_world import HostWorld
from gosteward.shells import csh_start, ksh_start, startup_order
from gosteward.shells.posix_run import PosixRun
from gosteward.shells.shell_state import ShellState, StoppedError
from gosteward.shells.user_files import as_user
from gosteward.snapshot import Context, EnvironmentVariable, PathEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.host.reading import Host
    from gosteward.probes.shell_starts import Start
    from gosteward.snapshot import User

# What each shell searches when PATH is not set at all; measured.
UNSET_PATHS = {
    "bash": "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin:.",
    "sh": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "zsh": "/bin:/usr/bin:/usr/ucb:/usr/local/bin",
    "fish": "/bin:/usr/bin",
    **dict.fromkeys(ksh_start.NAMES, "/usr/bin:/bin"),
    **dict.fromkeys(csh_start.NAMES, "/usr/bin:/bin"),
}


def collect(host: Host, user: User, only: tuple[str, ...], known: Iterable[str] = ()) -> tuple[Context, ...]:
    """Every context of an installed shell that is not `known` already."""
    have = frozenset(known)
    contexts: list[Context] = []
    for account, starts in shell_starts.plan(host, user, only):
        missing = [start for start in starts if start.name not in have]
        if missing:
            with as_user(host, account):
                contexts += _follow_all(HostWorld(host, account), account, missing)
    return tuple(contexts)


def _follow_all(world: HostWorld, account: User, starts: list[Start]) -> list[Context]:
    texts: dict[str, list[str]] = {}
    trees: dict[tuple[str, bool], object] = {}
    contexts = []
    for start in starts:
        if world.host.reading_time.is_up(f"contexts:{start.name}"):
            continue
        how = startup_order.Invocation(
            shell=start.shell,
            real=start.real,
            login=start.login,
            interactive=start.interactive,
            ssh_command=start.kind == "ssh-command" and start.finds_sshd,
            system_rc=start.system_rc,
        )
        run = startup_order.started(how, world, first_environment(start, account), texts)
        if isinstance(run, PosixRun):
            run.trees = trees  # type: ignore[assignment]
        with contextlib.suppress(StoppedError):  # then `run.ending` says where it ended
            startup_order.read_files(how, run)
        contexts.append(_context(start, account, run))
    return contexts


def first_environment(start: Start, account: User) -> tuple[EnvironmentVariable, ...]:
    """The first environment with what every such session has besides."""
    values = {variable.name: variable for variable in start.first}
    for name, value in shell_starts.environment(start, account).items():
        values.setdefault(name, EnvironmentVariable(name=name, value=value))
    return tuple(values.values())


def _context(start: Start, account: User, run: ShellState) -> Context:
    ending = run.ending
    too_long = ending is not None and ending.reason == "path-too-long"
    path_unset = run.get("PATH") is None
    entries = run.entries()
    if path_unset:
        entries = tuple(PathEntry(directory=directory) for directory in UNSET_PATHS.get(start.shell, "").split(":"))
    return Context(
        name=start.name,
        kind=start.kind,
        shell=start.shell,
        own=start.own,
        method="static",
        search_path=entries,
        path_unset=path_unset,
        lost=run.tracker.lost_at_end(),
        variables=run.interesting_variables(),
        aliases=tuple(run.aliases.values()) if start.interactive else (),
        files_read=tuple(run.files),
        status="complete" if ending is None else "timed-out" if too_long else "no-answer",
        stopped_at=ending.location if ending is not None else None,
        reason=ending.reason if ending is not None else "",
        unsure=run.unsure or start.unsure,
        run_as=account.name,
    )
