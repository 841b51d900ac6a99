"""What lies in a module cache: versions of modules, downloaded and unpacked, and what go never puts there. Directories are entered through no link.

cache/download/ESCAPED/@v/VERSION.{info,mod,zip,ziphash}     what was downloaded, with .lock, .partial and *.tmp of a download that goes on, or was cut
ESCAPED@VERSION/                                              the unpacked zip

In ESCAPED each capital letter is `!` and the small one. Source: cmd/go/internal/modfetch/cache.go (`CachePath`, `DownloadDir`), fetch.go (`unzip`).
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import cached_names, gomod
from gosteward.host.writing import READING

if TYPE_CHECKING:
    from collections.abc import Callable

    Looking = Callable[[int, str, int], None]

MOST_ENTRIES = 4_000_000
MOST_NOTES = 100_000
DEEPEST = 64
# What has something to be judged.
CONTENT = frozenset(["mod", "zip", "ziphash"])
_DIRECTORY = READING | os.O_DIRECTORY


class Cached(NamedTuple):
    """A module version.

    Attributes:
        downloads: directory of its files, relative to the cache.   files: those of `cached_names.SUFFIXES` that are there.
        directory: where it is unpacked, relative, "" if it is not.
    """

    module: str
    version: str
    downloads: str = ""
    files: frozenset[str] = frozenset()
    directory: str = ""

    @property
    def has_content(self) -> bool:
        """Whether there is more than a .info, a lock or the rest of a cut download."""
        return bool(self.directory or self.files & CONTENT)

    def file(self, suffix: str) -> str:
        """Path of a downloaded file, relative to the cache."""
        return f"{self.downloads}/{gomod.escape(self.version)}.{suffix}"


class Odd(NamedTuple):
    """What is no part of a module version.  path: relative.   what: "link", "special", "unreadable", "other file system", "unfinished", "stray"."""

    path: str
    what: str


class Listing(NamedTuple):
    """A cache.  versions: by module and version.   cut: whether there is more than can be looked through."""

    versions: tuple[Cached, ...]
    odd: tuple[Odd, ...]
    cut: bool = False


def listed(top: int) -> Listing:
    """Look through a cache.

    Args:
        top: descriptor of its directory; it stays open.
    Raises:
        OSError: the directory itself cannot be read.
    """
    looking = _Looking(os.fstat(top).st_dev)
    looking.unpacked(top, "", 0)
    looking.downloads_below(top)
    return Listing(tuple(sorted(looking.found.values())), tuple(sorted(looking.odd)), looking.cut)


class _Looking:
    def __init__(self, device: int) -> None:
        self.device = device
        self.found: dict[tuple[str, str], Cached] = {}
        self.odd: list[Odd] = []
        self.left = MOST_ENTRIES
        self.cut = False

    def unpacked(self, directory: int, prefix: str, depth: int) -> None:
        for entry in self._entries(directory):
            path = prefix + entry.name
            if path == "cache" or not self._is_directory(entry, path):
                continue
            if "@" not in entry.name:
                inner = self._opened(directory, entry.name, path, depth)
                if inner is not None:
                    self._closing(self.unpacked, inner, f"{path}/", depth + 1)
            elif cached_names.is_temporary(entry.name):
                self._note(path, "unfinished")
            else:
                self._unpacked_version(path)

    def downloads_below(self, top: int) -> None:
        """Everything in cache/download but the files of checksum databases."""
        place, path = os.dup(top), ""
        for name in ("cache", "download"):
            path = f"{path}/{name}".lstrip("/")
            inner = self._opened(place, name, path, 0) if self._there(place, name, path) else None
            os.close(place)
            if inner is None:
                return
            place = inner
        self._closing(self._downloads, place, "cache/download/", 0)

    def _downloads(self, directory: int, prefix: str, depth: int) -> None:
        for entry in self._entries(directory):
            path = prefix + entry.name
            if path == "cache/download/sumdb" or (entry.name == "@latest" and entry.is_file(follow_symlinks=False)):
                continue
            inner = self._opened(directory, entry.name, path, depth) if self._is_directory(entry, path) else None
            if inner is not None:
                below = self._files if entry.name == "@v" else self._downloads
                self._closing(below, inner, f"{path}/", depth + 1)

    def _files(self, directory: int, prefix: str, _depth: int) -> None:
        module = cached_names.unescaped(prefix[len("cache/download/") : -len("/@v/")])
        for entry in self._entries(directory):
            path = prefix + entry.name
            if not entry.is_file(follow_symlinks=False):
                self._note(path, "link" if entry.is_symlink() else "special")
            elif cached_names.is_temporary(entry.name):
                self._note(path, "unfinished")
            else:
                self._downloaded(module, entry.name, prefix[:-1])

    def _downloaded(self, module: str, name: str, downloads: str) -> None:
        file = cached_names.downloaded(name)
        if not module or file is None:
            # Lists of versions are no content, and `.info` is also kept for branches and commits: it says which version these are.
            if name.endswith((".zip", ".mod", ".ziphash")):
                self._note(f"{downloads}/{name}", "stray")
            return
        if file.suffix == "partial":
            self._note(f"{downloads}/{name}", "unfinished")
        before = self.found.get((module, file.version), Cached(module, file.version))
        self.found[module, file.version] = before._replace(downloads=downloads, files=before.files | {file.suffix})

    def _unpacked_version(self, path: str) -> None:
        found = cached_names.unpacked(path)
        if found is None:
            self._note(path, "stray")
            return
        module, version = found
        before = self.found.get((module, version), Cached(module, version))
        self.found[module, version] = before._replace(directory=path)

    def _entries(self, directory: int) -> list[os.DirEntry[str]]:
        with os.scandir(directory) as entries:
            found = [entry for entry, _ in zip(entries, range(self.left))]
        self.left -= len(found)
        self.cut = self.cut or self.left <= 0
        return found

    def _is_directory(self, entry: os.DirEntry[str], path: str) -> bool:
        if entry.is_dir(follow_symlinks=False):
            return True
        kind = "link" if entry.is_symlink() else "stray" if entry.is_file(follow_symlinks=False) else "special"
        self._note(path, kind)
        return False

    def _there(self, directory: int, name: str, path: str) -> bool:
        try:
            status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        except OSError:
            return False
        if stat.S_ISDIR(status.st_mode):
            return True
        # A cache may be spread over disks by its owner; what is behind is not read.
        self._note(path, "unreadable")
        return False

    def _opened(self, directory: int, name: str, path: str, depth: int) -> int | None:
        if depth >= DEEPEST:
            self._note(path, "stray")
            return None
        try:
            inner = os.open(name, _DIRECTORY, dir_fd=directory)
        except OSError:
            self._note(path, "unreadable")
            return None
        if os.fstat(inner).st_dev != self.device:
            os.close(inner)
            self._note(path, "other file system")
            return None
        return inner

    def _closing(self, look: Looking, directory: int, prefix: str, depth: int) -> None:
        try:
            look(directory, prefix, depth)
        except OSError:
            self._note(prefix.rstrip("/"), "unreadable")
        finally:
            os.close(directory)

    def _note(self, path: str, what: str) -> None:
        if len(self.odd) < MOST_NOTES:
            self.odd.append(Odd(path, what))
        else:
            self.cut = True
