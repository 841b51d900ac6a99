"""The module cache (GOMODCACHE) and proxies that are directories: which modules are there, with which bytes.

Source: go.dev/ref/mod, "Module cache" and "GOPROXY protocol": cache/download has a proxy's layout, with `.ziphash` beside.
"""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING

from gosteward.golang import dirhash, gomod, modulepaths

if TYPE_CHECKING:
    from gosteward.host.reading import Host

ZIP_LIMIT = 20 << 20
_HASHED = 40 << 20
_MOST_LOOKED_AT = 4_000
_MOST_READ = 600
_MOD_LIMIT = 1 << 16
# The end record of a zip, with the longest comment.
_ZIP_END, _ZIP_TAIL = b"PK\x05\x06", 22 + 0xFFFF
_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")
_GO_LINE = re.compile(r"^[ \t]*go[ \t]+(\d[\w.]{0,30})", re.MULTILINE)


class ModuleCache:
    """Answers about one module cache. What was asked once is kept; what is beyond the budgets counts as sound.

    Args:
        directory: GOMODCACHE, "" where there is none.
    """

    def __init__(self, host: Host, directory: str) -> None:
        self._host = host
        self._directory = directory.rstrip("/")
        self._known: dict[tuple[str, str], bool] = {}
        self._gos: dict[tuple[str, str], str] = {}
        self._present = bool(directory) and host.is_directory(directory)
        self._left_to_hash = _HASHED
        self._looked_into = 0

    def holds(self, path: str, version: str) -> bool:
        """Whether the module is unpacked, or its zip is there."""
        key = (path, version)
        if key not in self._known:
            if not self._present:
                return False
            if len(self._known) >= _MOST_LOOKED_AT:
                return True
            unpacked = self._unpacked(path, version)
            self._known[key] = self._host.exists(self._file(path, version, "zip")) or self._host.is_directory(unpacked)
        return self._known[key]

    def damage(self, path: str, version: str, imported: frozenset[str]) -> tuple[str, str]:
        """What of a cached module is not whole, as a full disk or a crash leaves it; ("", "") if nothing is, as far as was looked.

        Args:
            imported: import paths of its packages that are used.
        Returns:
            The file or directory, and "empty" (a go.mod of no bytes), "cut" (a zip without its end, which go has yet to unpack), or
            "incomplete" (an unpacked directory without files that the zip beside it has).
        """
        if not self._present or self._looked_into >= _MOST_READ:
            return "", ""
        self._looked_into += 1
        go_mod = self._file(path, version, "mod")
        status = self._host.stat(go_mod)
        if status is not None and stat.S_ISREG(status.st_mode) and not status.st_size:
            return go_mod, "empty"
        archive = self._file(path, version, "zip")
        unpacked = self._unpacked(path, version)
        if not self._host.is_directory(unpacked):
            return (archive, "cut") if imported and self._is_cut(archive) else ("", "")
        suspects = [
            d for d in (name[len(path) :].strip("/") for name in sorted(imported)) if self._lacks_files(unpacked, d)
        ]
        # go unpacks again where it left this mark.
        if not suspects or self._host.exists(self._file(path, version, "partial")):
            return "", ""
        return (
            (unpacked, "incomplete")
            if self._zip_has_more(archive, f"{path}@{version}", suspects, unpacked)
            else ("", "")
        )

    def _is_cut(self, archive: str) -> bool:
        status = self._host.stat(archive)
        if status is None or not stat.S_ISREG(status.st_mode):
            return False
        tail = min(status.st_size, _ZIP_TAIL)
        try:
            return _ZIP_END not in self._host.read_at(archive, status.st_size - tail, tail)
        except OSError:
            return False

    def _lacks_files(self, unpacked: str, directory: str) -> bool:
        """Whether a package's directory has no Go file, or an empty one."""
        place = f"{unpacked}/{directory}".rstrip("/")
        sources = [name for name in self._host.listdir(place) if name.endswith(".go")]
        return not sources or any(
            (status := self._host.stat(f"{place}/{name}")) is not None and not status.st_size for name in sources[:200]
        )

    def _zip_has_more(self, archive: str, top: str, directories: list[str], unpacked: str) -> bool:
        """Whether the zip has Go files of these directories that are not there, or that are empty there and not in the zip."""
        status = self._host.stat(archive)
        if status is None or status.st_size > min(ZIP_LIMIT, self._left_to_hash):
            return False
        self._left_to_hash -= status.st_size
        try:
            sizes = dirhash.sizes_in_zip(self._host.read(archive, ZIP_LIMIT))
        except OSError:
            return False
        for name, size in sizes.items():
            inside = name.removeprefix(f"{top}/")
            if name.endswith(".go") and size and inside != name and inside.rpartition("/")[0] in directories:
                found = self._host.stat(f"{unpacked}/{inside}")
                if found is None or not found.st_size:
                    return True
        return False

    def go_of(self, path: str, version: str) -> str:
        """Version in the go line of a cached module's go.mod; "" if it has none, or is not known."""
        key = (path, version)
        if key not in self._gos:
            if not self._present or len(self._gos) >= _MOST_READ:
                return ""
            match = _GO_LINE.search(self._text(self._file(path, version, "mod")))
            self._gos[key] = match[1] if match else ""
        return self._gos[key]

    def digest(self, path: str, version: str, wanted: tuple[str, ...]) -> tuple[str, str]:
        """The h1 of a cached zip, and its path; ("", "") if it is not there, or was not worth a look.

        Args:
            wanted: what it should be. Go trusts the hash that it wrote beside the zip, so a zip whose hash is written there is not read.
        """
        if not self._present:
            return "", ""
        archive = self._file(path, version, "zip")
        written = self._text(f"{archive}hash").strip()
        if written in wanted or not self._host.exists(archive):
            return ("", "") if not written or written in wanted else (written, f"{archive}hash")
        computed = self._hashed(archive)
        if computed and computed not in wanted:
            return computed, archive
        return (written, f"{archive}hash") if written else ("", "")

    def digest_at(self, proxies: tuple[str, ...], path: str, version: str) -> tuple[str, str]:
        """The same for the first of some directories, each in a proxy's layout, that has the module."""
        for directory in proxies:
            archive = f"{directory}/{gomod.escape(path)}/@v/{gomod.escape(version)}.zip"
            if self._host.exists(archive):
                return self._hashed(archive), archive
        return "", ""

    def _hashed(self, archive: str) -> str:
        status = self._host.stat(archive)
        if status is None or status.st_size > min(ZIP_LIMIT, self._left_to_hash):
            return ""
        self._left_to_hash -= status.st_size
        try:
            return dirhash.of_zip(self._host.read(archive, ZIP_LIMIT))
        except OSError:
            return ""

    def _unpacked(self, path: str, version: str) -> str:
        return f"{self._directory}/{gomod.escape(path)}@{gomod.escape(version)}"

    def _file(self, path: str, version: str, suffix: str) -> str:
        return f"{self._directory}/cache/download/{gomod.escape(path)}/@v/{gomod.escape(version)}.{suffix}"

    def _text(self, path: str) -> str:
        try:
            return self._host.read(path, _MOD_LIMIT).decode("utf-8", "replace")
        except OSError:
            return ""


def proxy_directories(goproxy: str) -> tuple[str, ...]:
    """The file: entries with which a GOPROXY value begins: what comes behind a server is not known without asking it."""
    directories = []
    for entry in modulepaths.proxy_list(goproxy):
        if entry.kind != "file":
            break
        place = _unquoted(entry.text[len("file:") :])
        directories.append("/" + place.lstrip("/").rstrip("/"))
    return tuple(directories)


def _unquoted(text: str) -> str:
    """Without the %20 of URLs."""
    plain = _ESCAPED.sub(lambda match: bytes((int(match[1], 16),)), text.encode("utf-8", "surrogateescape"))
    return plain.decode("utf-8", "surrogateescape")
