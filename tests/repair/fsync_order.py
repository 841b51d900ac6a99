"""Reads from a trace of `strace -y` whether everything is on the disk before what depends on it. A kill cannot show that: the kernel
keeps what it was told. Pure.

    * a file is synced after its last write and before it is renamed;
    * a directory is synced after a name in it was made, changed or removed, before the journal says that this is done;
    * the journal is synced before anything outside of it changes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
HELD = re.compile(r"(?:\d+|AT_FDCWD)<([^>]*)>")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
WRITES = {"write", "pwrite64", "ftruncate", "fchmod", "fchown", "fsetxattr", "fremovexattr"}
NAMES = {"mkdirat", "mkdir", "symlinkat", "symlink", "unlinkat", "unlink", "rmdir"}
RENAMES = {"renameat", "renameat2", "rename"}
RIGHTS = {"chmod", "fchmodat", "setxattr", "removexattr", "fchownat"}


class _Disk:
    """What the kernel was told and the disk may not have yet."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.directories: set[str] = set()
        self.rights = False

    def rename(self, old: str, new: str) -> Iterator[str]:
        if old in self.files:
            yield f"{old} is renamed before it is synced"
        self.directories |= {old.rpartition("/")[0], new.rpartition("/")[0]}


def violations(lines: Iterable[str], top: str, journal: str) -> Iterator[str]:
    """What is out of order.

    Args:
        top: directory that is changed.   journal: directory of the journal.
    """
    disk = _Disk()
    log = f"{journal}/journal"
    for line in lines:
        found = LINE.match(line)
        if found is None or int(found[3]) < 0:
            continue
        call, words = found[1], found[2]
        changes = call in NAMES | RENAMES | RIGHTS or (call == "openat" and "O_CREAT" in words)
        if changes and log in disk.files and any(path.startswith(f"{top}/") for path in _paths(call, words)):
            yield f"a change before the journal is synced: {line[:160]}"
        yield from _step(disk, call, words, log)
        if call == "pwrite64" and _held(words) == log and '\\"phase\\":\\"done\\"' in words:
            yield from (f"done before {d} is synced" for d in sorted(disk.directories) if d.startswith(top))
            if disk.rights:
                yield "done before the file system is synced"
    # In the end a temporary directory is at its place, or gone.
    last = (path for path in sorted(disk.files | disk.directories) if "/.gosteward-" not in path)
    yield from (f"{path} is never synced" for path in last)


def _step(disk: _Disk, call: str, words: str, log: str) -> Iterator[str]:
    if call == "openat" and "O_CREAT" in words:
        (path,) = _paths(call, words)
        if path == f"{log.rpartition('/')[0]}/lock":
            return
        if "O_EXCL" in words:
            disk.directories.add(path.rpartition("/")[0])
        disk.files.add(path)
    elif call in WRITES and not _held(words).endswith("/lock"):
        if _held(words) == log and words.endswith(", 0"):  # its first line
            disk.directories.add(log.rpartition("/")[0])
        disk.files.add(_held(words))
    elif call == "fsync":
        disk.files.discard(_held(words))
        disk.directories.discard(_held(words))
    elif call == "syncfs":
        disk.rights = False
        disk.files -= {path for path in disk.files if path != log}
        disk.directories.clear()
    elif call in RENAMES:
        yield from disk.rename(*_paths(call, words))
    elif call in NAMES:
        paths = _paths(call, words)
        if call == "rmdir" or "AT_REMOVEDIR" in words:
            disk.directories -= set(paths)  # nobody misses names in what is gone
        # A directory of its own is synced by its descriptor afterwards.
        disk.directories |= {path.rpartition("/")[0] for path in paths if not path.startswith("/proc/self/fd/")}
    elif call in RIGHTS and "/proc/self/fd" in words:
        disk.rights = True


def _held(words: str) -> str:
    found = HELD.match(words)
    return found[1] if found else ""


def _paths(call: str, words: str) -> list[str]:
    """Paths that a call names, absolute."""
    if call.startswith("symlink"):
        words = words.partition(", ")[2]
    pairs = re.findall(r'(?:(?:\d+|AT_FDCWD)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"', words)
    return [name if name.startswith("/") else f"{directory}/{name}" for directory, name in pairs]
