"""How much a broken program or a broken Go tree matters: which contexts run into it, and how bad that is. Pure.

The shells' own order decides: a file without permission to execute, or a broken link, is skipped and the next `go` is taken; a
file that may be executed but is no program of this machine stops the search, whatever lies behind it on PATH.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Explains
from gosteward.reasoning.viewpoint import (
    SESSION_KINDS,
    first_go,
    programs_named_go,
    runnable_architectures,
    usable_trees,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gosteward.snapshot import Binary, Context, GoTree, Machine, Snapshot

# What is said besides when no go can run at all: consequences of a broken go, not faults of their own.
NO_GO_RUNS = tuple(Explains(rule) for rule in ("GS101", "GS102", "GS103", "GS104", "GS105", "GS107", "GS418"))


class Impact(NamedTuple):
    """Who suffers.

    Attributes:
        severity: "error" (the user surely meets it), "warning".
        contexts: names of the contexts that meet it.
        used: some context does, or there is no other Go to be used instead.
    """

    severity: str
    contexts: tuple[str, ...] = ()
    used: bool = True


class Suspect(NamedTuple):
    """A faulty program with its part in the whole.

    Attributes:
        role: "go", "gofmt", "tool" (below pkg/tool of `tree`), "program" (installed by go).
        also: how many more tools of the same tree have the fault.
    """

    binary: Binary
    role: str
    impact: Impact
    tree: GoTree | None = None
    also: int = 0


def of_program(snapshot: Snapshot, program: Binary) -> Impact:
    """Impact of a broken file named go."""
    return _impact(snapshot, lambda go: _same_file(go, program))


def of_tree(snapshot: Snapshot, tree: GoTree) -> Impact:
    """Impact of a tree whose go starts, or is found, but does not work."""
    named = tuple(c.name for c in snapshot.contexts)
    unknown = tuple(name for name in tree.on_path_of if name not in named)
    impact = _impact(snapshot, lambda go: belongs_to(go, tree), tree.on_path_of)
    if unknown:
        return Impact("error", unknown + impact.contexts)
    return impact


def matters(context: Context) -> bool:
    """Whether the user surely meets what is wrong in this context: a session of their own shell, or a job that runs go."""
    return context.own and (context.kind in SESSION_KINDS or context.uses_go)


def surely_met(snapshot: Snapshot, names: tuple[str, ...]) -> bool:
    """Whether one of these contexts matters; no names stand for all contexts."""
    return not names or any(matters(c) for c in snapshot.contexts if c.name in names) or not snapshot.contexts


def belongs_to(binary: Binary, tree: GoTree) -> bool:
    """Whether a program is part of a tree."""
    roots = tuple(root for root in (tree.real_path, tree.path) if root)
    return (
        binary.goroot in roots
        if binary.goroot
        else (binary.real_path or binary.path).startswith(tuple(f"{r}/" for r in roots))
    )


def distinct_trees(snapshot: Snapshot) -> Iterator[GoTree]:
    """Every tree once, though several links lead to it; the name that PATH uses is preferred."""
    seen: set[str] = set()
    for tree in sorted(snapshot.toolchains, key=lambda t: not t.on_path_of):
        real = tree.real_path or tree.path
        if real not in seen:
            seen.add(real)
            yield tree


def suspects(snapshot: Snapshot, faulty: Callable[[Binary], bool]) -> Iterator[Suspect]:
    """Programs for which `faulty` says yes: each go, tools of trees whose go is sound, gofmts beside a sound go, installed programs."""
    bad_directories: set[str] = set()
    bad_roots: set[str] = set()
    for go in _distinct(snapshot):
        if faulty(go):
            bad_directories.add(go.path.rpartition("/")[0])
            bad_roots.add(go.goroot or (go.real_path or go.path).rpartition("/bin/")[0])
            yield Suspect(go, "go", of_program(snapshot, go))
    for tree in distinct_trees(snapshot):
        bad = tuple(tool for tool in tree.tools if faulty(tool))
        if bad and not bad_roots & {tree.path, tree.real_path}:
            yield Suspect(bad[0], "tool", of_tree(snapshot, tree), tree, len(bad) - 1)
    for gofmt in _gofmts(snapshot):
        if gofmt.path.rpartition("/")[0] not in bad_directories and faulty(gofmt):
            yield Suspect(gofmt, "gofmt", Impact("warning"))
    for program in snapshot.binaries:
        if program.path.rpartition("/")[2] not in ("go", "gofmt") and faulty(program):
            yield Suspect(program, "program", _of_installed(snapshot, program))


def usable_elsewhere(snapshot: Snapshot, but: str) -> tuple[GoTree, ...]:
    """Usable trees other than the one at this path or real path, without toolchain modules; each once, the newest first."""
    usable = {t.real_path or t.path: t for t in usable_trees(snapshot) if t.origin != "toolchain-module"}
    return tuple(t for t in usable.values() if but not in (t.path, t.real_path))


def native(machine: Machine, goarch: str) -> bool:
    """Whether static programs of this GOARCH run here without emulation."""
    return goarch in runnable_architectures(machine.kernel_goarch, machine.userland_goarch)


def sound(machine: Machine, binary: Binary) -> bool:
    """Whether a program starts for the examined user, as far as its file tells; through an emulator counts."""
    elf = binary.elf
    if not binary.executable or binary.kind not in ("elf", "script"):
        return False
    return elf is None or (
        (native(machine, elf.goarch or machine.kernel_goarch) or elf.goarch in machine.binfmt)
        and elf.interpreter_exists
        and not elf.truncated
    )


def _impact(snapshot: Snapshot, is_it: Callable[[Binary], bool], known: tuple[str, ...] = ()) -> Impact:
    hit: list[str] = []
    fatal = False
    for context in snapshot.contexts:
        outcome = "stops" if context.name in known else _meeting(context, is_it)
        if outcome:
            hit.append(context.name)
        fatal = fatal or (outcome == "stops" and matters(context))
    if hit:
        return Impact("error" if fatal else "warning", tuple(hit))
    replaced = _go_works(snapshot) or bool(usable_trees(snapshot))
    return Impact("warning" if replaced else "error", used=not replaced)


def _meeting(context: Context, is_it: Callable[[Binary], bool]) -> str:
    """What happens in a context: "stops" (no other go is reached), "skipped" (another one is), "" (not met)."""
    for entry in context.search_path:
        if entry.go is None:
            continue
        if is_it(entry.go):
            return "stops" if entry.go.executable or first_go(context) is None else "skipped"
        if entry.go.executable:
            return ""
    return ""


def _go_works(snapshot: Snapshot) -> bool:
    sessions = tuple(c for c in snapshot.contexts if c.own and c.kind in SESSION_KINDS)
    found = tuple(first_go(c) for c in sessions)
    return bool(found) and all(e is not None and e.go is not None and sound(snapshot.machine, e.go) for e in found)


def _of_installed(snapshot: Snapshot, program: Binary) -> Impact:
    directory = program.path.rpartition("/")[0]
    names = tuple(c.name for c in snapshot.contexts if any(e.directory.rstrip("/") == directory for e in c.search_path))
    fatal = any(matters(c) for c in snapshot.contexts if c.name in names)
    return Impact("error" if fatal else "warning", names)


def _same_file(left: Binary, right: Binary) -> bool:
    return left.path == right.path or (bool(left.real_path) and left.real_path == right.real_path)


def _distinct(snapshot: Snapshot) -> Iterator[Binary]:
    """Files named go; those on PATH come first, and a file that several paths lead to comes once."""
    seen: set[str] = set()
    for go in programs_named_go(snapshot):
        real = go.real_path or go.path
        if real not in seen:
            seen.add(real)
            yield go


def _gofmts(snapshot: Snapshot) -> Iterator[Binary]:
    seen: set[str] = set()
    for context in snapshot.contexts:
        for entry in context.search_path:
            gofmt = entry.gofmt
            if gofmt is not None and (gofmt.real_path or gofmt.path) not in seen:
                seen.add(gofmt.real_path or gofmt.path)
                yield gofmt
