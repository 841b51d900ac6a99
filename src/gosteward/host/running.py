"""Which processes run programs of a directory. Source: proc(5), /proc/PID/exe and /proc/PID/comm."""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple


class Running(NamedTuple):
    """A process.  program: path of what it runs, as the kernel knows it."""

    pid: int
    name: str
    program: str


def processes_below(directory: str) -> tuple[Running, ...]:
    """Processes whose program lies below a directory, by number. Those of others are seen by root only.

    Args:
        directory: absolute; links on its way are followed, as the kernel knows programs by their path without any.
    """
    inside = f"{os.path.realpath(directory).rstrip('/')}/"
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            # A process that ends while it is looked at, or is somebody else's.
            with contextlib.suppress(OSError):
                program = os.readlink(f"/proc/{entry}/exe")
                if program.startswith(inside):
                    found.append(Running(int(entry), _name(entry), program.partition(" (deleted)")[0]))
    return tuple(sorted(found))


def _name(pid: str) -> str:
    with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
        return file.read(64).strip()
