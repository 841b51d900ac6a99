"""The go.work in force for a module: the one that GOWORK names, or the nearest in a directory above it.

Source: go.dev/ref/mod, "Workspaces"; cmd/go/internal/modload/init.go (`FindGoWork`, `findWorkspaceFile`).
"""

from __future__ import annotations

import os.path
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import gomod
from gosteward.probes import module_roots
from gosteward.snapshot import GoWork, Location

if TYPE_CHECKING:
    from gosteward.golang.gomod import ModFile
    from gosteward.golang.modfile_lines import Line
    from gosteward.host.reading import Host
    from gosteward.snapshot import Setting

MOST_USES = 500
MOST_ERRORS = 20


class WorkFile(NamedTuple):
    """A go.work with what is in it.  uses: (directory, line) in order."""

    path: str
    mod: ModFile
    uses: tuple[tuple[str, Line], ...] = ()
    readable: bool = True


class WorkFiles:
    """go.work files of one host; each is read once.

    Args:
        setting: the GOWORK that counts, None without one.   trees: Go trees, above which no go.work is looked for.
    """

    def __init__(self, host: Host, setting: Setting | None, trees: frozenset[str]) -> None:
        self._host = host
        self._setting = setting if setting is not None and setting.value != "auto" else None
        self._trees = trees
        self._files: dict[str, WorkFile] = {}

    def of(self, root: str) -> WorkFile | None:
        """The file in force in a directory; None without one, and where GOWORK=off."""
        if self._setting is not None:
            return None if not self._setting.value.startswith("/") else self._read(self._setting.value)
        directory = module_roots.above(self._host, root, "go.work", self._trees)
        return self._read(f"{directory.rstrip('/')}/go.work") if directory else None

    def _read(self, path: str) -> WorkFile:
        if path not in self._files:
            self._files[path] = self._parsed(path)
        return self._files[path]

    def _parsed(self, path: str) -> WorkFile:
        try:
            text = self._host.text(path)
        except OSError:
            return WorkFile(path, gomod.ModFile(), readable=False)
        mod = gomod.parse(text, gomod.WORK_DIRECTIVES)
        base = path.rpartition("/")[0] or "/"
        uses = tuple((absolute(base, line.words[0]), line) for line in mod.uses[:MOST_USES])
        return WorkFile(path, mod, uses)

    def facts(self, file: WorkFile, root: str) -> GoWork:
        """What a rule may know about it, as seen from the module in `root`."""
        mod = file.mod
        real = self._host.realpath(root) or root
        return GoWork(
            path=file.path,
            go=mod.go,
            go_location=location(file.path, mod.go_line),
            toolchain=mod.toolchain,
            uses=tuple(directory for directory, _ in file.uses),
            missing_uses=tuple(
                place(file.path, line) for d, line in file.uses if not self._host.exists(f"{d.rstrip('/')}/go.mod")
            ),
            lists_module=not self._host.exists(f"{root.rstrip('/')}/go.mod")
            or any(d == root or (self._host.realpath(d) or d) == real for d, _ in file.uses),
            use_location=location(file.path, file.uses[0][1]) if file.uses else None,
            setting=self._setting.location if self._setting is not None else None,
            errors=errors(file.path, mod),
            exists=file.readable,
        )


def absolute(base: str, path: str) -> str:
    """A directory as written in a go.work or go.mod that lies in `base`."""
    return os.path.normpath(path if path.startswith("/") else f"{base.rstrip('/')}/{path}")


def place(path: str, line: Line) -> Location:
    """A line of such a file."""
    return Location(path, line.number, line.text)


def location(path: str, line: Line | None) -> Location | None:
    """The same; None for none."""
    return place(path, line) if line is not None else None


def errors(path: str, mod: ModFile) -> tuple[Location, ...]:
    """Lines that no Go parses, each once, at most 20."""
    return tuple(dict.fromkeys(place(path, line) for line, _ in mod.errors[:MOST_ERRORS]))
