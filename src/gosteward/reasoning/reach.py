"""Which of the user's contexts reach Go, which lines put it on their PATH, and how bad its absence is. Pure.

A context matters here when the user types into it or sends it a command: a login, a terminal window, `ssh host`, `ssh host command`.
A script inherits the PATH of whoever starts it, and `su` that of its caller: they say nothing about the start-up files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.reasoning.impact import sound
from gosteward.reasoning.viewpoint import SESSION_KINDS, first_go, own_contexts, usable_trees

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Context, GoTree, Location, PathEntry, Snapshot, StartupFile, StartupLine

WANTED = (*SESSION_KINDS, "ssh-command")
LOGINS = ("login", "ssh-login")
SYSTEM_DIRECTORIES = ("/usr/bin", "/bin")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w{0,99})\}|([A-Za-z_]\w{0,99}))")
_GO_ITSELF = re.compile(r"go(?:fmt|\d[\w.]*)?")


class Addition(NamedTuple):
    """A line of a start-up file that would put `directory`, which holds a go, on PATH."""

    file: StartupFile
    line: StartupLine
    directory: str


def plain(directory: str) -> str:
    """A directory without slashes at its end; "/" stays."""
    return directory.rstrip("/") or directory[:1]


def go_trees(snapshot: Snapshot) -> tuple[GoTree, ...]:
    """Usable trees that somebody installed, the newest first: without the toolchains that go fetched for itself."""
    return tuple(t for t in usable_trees(snapshot) if t.origin != "toolchain-module")


def go_directories(snapshot: Snapshot) -> tuple[str, ...]:
    """Directories with a go that the user can run: those that own sessions use, those of other contexts, the rest."""
    contexts = sorted(snapshot.contexts, key=lambda c: (not c.own, c.kind not in SESSION_KINDS))
    found: dict[str, None] = {}
    for context in contexts:
        entry = first_go(context)
        if (
            entry is not None
            and entry.kind == "directory"
            and entry.directory.startswith("/")
            and _works(snapshot, entry)
        ):
            found.setdefault(plain(entry.directory))
    for tree in go_trees(snapshot):
        found.setdefault(f"{plain(tree.path)}/bin")
    return tuple(found)


def _works(snapshot: Snapshot, entry: PathEntry) -> bool:
    return entry.go is not None and sound(snapshot.machine, entry.go)


def holding_go(snapshot: Snapshot) -> frozenset[str]:
    """Every name of a directory that holds a usable go, real paths of trees among them."""
    names = set(go_directories(snapshot))
    names.update(f"{plain(t.real_path)}/bin" for t in go_trees(snapshot) if t.real_path)
    return frozenset(names)


def wanted(snapshot: Snapshot) -> tuple[Context, ...]:
    """The user's own contexts in which go should be found, that ran to their end."""
    return own_contexts(snapshot, *WANTED)


def lacking(snapshot: Snapshot) -> tuple[Context, ...]:
    """Wanted contexts that find no go."""
    return tuple(c for c in wanted(snapshot) if first_go(c) is None)


def nowhere(snapshot: Snapshot) -> bool:
    """No session of the user finds go (and there is one at all)."""
    sessions = own_contexts(snapshot, *SESSION_KINDS)
    return bool(sessions) and all(first_go(c) is None for c in sessions)


def narrowed(snapshot: Snapshot) -> bool:
    """Whether not all of the user's sessions were seen: only some were asked for, some did not start, some become another shell."""
    asked = any(gap.asked and gap.field.partition(":")[0] == "contexts" for gap in snapshot.gaps)
    sessions = (c for c in snapshot.contexts if c.own and c.kind in SESSION_KINDS)
    return asked or any(c.status == "not-run" or (c.status == "no-answer" and c.reason == "exec") for c in sessions)


def severity(snapshot: Snapshot, without: tuple[str, ...] = ()) -> str:
    """How bad it is that some contexts find no go: an error if no login does, or no shell that a person types into.

    Args:
        without: names of the contexts that find none; () for those that do today.
    """
    sessions = own_contexts(snapshot, *SESSION_KINDS)
    absent = {c.name for c in sessions if (c.name in without if without else first_go(c) is None)}
    kinds = {c.kind for c in sessions}
    groups: tuple[tuple[str, ...], ...] = (LOGINS, ("ssh-login", "terminal")) if "terminal" in kinds else (LOGINS,)
    if "ssh-login" not in kinds:
        groups = (SESSION_KINDS,)
    bad = any(all(c.name in absent for c in sessions if c.kind in group) for group in groups)
    return "error" if bad and sessions and not narrowed(snapshot) else "warning"


def line_behind(snapshot: Snapshot, context: Context, entry: PathEntry) -> Location | None:
    """The line that an entry comes from: as traced, else the line of a file of this context that adds the same text."""
    if entry.sources:
        return entry.sources[0]
    if not entry.directory:
        return None
    files = (f for f in snapshot.startup_files if context.name in f.contexts)
    return next((line.location for f in files for line in f.lines if entry.directory in line.adds), None)


def names(contexts: tuple[Context, ...]) -> tuple[str, ...]:
    """Their names."""
    return tuple(c.name for c in contexts)


def providers(snapshot: Snapshot) -> tuple[Location, ...]:
    """Lines that put the go on PATH which the user's own sessions find, each once."""
    entries = (first_go(c) for c in own_contexts(snapshot, *WANTED))
    lines = (source for e in entries if e is not None for source in e.sources[:1] if source.line)
    return tuple(dict.fromkeys(lines))


def additions(snapshot: Snapshot) -> Iterator[Addition]:
    """Every line of a start-up file that names a directory which holds a go, in the order of the files."""
    directories = holding_go(snapshot)
    for file in snapshot.startup_files:
        for line in file.lines:
            if line.kind != "path":
                continue
            for directory in added(snapshot, file, line):
                if directory in directories:
                    yield Addition(file, line, directory)
                    break


def added(snapshot: Snapshot, file: StartupFile, line: StartupLine) -> tuple[str, ...]:
    """Directories that a line adds, with the variables that the same file sets written out."""
    values = {v.name: v.value.strip("\"'") for v in file.lines if v.kind == "variable"}
    values.setdefault("HOME", snapshot.user.home)
    return tuple(plain(_expanded(_expanded(d.strip("\"'\r"), values), values)) for d in line.adds)


def _expanded(text: str, values: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda match: values.get(match[1] or match[2], match[0]), text)[:4096]


def own_readers(snapshot: Snapshot, file: StartupFile) -> tuple[Context, ...]:
    """The user's own contexts that read a file, whether they came to their end or not."""
    return tuple(c for c in snapshot.contexts if c.own and c.name in file.contexts)


def installed_programs(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """Directory to the names of the programs in it that go installed, go itself left out."""
    found: dict[str, list[str]] = {}
    for binary in snapshot.binaries:
        directory, _, name = binary.path.rpartition("/")
        if directory and not _GO_ITSELF.fullmatch(name):
            found.setdefault(directory, []).append(name)
    return {directory: tuple(sorted(names)) for directory, names in found.items()}


def on_path(context: Context, directory: str) -> bool:
    """Whether a directory is an entry of the context's PATH."""
    return any(plain(e.directory) == directory for e in context.search_path)


def without_system(context: Context) -> bool:
    """PATH has entries, and none of them is where a system's own commands are."""
    return bool(context.search_path) and not any(on_path(context, d) for d in SYSTEM_DIRECTORIES)


def shown_path(context: Context) -> str:
    """PATH as one value, as a person would see it; long ones are cut."""
    value = ":".join(e.directory for e in context.search_path)
    return value if len(value) <= 300 else f"{value[:300]}..."
