"""The files of an installed GOROOT with their digests: what the checksum database is asked about.

Directories are entered by descriptors, and no link is followed, so that the files of the tree are hashed and no others. Only what the directory
calls a regular file is opened at all: opening a FIFO or a device can have effects. Everything else is named, for a GOROOT has none.

Source: openat(2), O_NOFOLLOW; readdir(3) for the types.
"""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import distribution
from gosteward.golang.distribution import Entry
from gosteward.host.writing import READING

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE = 1 << 20
DEEPEST = 64
MOST_WAITING = 64  # open files
MOST_FILES = 200_000
_DIRECTORY = READING | os.O_DIRECTORY


class Oddity(NamedTuple):
    """Something that is no regular file, or cannot be hashed.

    Attributes:
        name: relative to the tree.
        kind: "link" (`detail` is its target), "special", "unreadable" (`detail` says why), "changed" while it was read, "name" that the form of
            h1 has no way to write, "too deep", "too many" files.
    """

    name: str
    kind: str
    detail: str = ""


class HashedTree(NamedTuple):
    """A tree as it is.  entries: regular files, by name.   oddities: everything else but directories.   size: bytes of all files."""

    entries: tuple[Entry, ...]
    oddities: tuple[Oddity, ...]
    size: int

    def h1(self, version: str, platform: str) -> str:
        """The h1 of its module form: what the checksum database has for a tree that nobody changed. Modes are not part of it."""
        return distribution.module_h1(distribution.module_form(self.entries, platform), version, platform)


def hash_tree(directory: int, threads: int = 1) -> HashedTree:
    """Hash every file below a directory.

    Args:
        directory: descriptor; it stays open.   threads: how many hash large files, beside the one that reads directories and the small ones.
    Raises:
        OSError: the directory itself cannot be read. What is wrong further down is an oddity.
    """
    hashing = _Hashing(threads)
    try:
        hashing.enter(directory, "", 0)
        return hashing.result()
    finally:
        hashing.close()


class _Hashing:
    def __init__(self, threads: int) -> None:
        # With one thread everything is hashed where it is met.
        self._pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None
        self._waiting: list[tuple[str, int, Callable[[], str]]] = []
        self._entries: list[Entry] = []
        self._oddities: list[Oddity] = []
        self._size = 0

    def enter(self, directory: int, prefix: str, depth: int) -> None:
        with os.scandir(directory) as entries:
            found = list(entries)
        for entry in found:
            name = prefix + entry.name
            if entry.is_symlink():
                self._odd(name, "link", os.readlink(entry.name, dir_fd=directory))
            elif entry.is_dir(follow_symlinks=False):
                self._below(directory, entry.name, name, depth + 1)
            elif not entry.is_file(follow_symlinks=False):
                self._odd(name, "special")
            elif "\n" in name:
                self._odd(name, "name")
            else:
                self._file(directory, entry.name, name)

    def result(self) -> HashedTree:
        for name, mode, digest in self._waiting:
            self._take(name, mode, digest)
        return HashedTree(tuple(sorted(self._entries)), tuple(sorted(self._oddities)), self._size)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def _below(self, directory: int, base: str, name: str, depth: int) -> None:
        if depth > DEEPEST:
            self._odd(name, "too deep")
            return
        try:
            entered = os.open(base, _DIRECTORY, dir_fd=directory)
        except OSError as error:
            self._odd(name, "unreadable", error.strerror or "")
            return
        try:
            self.enter(entered, f"{name}/", depth)
        except OSError as error:
            self._odd(name, "unreadable", error.strerror or "")
        finally:
            os.close(entered)

    def _file(self, directory: int, base: str, name: str) -> None:
        if len(self._entries) + len(self._waiting) >= MOST_FILES:
            if self._oddities[-1:] != [Oddity(name="", kind="too many")]:
                self._odd("", "too many")
            return
        try:
            descriptor = os.open(base, READING, dir_fd=directory)
        except OSError as error:
            self._odd(name, "unreadable", error.strerror or "")
            return
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):  # it was exchanged since
            os.close(descriptor)
            self._odd(name, "changed")
            return
        self._size += status.st_size
        mode = stat.S_IMODE(status.st_mode)
        if self._pool is not None and status.st_size >= PIECE and len(self._waiting) < MOST_WAITING:
            self._waiting.append((name, mode, self._pool.submit(_digest, descriptor, status.st_size).result))
        else:
            self._take(name, mode, lambda: _digest(descriptor, status.st_size))

    def _take(self, name: str, mode: int, digest: Callable[[], str]) -> None:
        try:
            found = digest()
        except OSError as error:
            self._odd(name, "unreadable", error.strerror or "")
            return
        if found:
            self._entries.append(Entry(name, mode, found))
        else:
            self._odd(name, "changed")

    def _odd(self, name: str, kind: str, detail: str = "") -> None:
        self._oddities.append(Oddity(name, kind, detail))


def _digest(descriptor: int, size: int) -> str:
    """SHA-256 of a file, which is closed then; "" if it has not as many bytes as it had. Raises OSError."""
    try:
        content = os.read(descriptor, min(size + 1, PIECE))
        total, left = sha256(content), size - len(content)
        while content and left >= 0:
            content = os.read(descriptor, min(left + 1, PIECE))
            total.update(content)
            left -= len(content)
        return "" if left else total.hexdigest()
    finally:
        os.close(descriptor)
