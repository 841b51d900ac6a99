"""What a module's own source files import and ask for: only heads of files that would be built here, within a budget."""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import gosource, goversion
from gosteward.knowledge import std_packages
from gosteward.snapshot import CgoUse, Import, Location

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gosteward.host.reading import Host

HEAD = 1 << 15
MOST_SHOWN = 10
_MOST_DIRECTORIES = 400
_MOST_DEPTH = 12
_SKIPPED = frozenset(("vendor", "testdata", "node_modules"))
# Not worth a system call each to see that they are no directories.
_FILES_TEXT = """
    c cc css csv go h html ico jpg js json md mod png pdf proto py s sh snap sql sum svg toml ts txt xml yaml yml
"""
_FILES = frozenset(_FILES_TEXT.split())
_CGO_TAG = re.compile(r"(?<![\w.])cgo(?![\w.])")
_CXX = (".cc", ".cpp", ".cxx")
_GENERATE = re.compile(r"^//go:generate[ \t].*$", re.MULTILINE)


class Sources(NamedTuple):
    """What was seen.

    Attributes:
        imports: every import path.   cgo, std_imports, generate: as in `Workspace`.   has_main: some package is a program.
        complete: every file was looked at.
    """

    imports: frozenset[str] = frozenset()
    cgo: tuple[CgoUse, ...] = ()
    std_imports: tuple[Import, ...] = ()
    generate: tuple[Location, ...] = ()
    has_main: bool = False
    complete: bool = True


def scan(host: Host, root: str, tags: Callable[[str], bool], budget: int) -> Sources:
    """Look at the source files of a module.

    Args:
        root: its directory; nested modules, vendor and testdata are left out.   tags: build tags that hold here.
        budget: files at most.
    """
    seen = _Seen()
    complete = True
    for path in _files(host, root, tags):
        if budget <= 0 or host.reading_time.is_up("workspaces"):
            complete = False
            break
        budget -= 1
        try:
            text = host.read_at(path, 0, HEAD).decode("utf-8", "surrogateescape")
        except OSError:
            continue
        seen.file(path, text, tags)
    newest_first = sorted(seen.std.values(), key=lambda use: goversion.parse(use.since) or (), reverse=True)
    return Sources(
        imports=frozenset(seen.imports),
        cgo=tuple(use._replace(cxx=_has_cxx(host, use.location.path)) for use in seen.cgo),
        std_imports=tuple(newest_first[:MOST_SHOWN]),
        generate=tuple(seen.generate),
        has_main=seen.has_main,
        complete=complete,
    )


class _Seen:
    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.cgo: list[CgoUse] = []
        self.std: dict[str, Import] = {}
        self.generate: list[Location] = []
        self.has_main = False

    def file(self, path: str, text: str, tags: Callable[[str], bool]) -> None:
        head = gosource.header(text)
        if not gosource.holds(head.constraint, tags):
            return
        self.has_main = self.has_main or head.package == "main"
        for name, line in head.imports:
            self.imports.add(name)
            since = std_packages.since(name)
            if since and name not in self.std:
                self.std[name] = Import(name, _location(path, text, line), since)
        if head.cgo_line and len(self.cgo) < MOST_SHOWN:
            use = CgoUse(
                location=_location(path, text, head.cgo_line),
                pkg_config=gosource.pkg_config_names(head.preamble, tags),
                headers=gosource.included_headers(head.preamble),
                needed_headers=gosource.needed_headers(head.preamble),
                flags=gosource.brings_flags(head.preamble),
                optional=bool(_CGO_TAG.search(head.constraint)),
            )
            self.cgo.append(use)
        if "//go:generate" in text:
            for match in _GENERATE.finditer(text):
                if len(self.generate) < MOST_SHOWN:
                    line = text.count("\n", 0, match.start()) + 1
                    self.generate.append(Location(path, line, match[0].rstrip("\r")[:300]))


def _has_cxx(host: Host, path: str) -> bool:
    """Whether sources in C++ lie beside a file."""
    return any(name.endswith(_CXX) for name in host.listdir(path.rpartition("/")[0]))


def _location(path: str, text: str, line: int) -> Location:
    place = -1
    for _ in range(line - 1):
        place = text.find("\n", place + 1)
    end = text.find("\n", place + 1)
    return Location(path, line, text[place + 1 : end if end >= 0 else None].rstrip("\r")[:300])


def _files(host: Host, root: str, tags: Callable[[str], bool]) -> Iterator[str]:
    """Files that would be built, level by level."""
    todo = [(root.rstrip("/"), 0)]
    visited = 0
    while todo and visited < _MOST_DIRECTORIES and not host.reading_time.is_up("workspaces"):
        directory, depth = todo.pop(0)
        names = host.listdir(directory)
        if depth and "go.mod" in names:
            continue  # a module of its own
        visited += 1
        for name in names:
            path = f"{directory}/{name}"
            if gosource.name_fits(name, tags):
                yield path
            elif depth < _MOST_DEPTH and _entered(name):
                status = host.lstat(path)
                if status is not None and stat.S_ISDIR(status.st_mode):
                    todo.append((path, depth + 1))


def _entered(name: str) -> bool:
    if name in _SKIPPED or name.startswith((".", "_")):
        return False
    return name.rpartition(".")[2] not in _FILES
