"""Answers about a host that follow from other answers, the same for every kind of host."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from gosteward.host.reading import READ_LIMIT
from gosteward.host.reading_time import ReadingTime

if TYPE_CHECKING:
    import os

    from gosteward.snapshot import User

KEPT_FILE, KEPT_ALL = 1 << 17, 4 << 20
# Files of these trees are made up at every reading.
PASSING = ("/proc/", "/sys/")


class DerivedAnswers:
    """What `read`, `stat` and `realpath` of a subclass imply.

    Small texts are kept, per reader: several probes read the same files, and should see the same moment.
    """

    def __init__(self) -> None:
        self.reading_time = ReadingTime()
        self.known_users: dict[tuple[int, str | int], User] = {}
        self._texts: dict[tuple[int, str], str] = {}
        self._kept = 0

    def read(self, path: str, limit: int = READ_LIMIT) -> bytes:
        raise NotImplementedError

    def stat(self, path: str) -> os.stat_result | None:
        raise NotImplementedError

    def realpath(self, path: str) -> str:
        raise NotImplementedError

    def reader(self) -> int:
        """Uid whose rights count at the moment; -1 for our own."""
        return -1

    def text(self, path: str, limit: int = READ_LIMIT) -> str:
        key = (self.reader(), path)
        kept = self._texts.get(key)
        if kept is not None and len(kept) < limit:
            return kept
        content = self.read(path, limit)
        text = content.decode("utf-8", "surrogateescape")
        size = len(content)
        if size < min(limit, KEPT_FILE) and self._kept + size <= KEPT_ALL and not path.startswith(PASSING):
            self._texts[key] = text
            self._kept += size
        return text

    def lines(self, path: str) -> list[str]:
        try:
            text = self.text(path)
        except OSError:
            return []
        lines = text.split("\n")
        if not lines[-1]:
            lines.pop()
        return lines

    def exists(self, path: str) -> bool:
        return self.stat(path) is not None

    def is_directory(self, path: str) -> bool:
        status = self.stat(path)
        return status is not None and stat.S_ISDIR(status.st_mode)

    def allowed_by_modes(self, path: str, rights: str, user: User) -> bool:
        """What the permission bits say about `path` and the directories above what it leads to; ACLs and mounts do not count."""
        real = self.realpath(path)
        status = self.stat(real) if real else None
        if status is None or not all(_allows(status, right, user) for right in rights):
            return False
        parent = real.rpartition("/")[0]
        while parent:
            above = self.stat(parent)
            if above is None or not _allows(above, "x", user):
                return False
            parent = parent.rpartition("/")[0]
        return True


def _allows(status: os.stat_result, right: str, user: User) -> bool:
    bit = {"r": 4, "w": 2, "x": 1}.get(right, 0)
    if user.uid == 0:
        return right != "x" or stat.S_ISDIR(status.st_mode) or bool(status.st_mode & 0o111)
    if status.st_uid == user.uid:
        return bool(status.st_mode >> 6 & bit)
    if status.st_gid == user.gid or status.st_gid in user.groups:
        return bool(status.st_mode >> 3 & bit)
    return bool(status.st_mode & bit)
