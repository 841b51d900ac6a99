"""Contents of a module cache that may be somebody else's: digests of zips and of unpacked directories, read through no link and within limits."""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats import zip_members
from gosteward.formats.zip_members import Limits
from gosteward.golang import dirhash
from gosteward.golang.distribution import Entry
from gosteward.golang.tree_comparison import Difference
from gosteward.host.descriptors import read_all
from gosteward.host.inflating import Forward, digest_of
from gosteward.host.writing import READING
from gosteward.toolchains.origins.log_files import opened_below

if TYPE_CHECKING:
    from gosteward.host.inflating import Engine

# cmd/go takes no module zip that is larger, packed or unpacked (golang.org/x/mod/zip, MaxZipFile); what is beyond cannot be one.
MOST_BYTES = 500 << 20
MOST_FILES = 100_000
MOST_ODD = 1_000
DEEPEST = 64
LONGEST_NAME = 1_024
LIMITS = Limits(members=MOST_FILES, member=MOST_BYTES, total=MOST_BYTES, archive=MOST_BYTES, empty=True)
_BUFFER = 1 << 17
_DIRECTORY = READING | os.O_DIRECTORY


class Contents(NamedTuple):
    """A directory.

    Attributes:
        entries: regular files.   odd: everything else but directories, by the kinds of `Difference`.   unreadable: names.
        cut: whether there is more than a module can have.
    """

    entries: tuple[Entry, ...]
    odd: tuple[Difference, ...] = ()
    unreadable: tuple[str, ...] = ()
    cut: bool = False


def h1_of(entries: tuple[Entry, ...], module: str, version: str) -> str:
    """The h1 of files that a module version has."""
    prefix = f"{module}@{version}/"
    return dirhash.of_digests(((prefix + e.name).encode("utf-8", "surrogateescape"), e.sha256) for e in entries)


def small_file(top: int, path: str, limit: int) -> bytes:
    """A file of at most `limit` bytes; of a longer one a byte more. Raises OSError."""
    descriptor = opened_below(top, path)
    try:
        return read_all(descriptor, os.fstat(descriptor).st_size, limit + 1)
    finally:
        os.close(descriptor)


def zip_entries(top: int, path: str, prefix: str, engine: Engine) -> tuple[Entry, ...]:
    """All files of a module zip.

    Args:
        prefix: that all names must have, "MODULE@VERSION/".
    Raises:
        ArchiveError: it is not as go packs modules, or is damaged.   OSError.
    """
    archive = opened_below(top, path)
    try:
        size = os.fstat(archive).st_size
        listed = zip_members.members(lambda at, count: os.pread(archive, count, at), size, prefix, LIMITS)
        packed = Forward(archive)
        return tuple(Entry(member.name, 0, digest_of(engine, packed, member)) for member in listed.members)
    finally:
        os.close(archive)


def directory_contents(top: int, path: str) -> Contents:
    """All files of an unpacked module. Raises OSError: the directory itself cannot be read."""
    directory = opened_below(top, path, _DIRECTORY)
    try:
        reading = _Reading(os.fstat(directory).st_dev)
        reading.enter(directory, "", 0)
        return Contents(tuple(reading.entries), tuple(sorted(reading.odd)), tuple(reading.unreadable), reading.cut)
    finally:
        os.close(directory)


class _Reading:
    def __init__(self, device: int) -> None:
        self.device = device
        self.entries: list[Entry] = []
        self.odd: list[Difference] = []
        self.unreadable: list[str] = []
        self.left = MOST_BYTES
        self.things = 0
        self.cut = False
        self.buffer = memoryview(bytearray(_BUFFER))

    def enter(self, directory: int, prefix: str, depth: int) -> None:
        with os.scandir(directory) as found:
            for entry in found:
                self.things += 1
                self.cut = self.cut or self.things > MOST_FILES or len(self.odd) + len(self.unreadable) > MOST_ODD
                if self.cut:
                    return
                name = prefix + entry.name
                if "\n" in name or len(name) > LONGEST_NAME:
                    self.odd.append(Difference(name[:LONGEST_NAME], "name"))
                elif entry.is_file(follow_symlinks=False):
                    self._file(directory, entry.name, name)
                elif entry.is_dir(follow_symlinks=False):
                    self._below(directory, entry.name, name, depth + 1)
                else:
                    self.odd.append(Difference(name, "link" if entry.is_symlink() else "special"))

    def _below(self, directory: int, base: str, name: str, depth: int) -> None:
        if depth > DEEPEST:
            self.odd.append(Difference(name, "too deep"))
            return
        try:
            inner = os.open(base, _DIRECTORY, dir_fd=directory)
        except OSError:
            self.unreadable.append(name)
            return
        try:
            if os.fstat(inner).st_dev == self.device:
                self.enter(inner, f"{name}/", depth)
            else:
                self.odd.append(Difference(name, "other file system"))
        except OSError:
            self.unreadable.append(name)
        finally:
            os.close(inner)

    def _file(self, directory: int, base: str, name: str) -> None:
        try:
            file = os.open(base, READING, dir_fd=directory)
        except OSError:
            self.unreadable.append(name)
            return
        try:
            mode = os.fstat(file).st_mode
            if stat.S_ISREG(mode):
                self.entries.append(Entry(name, mode & 0o7777, self._digest(file)))
            else:  # exchanged meanwhile
                self.odd.append(Difference(name, "special"))
        except OSError:
            self.unreadable.append(name)
        finally:
            os.close(file)

    def _digest(self, file: int) -> str:
        size = os.readv(file, [self.buffer])
        total = sha256(self.buffer[:size])
        self.left -= size
        while size == _BUFFER and self.left >= 0:
            size = os.readv(file, [self.buffer])
            total.update(self.buffer[:size])
            self.left -= size
        self.cut = self.cut or self.left < 0
        return total.hexdigest()
