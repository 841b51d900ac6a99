"""What descends from this process, and its end: for sandboxes without a process namespace, whose end would do it.

Orphans become children of this process, as it is a subreaper; so killing children until none is left reaches everything.
"""

from __future__ import annotations

import os
import signal

ROUNDS = 200


def kill_descendants() -> None:
    """Kill children until none is left."""
    for _ in range(ROUNDS):
        children = _children()
        if not children:
            return
        for pid in children:
            _kill(pid)


def _kill(pid: int) -> None:
    try:
        os.killpg(os.getpgid(pid), signal.SIGKILL)  # by group: that is what the filter lets through
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError, PermissionError):
        return


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
