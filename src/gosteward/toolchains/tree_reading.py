"""What lies in a Go tree that somebody else may own: every file hashed, through no link, and nothing that could keep us waiting is opened.

Source: openat(2), O_NOFOLLOW and O_NONBLOCK; inode(7).
"""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from typing import NamedTuple

from gosteward.golang.distribution import Entry
from gosteward.host.tree_hashing import DEEPEST, Oddity
from gosteward.host.writing import READING

MOST_FILES = 100_000
MOST_ODD = 1_000
MOST_BYTES = 4 << 30
FILE_LIMIT = 256 << 20
LONGEST_NAME = 1_024
_BUFFER = 1 << 18
_SHARED = stat.S_IWGRP | stat.S_IWOTH


class Tree(NamedTuple):
    """What was found.

    Attributes:
        entries: regular files; sha256 is "" for those that were not to be hashed.
        odd: everything else but directories. Kinds are those of `Oddity`, and "too large", "other file system".
        others_write: the first thing that others than root may change, "" if there is none; "." for the top.
        cut: why it was not read to its end, "" if it was.
    """

    entries: tuple[Entry, ...]
    odd: tuple[Oddity, ...]
    others_write: str = ""
    cut: str = ""


def read(path: str, unhashed: tuple[str, ...] = ()) -> Tree:
    """Read a tree.

    Args:
        path: of its top, without links.   unhashed: names that start so are only listed.

    Raises:
        OSError: the top is no directory, or may not be read.
    """
    top = os.open(path, READING | os.O_DIRECTORY)
    try:
        reading = _Reading(os.fstat(top), unhashed)
        reading.directory(top, "", 0)
        return reading.result()
    finally:
        os.close(top)


class _TooMuchError(Exception):
    """There is more than a release can have."""


class _Reading:
    def __init__(self, top: os.stat_result, unhashed: tuple[str, ...]) -> None:
        self.device = top.st_dev
        self.unhashed = unhashed
        self.entries: list[Entry] = []
        self.odd: list[Oddity] = []
        self.others_write = ""
        self.left = MOST_BYTES
        self.directories = 0
        self.cut = ""
        self.buffer = memoryview(bytearray(_BUFFER))

    def result(self) -> Tree:
        return Tree(tuple(self.entries), tuple(self.odd), self.others_write, self.cut)

    def directory(self, descriptor: int, prefix: str, depth: int) -> None:
        self._note_writers(os.fstat(descriptor), prefix.rstrip("/") or ".")
        self.directories += 1
        with os.scandir(descriptor) as found:
            for entry in found:
                name = prefix + entry.name
                if len(self.entries) + self.directories > MOST_FILES or len(self.odd) >= MOST_ODD:
                    self.cut = f"it holds more than {MOST_FILES} files and directories, or {MOST_ODD} other things"
                if self.cut:
                    return
                if "\n" in name or len(name) > LONGEST_NAME:
                    self._strange(name, "name")
                elif entry.is_file(follow_symlinks=False):
                    if name.startswith(self.unhashed):
                        self._listed(entry, name)
                    else:
                        self._hashed(descriptor, entry.name, name)
                elif entry.is_dir(follow_symlinks=False):
                    self._below(descriptor, entry.name, name, depth)
                elif entry.is_symlink():
                    self.odd.append(Oddity(name, "link", _target(entry.name, descriptor)))
                else:
                    self._strange(name, "special")

    def _strange(self, name: str, what: str) -> None:
        self.odd.append(Oddity(name[:LONGEST_NAME], what))

    def _below(self, descriptor: int, base: str, name: str, depth: int) -> None:
        if depth >= DEEPEST:
            self._strange(name, "too deep")
            return
        try:
            inner = os.open(base, READING | os.O_DIRECTORY, dir_fd=descriptor)
        except OSError:
            self._strange(name, "unreadable")
            return
        try:
            if os.fstat(inner).st_dev == self.device:
                self.directory(inner, f"{name}/", depth + 1)
            else:
                self._strange(name, "other file system")
        except OSError:  # it went away, or its disk does not answer
            self._strange(name, "unreadable")
        finally:
            os.close(inner)

    def _listed(self, entry: os.DirEntry[str], name: str) -> None:
        status = entry.stat(follow_symlinks=False)
        self._note_writers(status, name)
        self.entries.append(Entry(name, stat.S_IMODE(status.st_mode), ""))

    def _hashed(self, descriptor: int, base: str, name: str) -> None:
        try:
            file = os.open(base, READING, dir_fd=descriptor)
        except OSError:
            self._strange(name, "unreadable")
            return
        try:
            status = os.fstat(file)
            mode = status.st_mode
            if not stat.S_ISREG(mode):  # swapped meanwhile
                self._strange(name, "special")
            elif status.st_size > FILE_LIMIT:
                self._strange(name, "too large")
            else:
                if status.st_uid or mode & _SHARED:
                    self._note_writers(status, name)
                self.entries.append(Entry(name, mode & 0o7777, self._digest(file)))
        except _TooMuchError:
            self._strange(name, "too large")
        except OSError:
            self._strange(name, "unreadable")
        finally:
            os.close(file)

    def _digest(self, file: int) -> str:
        size = os.readv(file, [self.buffer])
        total = sha256(self.buffer[:size])
        whole = size
        while size == _BUFFER:
            size = os.readv(file, [self.buffer])
            total.update(self.buffer[:size])
            whole += size
            if whole > FILE_LIMIT:
                raise _TooMuchError
        self.left -= whole
        if self.left < 0:
            self.cut = f"it holds more than {MOST_BYTES} bytes"
        return total.hexdigest()

    def _note_writers(self, status: os.stat_result, name: str) -> None:
        if not self.others_write and (status.st_uid != 0 or status.st_mode & _SHARED):
            self.others_write = name


def _target(base: str, descriptor: int) -> str:
    try:
        return os.readlink(base, dir_fd=descriptor)
    except OSError:
        return ""


def others_above(path: str) -> str:
    """The first directory above a path in which others than root could replace what leads to it; "" if there is none.

    In a directory with the sticky bit nobody can rename or remove what is root's.
    """
    while path not in ("", "/"):
        path = os.path.dirname(path)
        status = os.stat(path)
        if status.st_uid != 0 or (status.st_mode & _SHARED and not status.st_mode & stat.S_ISVTX):
            return path
    return ""
