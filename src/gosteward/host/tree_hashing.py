"""The files of an installed GOROOT with their digests, and who else could change them: a tree that somebody else may own.

Directories are entered by descriptors, and no link is followed, so that the files of the tree are hashed and no others. Only what the directory
calls a regular file is opened at all: opening a FIFO or a device can have effects. Everything else is named, for a GOROOT has none.

Source: openat(2), O_NOFOLLOW and O_NONBLOCK; readdir(3) for the types; inode(7).
"""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from typing import NamedTuple

from gosteward.golang import distribution
from gosteward.golang.distribution import Entry
from gosteward.host.writing import READING

DEEPEST = 64
MOST_FILES = 100_000  # and directories
MOST_ODD = 1_000
MOST_BYTES = 4 << 30
FILE_LIMIT = 256 << 20
LONGEST_NAME = 1_024
PIECE = 1 << 18
SMALL = 1 << 15
_DIRECTORY = READING | os.O_DIRECTORY
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class Oddity(NamedTuple):
    """Something that is no regular file, or cannot be hashed.

    Attributes:
        name: relative to the tree.
        kind: "link" (`detail` is its target), "special", "unreadable" (`detail` says why), "changed" while it was read, "name" that the form of
            h1 has no way to write, "too deep", "too large", "too many" files and bytes, "other file system".
    """

    name: str
    kind: str
    detail: str = ""


class HashedTree(NamedTuple):
    """A tree as it is.

    Attributes:
        entries: regular files, by name; sha256 is "" for those that were not to be hashed.   oddities: everything else but directories.
        size: bytes of all files that were hashed.   others_write: the first thing that others than root may change; "." for the top, "" for none.
        cut: why it was not read to its end, then "too many" is among the oddities; "" if it was.
    """

    entries: tuple[Entry, ...]
    oddities: tuple[Oddity, ...]
    size: int
    others_write: str = ""
    cut: str = ""

    def h1(self, version: str, platform: str) -> str:
        """The h1 of its module form: what the checksum database has for a tree that nobody changed. Modes are not part of it."""
        return distribution.module_h1(distribution.module_form(self.entries, version, platform), version, platform)


def hash_tree(directory: int, unhashed: tuple[str, ...] = ()) -> HashedTree:
    """Hash every file below a directory.

    Args:
        directory: descriptor; it stays open.   unhashed: names that start so are only listed.
    Raises:
        OSError: the directory itself cannot be read. What is wrong further down is an oddity.
    """
    hashing = _Hashing(unhashed)
    hashing.enter(directory, os.fstat(directory), "", 0)
    return hashing.result()


class _Hashing:
    def __init__(self, unhashed: tuple[str, ...]) -> None:
        self._unhashed = unhashed
        self._entries: list[Entry] = []
        self._oddities: list[Oddity] = []
        self._size = self._directories = 0
        self._others_write = self._cut = ""
        self._buffer = memoryview(bytearray(PIECE))

    def result(self) -> HashedTree:
        oddities = [*self._oddities, *((Oddity("", "too many", self._cut),) if self._cut else ())]
        return HashedTree(
            tuple(sorted(self._entries)), tuple(sorted(oddities)), self._size, self._others_write, self._cut
        )

    def enter(self, directory: int, status: os.stat_result, prefix: str, depth: int) -> None:
        self._directories += 1
        if status.st_uid or status.st_mode & _OTHERS:
            self._note_writers(prefix.rstrip("/") or ".")
        with os.scandir(directory) as found:
            for entry in found:
                base = entry.name
                name = prefix + base
                if len(self._entries) + self._directories > MOST_FILES or len(self._oddities) >= MOST_ODD:
                    self._cut = f"it holds more than {MOST_FILES} files and directories, or {MOST_ODD} other things"
                if self._cut:
                    return
                if "\n" in base or len(name) > LONGEST_NAME:
                    self._odd(name, "name")
                elif entry.is_file(follow_symlinks=False):
                    self._file(directory, base, name)
                elif entry.is_dir(follow_symlinks=False):
                    self._below(directory, status.st_dev, base, name, depth + 1)
                elif entry.is_symlink():
                    self._odd(name, "link", _target(base, directory))
                else:
                    self._odd(name, "special")

    def _below(self, directory: int, device: int, base: str, name: str, depth: int) -> None:
        if depth > DEEPEST:
            self._odd(name, "too deep")
            return
        try:
            entered = os.open(base, _DIRECTORY, dir_fd=directory)
        except OSError as error:
            self._odd(name, "unreadable", error.strerror or "")
            return
        try:
            status = os.fstat(entered)
            if status.st_dev == device:
                self.enter(entered, status, f"{name}/", depth)
            else:
                self._odd(name, "other file system")
        except OSError as error:  # it went away, or its disk does not answer
            self._odd(name, "unreadable", error.strerror or "")
        finally:
            os.close(entered)

    def _file(self, directory: int, base: str, name: str) -> None:
        """Take a file. This is the loop in which the time goes."""
        descriptor = -1
        try:
            if self._unhashed and name.startswith(self._unhashed):
                status = os.lstat(base, dir_fd=directory)
            else:
                descriptor = os.open(base, READING, dir_fd=directory)
                status = os.fstat(descriptor)
            mode = status.st_mode
            if status.st_uid or mode & _OTHERS:
                self._note_writers(name)
            if not stat.S_ISREG(mode):  # it was exchanged since
                self._odd(name, "changed")
            elif descriptor < 0:
                self._entries.append(Entry(name, mode & 0o7777, ""))
            elif status.st_size > FILE_LIMIT:
                self._odd(name, "too large")
            else:
                self._hashed(descriptor, status, name)
        except OSError as error:
            self._odd(name, "unreadable", error.strerror or "")
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def _hashed(self, descriptor: int, status: os.stat_result, name: str) -> None:
        """Take a file with the digest of as many bytes as it has."""
        size = status.st_size
        if size < SMALL:
            content = os.read(descriptor, SMALL)
            done, total = len(content), sha256(content)
        else:
            done, total = 0, sha256()
            while done <= size and (count := os.readv(descriptor, (self._buffer,))):
                total.update(self._buffer[:count])
                done += count
        self._size += done
        if self._size > MOST_BYTES:
            self._cut = f"it holds more than {MOST_BYTES} bytes"
        if done == size:
            self._entries.append(Entry(name, status.st_mode & 0o7777, total.hexdigest()))
        else:
            self._odd(name, "changed")

    def _note_writers(self, name: str) -> None:
        self._others_write = self._others_write or name

    def _odd(self, name: str, kind: str, detail: str = "") -> None:
        self._oddities.append(Oddity(name[:LONGEST_NAME], kind, detail))


def _target(base: str, directory: int) -> str:
    try:
        return os.readlink(base, dir_fd=directory)
    except OSError:
        return ""
