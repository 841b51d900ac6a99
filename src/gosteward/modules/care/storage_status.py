"""How much is stored, how new it is, what was found to be wrong, and how much room is left."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.modules.care.cared_store import listed
from gosteward.modules.storage.disk import QUARANTINE, DiskStore

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 512


class StoreStatus(NamedTuple):
    """A store.

    Attributes:
        files, versions, modules: how many.   size: bytes of the files.   allocated: bytes that they take of the disk.
        newest: path of the file that came last, "" for none.   newest_at: when, seconds since the epoch.
        strays: files that are none of a module version.   quarantine: paths of what was set aside, below the quarantine.
        free: bytes that this user may still write.
    """

    top: str
    files: int
    versions: int
    modules: int
    size: int
    allocated: int
    newest: str
    newest_at: float
    strays: tuple[str, ...]
    quarantine: tuple[str, ...]
    free: int


def status_of(top: str) -> StoreStatus:
    """Look at a store; nothing is made or changed. Raises UsageError: there is none.   OSError: it cannot be read."""
    if not os.path.isdir(top):
        raise UsageError("there is no store", subject=top, hint="name it by --store; `serve` and `prefetch` make one")
    store = DiskStore(top)
    found = listed(store)
    size = allocated = count = 0
    newest, newest_at = "", 0.0
    for file in found.files:
        status = store.status(file.path)
        if status is None:
            continue
        count, size, allocated = count + 1, size + status.st_size, allocated + status.st_blocks * BLOCK
        if status.st_mtime > newest_at:
            newest, newest_at = file.path, status.st_mtime
    room = os.statvfs(top)
    return StoreStatus(
        top, count, len({(f.module, f.version) for f in found.files}), len({f.module for f in found.files}),
        size, allocated, newest, newest_at, found.strays, tuple(_set_aside(top)), room.f_bavail * room.f_frsize,
    )  # fmt: skip


def _set_aside(top: str) -> Iterator[str]:
    start = f"{top}/{QUARANTINE}"
    for directory, below, names in os.walk(start):
        below.sort()
        for name in sorted(names):
            yield os.path.relpath(f"{directory}/{name}", start)
