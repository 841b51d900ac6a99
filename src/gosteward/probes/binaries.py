"""Programs: what a file is, where it really lies, and whether the examined user can run it."""

from __future__ import annotations

import os
import stat
from contextlib import nullcontext
from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats import access, elf, file_kinds
from gosteward.host.accounts import passwd_entries
from gosteward.probes.ways import Way, Ways
from gosteward.shells.user_files import as_user
from gosteward.snapshot import Binary, Blocker

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gosteward.host.reading import Host
    from gosteward.snapshot import Elf, Mount, User

_SCRIPT_LIMIT = 1 << 16
_MOST_KEPT = 5_000
_CHUNK = 1 << 13
_SELINUX = "security.selinux"
# Where root puts programs for all. What it keeps elsewhere (/root, /etc, /var) is nobody's business, whoever names it on a PATH.
_PROGRAM_PLACES = (
    "/usr/",
    "/opt/",
    "/bin/",
    "/sbin/",
    "/lib/",
    "/lib64/",
    "/snap/",
    "/var/lib/snapd/",
    "/nix/",
    "/gnu/",
    "/go",
)


class Directory(NamedTuple):
    """A directory of a search path; attributes as in `snapshot.PathEntry`, and whether a link on the way leads nowhere."""

    kind: str
    mode: int = 0
    uid: int = 0
    world_writable: bool = False
    dangling: bool = False


class Examiner:
    """Answers about programs and directories of one host, for one user. Every path is looked at once.

    Args:
        mounts: in the order of mountinfo.   owner_of: "name version" of the package that owns an absolute path, "" if none.
    """

    def __init__(self, host: Host, user: User, mounts: tuple[Mount, ...], owner_of: Callable[[str], str]) -> None:
        self.host = host
        self.user = user
        self.ways = Ways(host)
        self._points = {mount.point.rstrip("/") or "/": mount for mount in mounts}
        self._owner_of = owner_of
        self._binaries: dict[str, Binary | None] = {}
        self._closed: dict[str, Blocker | None] = {}
        self._names: dict[str, dict[int, str]] = {}

    def binary(self, path: str) -> Binary | None:
        """The program at a path, through all links; None if nothing is there. goroot, origin and version may be unknown yet."""
        if path in self._binaries:
            return self._binaries[path]
        found = self._examine(path)
        if len(self._binaries) < _MOST_KEPT:
            self._binaries[path] = found
        return found

    def directory(self, path: str) -> Directory:
        """A directory of a search path, through all links."""
        if not path.startswith("/"):
            return Directory("relative")
        way = self.ways.to(path)
        status = self.ways.status(way.real) if not way.problem else None
        if status is None:
            kind = "unreadable" if self.hidden(way) else "missing"
            return Directory(kind, dangling=way.problem == "loop" or way.through_link)
        mode = stat.S_IMODE(status.st_mode)
        if not stat.S_ISDIR(status.st_mode):
            return Directory("file", mode, status.st_uid)
        searchable = self._may_execute(path, way)
        # The sticky bit keeps others from replacing what is there; it does not keep them from adding a program.
        replaceable = bool(mode & stat.S_IWOTH) or any(self._open_to_all(place) for place in way.directories)
        return Directory("directory" if searchable else "unreadable", mode, status.st_uid, replaceable)

    def text(self, path: str, limit: int = 1 << 16) -> str:
        """The start of a text file, read with the rights that its place deserves; "" if it cannot be read."""
        way = self.ways.to(path)
        status = self.ways.status(way.real) if not way.problem else None
        if status is None or not stat.S_ISREG(status.st_mode):
            return ""
        try:
            with self._reading(way, status):
                return self.host.read(way.real, limit).decode("utf-8", "surrogateescape")
        except OSError:
            return ""

    def names(self, directory: str, limit: int = 10_000) -> list[str]:
        """Sorted names in a directory, at most `limit`, with the rights that its place deserves; [] if it cannot be read."""
        way = self.ways.to(directory)
        status = self.ways.status(way.real) if not way.problem else None
        if status is None:
            return []
        with self._reading(way, status):
            return self.host.listdir(way.real, limit)

    def package_of(self, path: str) -> str:
        """Name and version of the package that owns a path, "" if none does."""
        return self._owner_of(path)

    def closed(self, directory: str) -> Blocker | None:
        """Why the user may not search a directory (without links in its path); None if they may. What is above it does not count."""
        if directory not in self._closed:
            file = self._owned(directory)
            reason = access.execute_denied_by(self.user, file) if file else ""
            blocker = self._blocker(directory, "acl" if reason == "acl" else "directory") if reason else None
            self._closed[directory] = blocker
        return self._closed[directory]

    def _examine(self, path: str) -> Binary | None:
        way = self.ways.to(path)
        if way.problem:
            return self._broken(path, way) if way.problem == "loop" or way.through_link else None
        status = self.ways.status(way.real)
        if status is None:
            return None
        mount = self._mount_of(way.real)
        binary = Binary(
            path=path,
            real_path=way.real,
            links=way.links,
            kind="directory" if stat.S_ISDIR(status.st_mode) else "special",
            size=status.st_size,
            mode=stat.S_IMODE(status.st_mode),
            uid=status.st_uid,
            gid=status.st_gid,
            mtime=status.st_mtime,
            executable=False,
            selinux_label=self.host.xattr(way.real, _SELINUX).rstrip(b"\0").decode("ascii", "replace"),
            mount_point=mount.point if mount else "",
            mount_options=mount.options if mount else (),
        )
        return self._with_content(binary, way, status) if stat.S_ISREG(status.st_mode) else binary

    def _broken(self, path: str, way: Way) -> Binary | None:
        if self.hidden(way):
            return None
        status = self.ways.status(way.links[-1].path)
        uid, gid, when = (status.st_uid, status.st_gid, status.st_mtime) if status else (0, 0, 0.0)
        kind = "loop" if way.problem == "loop" else "missing"
        return Binary(path=path, links=way.links, kind=kind, mode=0, uid=uid, gid=gid, mtime=when, executable=False)

    def _with_content(self, binary: Binary, way: Way, status: os.stat_result) -> Binary:
        entries = access.parse_acl(self.host.xattr(way.real, access.ACCESS_LIST))
        executable = self._may_execute(binary.path, way)
        binary = binary._replace(
            executable=executable,
            blocked_by=None if executable else self._blocked_by(binary, way),
            acl=access.acl_lines(entries, self._user_name, self._group_name),
            package=self._owner_of(way.real),
        )
        try:
            with self._reading(way, status):
                return self._identified(binary, way.real)
        except OSError:
            return binary._replace(kind="unreadable")

    def _identified(self, binary: Binary, real: str) -> Binary:
        window = _Window(self.host, real, binary.size)
        head = window.read(0, file_kinds.HEAD_SIZE)
        kind = file_kinds.kind_of(head)
        if kind == "elf":
            found = self._elf(window, binary.size)
            return binary._replace(kind=kind, elf=found, version=found.go_version if found else "")
        if kind == "script":
            interpreter = file_kinds.interpreter_of(head)
            there = interpreter.startswith("/") and self.host.exists(interpreter)
            starts = file_kinds.started_by(window.read(0, _SCRIPT_LIMIT))
            return binary._replace(
                kind=kind,
                script_interpreter=interpreter,
                script_interpreter_exists=there,
                starts=starts,
                starts_exists=not starts or self.host.exists(starts.rpartition(":")[0]),
            )
        return binary._replace(kind=kind, head="" if kind == "empty" else file_kinds.shown(head))

    def _elf(self, window: _Window, size: int) -> Elf | None:
        found = elf.parse(window.read, size)
        if found is None or not found.interpreter:
            return found
        return found._replace(interpreter_exists=self.host.exists(found.interpreter))

    def _reading(self, way: Way, status: os.stat_result) -> AbstractContextManager[object]:
        """Our own rights for what root alone has put in a place of programs; the user's for all else: it could be a planted link."""
        places = (*(link.path for link in way.links), *way.directories)
        owners = {s.st_uid for s in map(self.ways.status, places) if s is not None} | {status.st_uid}
        public = owners == {0} and f"{way.real}/".startswith(_PROGRAM_PLACES)
        return nullcontext() if public else as_user(self.host, self.user)

    def _may_execute(self, path: str, way: Way) -> bool:
        """Whether the user may run a file or search a directory. A running kernel knows; else modes, lists and mounts are asked."""
        if self.host.live:
            return self.host.may(path, "x", self.user)
        file = self._owned(way.real)
        if file is None or self._way_in(way) or access.execute_denied_by(self.user, file):
            return False
        mount = self._mount_of(way.real)
        return file.directory or mount is None or "noexec" not in mount.options

    def hidden(self, way: Way) -> bool:
        """Whether something may be there that we cannot get at. Root, and whoever unpacked a root, sees everything."""
        return self.host.live and os.geteuid() != 0 and self._way_in(way) is not None

    def _way_in(self, way: Way) -> Blocker | None:
        """The first directory that the user may not search."""
        return next((found for found in map(self.closed, way.directories) if found), None)

    def _blocked_by(self, binary: Binary, way: Way) -> Blocker:
        above = self._way_in(way)
        if above is not None:
            return above
        file = self._owned(way.real)
        reason = access.execute_denied_by(self.user, file) if file else "mode"
        if not reason and "noexec" in binary.mount_options:
            return self._blocker(binary.mount_point, "noexec")
        return self._blocker(way.real, reason or ("selinux" if binary.selinux_label else "mode"))

    def _blocker(self, path: str, reason: str) -> Blocker:
        status = self.ways.status(path)
        if status is None:
            return Blocker(path, reason)
        owner, group = self._user_name(status.st_uid), self._group_name(status.st_gid)
        return Blocker(path, reason, stat.S_IMODE(status.st_mode), owner, group)

    def _owned(self, real: str) -> access.Owned | None:
        status = self.ways.status(real)
        if status is None:
            return None
        entries = access.parse_acl(self.host.xattr(real, access.ACCESS_LIST))
        is_directory = stat.S_ISDIR(status.st_mode)
        return access.Owned(stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, entries, is_directory)

    def _open_to_all(self, directory: str) -> bool:
        status = self.ways.status(directory)
        return status is not None and status.st_mode & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH

    def _mount_of(self, real: str) -> Mount | None:
        place = real
        while place:
            if place in self._points:
                return self._points[place]
            place = place.rpartition("/")[0]
        return self._points.get("/")

    def _user_name(self, uid: int) -> str:
        if "user" not in self._names:
            entries = passwd_entries(self.host.lines("/etc/passwd"))
            self._names["user"] = {entry.uid: entry.name for entry in reversed(entries)}
        return self._names["user"].get(uid, str(uid))

    def _group_name(self, gid: int) -> str:
        if "group" not in self._names:
            rows = [line.split(":") for line in self.host.lines("/etc/group")]
            self._names["group"] = {
                int(row[2]): row[0]
                for row in reversed(rows)
                if len(row) > 2 and row[2].isdecimal() and len(row[2]) <= 10
            }
        return self._names["group"].get(gid, str(gid))


class _Window:
    """Reads a file in chunks and keeps the latest few: headers are many small reads close together."""

    def __init__(self, host: Host, path: str, size: int) -> None:
        self._host = host
        self._path = path
        self._size = size
        self._chunks: list[tuple[int, int, bytes]] = []

    def read(self, offset: int, count: int) -> bytes:
        if count <= 0 or not 0 <= offset < self._size:
            return b""
        for start, asked, data in self._chunks:
            if start <= offset and offset + count <= start + asked:
                return data[offset - start : offset - start + count]
        asked = max(count, _CHUNK)
        data = self._host.read_at(self._path, offset, asked)
        self._chunks = [(offset, asked, data), *self._chunks[:3]]
        return data[:count]
