"""Errors and kills at single system calls of a process, by `strace -e inject`. Needs root and strace.

    lines = trace of a run without faults, made with TRACED
    for point in points(lines):                 every call that can fail
        for fault in faults(point):             "signal=KILL", "error=EIO", ...
            under_strace(work, *injected(point, fault))

KILL hits a call before it is done, so a call that changes nothing is the same as the one after it: calls that change something suffice.
Counters of `strace -e inject` are per name of a call, and those of the main thread only. Source: strace(1); sqlite.org/testing.html, "I/O error testing".
"""

from __future__ import annotations

import collections
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

CHANGING = {
    "mkdirat", "mkdir", "symlinkat", "symlink", "linkat", "link", "write", "pwrite64", "ftruncate", "fsync", "syncfs", "rename", "renameat",
    "renameat2", "unlinkat", "unlink", "rmdir", "fchmod", "fchmodat", "chmod", "fchown", "fchownat", "lchown", "setxattr", "fsetxattr",
    "removexattr", "fremovexattr", "utimensat",
}  # fmt: skip
READING = {
    "openat", "open", "close", "read", "pread64", "newfstatat", "lstat", "stat", "statx", "readlinkat", "readlink", "getdents64",
    "getxattr", "fgetxattr", "listxattr", "flistxattr", "flock",
}  # fmt: skip
ALLOCATING = CHANGING - {"unlinkat", "unlink", "rmdir", "fchmod", "fchmodat", "chmod", "ftruncate"} | {"openat"}
WITH_PATH = CHANGING - {"write", "pwrite64", "ftruncate", "fsync", "syncfs"} | {
    "openat",
    "newfstatat",
    "readlinkat",
    "getxattr",
    "fgetxattr",
}
CLEANING = {"unlinkat", "unlink", "rmdir"}
TRACED = f"trace={','.join(sorted(f'?{call}' for call in CHANGING | READING))}"


class Point(NamedTuple):
    """The n-th call of that name.  text: its line in the trace."""

    call: str
    number: int
    text: str


def points(lines: list[str]) -> list[Point]:
    """The calls of a trace that can fail, each with its number among those of its name."""
    seen: collections.Counter[str] = collections.Counter()
    found: list[Point] = []
    writing = False
    for line in lines:
        call = re.match(r"(\w+)\(", line)
        if call:
            seen[call[1]] += 1
            point = Point(call[1], seen[call[1]], line)
            found += [point] if _can_fail(point, writing) else []
            if call[1] == "openat":
                writing = "O_WRONLY" in line or "O_RDWR" in line
    return found


def _can_fail(point: Point, writing: bool) -> bool:
    """Not so: to look at what is open, and to close what was only read."""
    return not (point.call == "newfstatat" and "AT_EMPTY_PATH" in point.text) and (point.call != "close" or writing)


def faults(point: Point) -> tuple[str, ...]:
    """What is injected at a call."""
    changes = point.call in CHANGING or "O_CREAT" in point.text
    return (
        *(("signal=KILL",) if changes else ()),
        *(("error=ENOSPC",) if changes and point.call in ALLOCATING else ()),
        "error=EIO",
        *(("error=EACCES",) if point.call in WITH_PATH else ()),
    )


def injected(point: Point, fault: str) -> tuple[str, ...]:
    """Options of strace for a fault at a call."""
    return "-e", f"trace={point.call}", "-e", f"inject={point.call}:{fault}:when={point.number}"


def under_strace(work: Callable[[], int], *options: str) -> int:
    """Do some work in a child, its main thread under strace with these options. Returns how it ended, a signal as a negative number."""
    child = os.fork()
    if not child:
        code = 1
        try:
            os.kill(os.getpid(), signal.SIGSTOP)
            code = work()
        finally:
            os._exit(code)
    os.waitpid(child, os.WUNTRACED)
    tracer = subprocess.Popen(["strace", "-qq", "-y", *options, "-p", str(child)], stderr=subprocess.DEVNULL)
    while "TracerPid:\t0" in Path(f"/proc/{child}/status").read_text():
        time.sleep(0.001)
        if tracer.poll() is not None:
            os.kill(child, signal.SIGKILL)
            raise SystemExit("strace cannot attach: it needs root, and a kernel that lets it trace")
    os.kill(child, signal.SIGCONT)
    _, status = os.waitpid(child, 0)
    tracer.wait()
    return os.waitstatus_to_exitcode(status)
