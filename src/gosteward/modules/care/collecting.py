"""Remove what nobody used for long, or the oldest of it until the rest is small enough; whole versions only, and none that is to be kept.

Use is known to the day: see `storage.disk`. What is removed can be had again from upstream; proofs and recorded hashes stay, so that it has to
be the same then. A client that is just being served gets its file to the end.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward.modules.care.cared_store import listed
from gosteward.modules.care.storage_status import BLOCK
from gosteward.modules.storage import kept_answers
from gosteward.modules.storage.disk import DAY

if TYPE_CHECKING:
    from gosteward.modules.storage.disk import DiskStore

    Module = tuple[str, str]


class StoredVersion(NamedTuple):
    """A version in a store.  allocated: bytes that it takes of the disk.   used_at: seconds since the epoch, to the day."""

    module: str
    version: str
    paths: tuple[str, ...]
    allocated: int
    used_at: float


class Limits(NamedTuple):
    """What is too much.  size: bytes of the disk, -1 for any.   age: seconds since the last use, -1 for any."""

    size: int = -1
    age: float = -1


class Collected(NamedTuple):
    """What was removed, or would be.

    Attributes:
        removed: the version that was used least recently first.   left: bytes that stay.   kept: versions that would have gone, but for `keep`.
        answers: lists and other answers too old to be told again.
    """

    removed: tuple[StoredVersion, ...]
    left: int
    kept: int
    answers: int

    @property
    def freed(self) -> int:
        """Bytes of the disk."""
        return sum(one.allocated for one in self.removed)


def collect(
    store: DiskStore, limits: Limits, keep: frozenset[Module] = frozenset(), *, dry: bool = False, now: float = 0.0
) -> Collected:
    """Remove what is too much.

    Args:
        keep: versions that stay.   dry: nothing is removed.   now: seconds since the epoch, 0 for this moment.
    Raises:
        OSError: the store cannot be read, or a file not be removed.
    """
    moment = now or time.time()
    versions = sorted(stored_versions(store), key=lambda one: one.used_at)
    left, removed, kept = sum(one.allocated for one in versions), [], 0
    for one in versions:
        too_old = limits.age >= 0 and one.used_at < moment - limits.age
        too_much = limits.size >= 0 and left > limits.size
        if not too_old and not too_much:
            continue
        if (one.module, one.version) in keep:
            kept += 1
            continue
        removed.append(one)
        left -= one.allocated
        if not dry:
            _remove(store, one)
    answers = kept_answers.remove_expired(store.top, moment, dry=dry)
    return Collected(tuple(removed), left, kept, answers)


def stored_versions(store: DiskStore) -> tuple[StoredVersion, ...]:
    """All versions in a store."""
    found: dict[Module, StoredVersion] = {}
    for file in listed(store).files:
        status = store.status(file.path)
        if status is not None:
            key = (file.module, file.version)
            before = found.get(key, StoredVersion(*key, (), 0, 0.0))
            used = max(before.used_at, status.st_atime, status.st_mtime)
            found[key] = StoredVersion(
                *key, (*before.paths, file.path), before.allocated + status.st_blocks * BLOCK, used
            )
    return tuple(found.values())


def _remove(store: DiskStore, one: StoredVersion) -> None:
    for path in one.paths:
        store.remove(path)
    store.remove_empty(one.paths[0])


def days(count: float) -> float:
    """Seconds."""
    return count * DAY
