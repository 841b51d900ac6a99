"""What descends from this process: what shells left running, and the end of it where no process namespace does that.

Orphans become children of this process, as it is a subreaper; so killing children until none is left reaches everything.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 200
MOST_ORPHANS = 64
PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> frozenset[int]:
    """Become the parent of every descendant whose own parent ends, also of those that left their session.

    Returns:
        The children that are there already, such as the jobs of a shell that became this program: nobody here started them.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return frozenset(_children())


def kill_descendants(spared: frozenset[int] = frozenset()) -> None:
    """Kill children until none is left but those to spare. Whoever calls it has adopted orphans before."""
    for _ in range(ROUNDS):
        children = [pid for pid in _children() if pid not in spared]
        if not children:
            return
        for pid in children:
            _kill(pid)


def kill_with_descendants(leader: int, wait: Callable[[], object], spared: frozenset[int]) -> None:
    """The program first, so that its exit code is its own; its group then goes at once, and what left it is ours by then.

    It leads its session, and `wait` reaps it; whoever started it has adopted orphans before.

    Args:
        spared: what `adopt_orphans` returned.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    wait()
    # What descends from the leader of another session never is in our group; to kill that would be to kill ourselves.
    ours = frozenset(pid for pid in _children() if _group_of(pid) == os.getpgrp())
    kill_descendants(spared | ours)


def left_running(mark: str, number: int, shells: frozenset[int]) -> tuple[str, ...]:
    """Names of the orphans that carry a mark in their environment: what a shell that has ended left running.

    Args:
        mark: name of the environment variable.   number: its value.   shells: children that were started on purpose.
    Returns:
        At most 8 names, from /proc/PID/comm; characters that are no part of plain names are left out. Programs that hide their
        environment, as ssh-agent does, are named too, and those that have none, as in the midst of execve(2): whether they are this
        shell's, its trace must tell.
    """
    wanted = f"{mark}={number}".encode()
    found: dict[str, None] = {}
    for pid in [pid for pid in _children() if pid not in shells][:MOST_ORPHANS]:
        environment = _proc(pid, "environ")
        if wanted in environment.split(b"\0") if environment else _runs(pid):
            name = (_proc(pid, "comm") or b"").decode("ascii", "replace").strip()
            found.setdefault("".join(c for c in name if c.isalnum() or c in "-_.+") or "?")
    return tuple(found)[:8]


def _proc(pid: int, name: str) -> bytes | None:
    """Up to 64 KiB of a file of a process; None where it may not be read, b"" where the process is gone."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read(1 << 16)
    except PermissionError:
        return None
    except OSError:
        return b""


def _runs(pid: int) -> bool:
    """Whether it has not ended; one that has, and waits to be reaped, has no environment either."""
    state = (_proc(pid, "stat") or b"").rpartition(b")")[2].split()[:1]
    return state not in ([], [b"Z"], [b"X"])


def _kill(pid: int) -> None:
    try:
        os.killpg(os.getpgid(pid), signal.SIGKILL)  # by group: that is what the filter lets through
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError, PermissionError):
        return


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def _children() -> list[int]:
    try:
        with open("/proc/thread-self/children", "rb") as table:
            return [int(word) for word in table.read().split()]
    except OSError:
        return _children_by_parent()


def _children_by_parent() -> list[int]:
    """The same from /proc/PID/stat, for kernels without CONFIG_PROC_CHILDREN."""
    return [int(name) for name in os.listdir("/proc") if name.isdecimal() and _parent_of(name) == os.getpid()]


def _parent_of(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as status:
            return int(status.read().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0
