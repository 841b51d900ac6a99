"""Programs of the C toolchain: where PATH finds them, what is behind their names, and which machine they build for."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from gosteward.formats import c_targets, elf

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.snapshot import User

MOST_LINKS = 20
# Below these, gcc keeps a directory per triple with its own parts.
_GCC_PLACES = ("lib/gcc", "lib64/gcc", "libexec/gcc", "lib/gcc-cross")


class Programs:
    """Look-ups on one host. Answers are kept: many contexts share their directories."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._executable: dict[tuple[str, int], bool] = {}
        self._triples: dict[str, str] = {}
        self._targets: dict[str, str] = {}

    def found(self, words: tuple[str, ...], directories: tuple[str, ...], account: User) -> str:
        """Path of the program that a command runs in the end; "" if it, or the wrapper in front of it, is on no PATH."""
        if not words:
            return ""
        first = self._on_path(words[0], directories, account)
        if first and len(words) > 1 and c_targets.is_wrapper(words[0]):
            return self.found(words[1:], directories, account)
        if first and c_targets.is_wrapper(self._host.realpath(first)):
            # /usr/lib/ccache/gcc -> ../../bin/ccache: it runs the next program of this name.
            rest = directories[directories.index(first.rpartition("/")[0]) + 1 :] if "/" not in words[0] else ()
            return self._on_path(words[0].rpartition("/")[2], rest, account) or first
        return first

    def _on_path(self, command: str, directories: tuple[str, ...], account: User) -> str:
        if "/" in command:
            return command if command.startswith("/") and self._runs(command, account) else ""
        for directory in directories:
            path = f"{directory.rstrip('/')}/{command}"
            if self._runs(path, account):
                return path
        return ""

    def _runs(self, path: str, account: User) -> bool:
        key = (path, account.uid)
        if key not in self._executable:
            status = self._host.stat(path)
            self._executable[key] = (
                status is not None and stat.S_ISREG(status.st_mode) and self._host.may(path, "x", account)
            )
        return self._executable[key]

    def closed(self, words: tuple[str, ...], directories: tuple[str, ...]) -> tuple[str, int]:
        """A file of a command's name that nobody may execute, with links resolved, and its mode; ("", 0) if there is none."""
        name = words[0] if words else "/"
        for path in (name,) if "/" in name else tuple(f"{d.rstrip('/')}/{name}" for d in directories):
            status = self._host.stat(path) if path.startswith("/") else None
            if status is not None and stat.S_ISREG(status.st_mode) and not status.st_mode & 0o111:
                return self._host.realpath(path) or path, stat.S_IMODE(status.st_mode)
        return "", 0

    def triple(self, path: str) -> str:
        """Triple of a compiler: in its name, in a name that it is a link to, or of the only compiler directory beside it; else ""."""
        if path not in self._triples:
            names = self._names(path)
            by_name = next((t for name in names if (t := c_targets.triple_of(name))), "")
            self._triples[path] = by_name or self._by_directory(path)
        return self._triples[path]

    def target(self, path: str) -> str:
        """GOARCH that a program builds for; "" if nothing tells. A program without any triple builds for what it runs on."""
        if path not in self._targets:
            self._targets[path] = c_targets.goarch_of(self.triple(path)) or self._goarch_of_file(path)
        return self._targets[path]

    def host_triples(self) -> tuple[str, ...]:
        """Multiarch directories of this host that hold libraries ("x86_64-linux-gnu")."""
        return tuple(name for name in self._host.listdir("/usr/lib", 3000) if c_targets.goarch_of(name))

    def _names(self, path: str) -> list[str]:
        """The file's name and those that it links to, one after the other."""
        names = []
        for _ in range(MOST_LINKS):
            names.append(path.rpartition("/")[2])
            target = self._host.readlink(path)
            if not target:
                break
            path = target if target.startswith("/") else f"{path.rpartition('/')[0]}/{target}"
        return names

    def _by_directory(self, path: str) -> str:
        prefix = (self._host.realpath(path) or path).rpartition("/bin/")[0]
        if "clang" in path.rpartition("/")[2]:
            return ""
        for place in _GCC_PLACES[:3]:
            triples = [name for name in self._host.listdir(f"{prefix}/{place}", 50) if c_targets.goarch_of(name)]
            if len(triples) == 1:
                return triples[0]
        return ""

    def _goarch_of_file(self, path: str) -> str:
        try:
            head = self._host.read_at(path, 0, elf.HEADER_SIZE)
        except OSError:
            return ""
        return elf.goarch_of(head) if head.startswith(elf.MAGIC) else ""
