"""Whether a file that says what this process shall do was written by whom it works for, and by nobody else."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gosteward.host.local import LocalHost


def is_trusted(host: LocalHost, path: str, descriptor: int, owners: tuple[int, ...]) -> bool:
    """Whether an open file, and the directory in which it or the link to it lies, belong to one of these users and are nobody else's to write.

    Args:
        owners: uids, (0,) for what only root decides. A group may write to a user's own: many users have one of their own, and a umask of 002.
    """
    directory = host.stat(path.rpartition("/")[0] or "/")
    return all(found is not None and _is_safe(found, owners) for found in (os.fstat(descriptor), directory))


def _is_safe(status: os.stat_result, owners: tuple[int, ...]) -> bool:
    closed = stat.S_IWOTH | (stat.S_IWGRP if owners == (0,) else 0)
    return status.st_uid in owners and not status.st_mode & closed
