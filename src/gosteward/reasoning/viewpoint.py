"""What one context sees: questions that many rules ask of a Snapshot. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.golang import goversion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import (
        Binary,
        Context,
        EnvironmentVariable,
        GoTree,
        PathEntry,
        Setting,
        Snapshot,
        WritePlace,
    )

ORIGINS = ("environment", "goenv-file", "goroot")
SESSION_KINDS = ("login", "ssh-login", "terminal")


def own_contexts(snapshot: Snapshot, *kinds: str) -> tuple[Context, ...]:
    """Contexts that the user really meets, of these kinds (of all kinds when none is given), that ran to their end."""
    return tuple(c for c in snapshot.contexts if c.own and c.status == "complete" and (not kinds or c.kind in kinds))


def context_named(snapshot: Snapshot, name: str) -> Context | None:
    """The context of this name; None if there is none."""
    return next((c for c in snapshot.contexts if c.name == name), None)


def variable(context: Context, name: str) -> EnvironmentVariable | None:
    """The variable as the context has it, exported or not; None if unset."""
    return next((v for v in context.variables if v.name == name), None)


def first_go(context: Context) -> PathEntry | None:
    """The entry whose go would run: the first that holds one which this user may execute."""
    return next((e for e in context.search_path if e.go is not None and e.go.executable), None)


def go_entries(context: Context) -> Iterator[PathEntry]:
    """Entries that hold a file named go, in order, whether it runs or not."""
    return (e for e in context.search_path if e.go is not None)


def programs_named_go(snapshot: Snapshot) -> Iterator[Binary]:
    """Every file named go on any PATH, in any tree, or elsewhere known; each path once."""
    seen: set[str] = set()
    candidates = [e.go for c in snapshot.contexts for e in c.search_path if e.go is not None]
    candidates += [t.go for t in snapshot.toolchains if t.go is not None]
    candidates += [b for b in snapshot.binaries if b.path.rpartition("/")[2] == "go"]
    for binary in candidates:
        if binary.path not in seen:
            seen.add(binary.path)
            yield binary


def contexts_with(snapshot: Snapshot, path: str) -> tuple[str, ...]:
    """Names of the contexts that have this file as a `go` on their PATH."""
    return tuple(
        c.name for c in snapshot.contexts if any(e.go is not None and e.go.path == path for e in c.search_path)
    )


def tree_at(snapshot: Snapshot, directory: str) -> GoTree | None:
    """The Go tree at this path or real path."""
    return next((t for t in snapshot.toolchains if directory in (t.path, t.real_path)), None)


def tree_of(snapshot: Snapshot, binary: Binary) -> GoTree | None:
    """The Go tree that a binary belongs to."""
    return tree_at(snapshot, binary.goroot) if binary.goroot else None


def usable_trees(snapshot: Snapshot) -> tuple[GoTree, ...]:
    """Complete trees whose go this user can run on this machine, the newest first; toolchain modules and distribution trees included."""
    usable = [
        t
        for t in snapshot.toolchains
        if t.go is not None and t.go.executable and not t.missing and _runs_here(snapshot, t.go)
    ]
    return tuple(
        sorted(usable, key=lambda t: goversion.parse(t.version) or goversion.GoVersion(0, 0, 0, 0), reverse=True)
    )


def _runs_here(snapshot: Snapshot, binary: Binary) -> bool:
    elf = binary.elf
    if binary.kind != "elf" or elf is None or elf.truncated or not elf.interpreter_exists:
        return False
    machine = snapshot.machine
    return elf.goarch in runnable_architectures(machine.kernel_goarch, machine.userland_goarch)


def runnable_architectures(kernel_goarch: str, userland_goarch: str) -> tuple[str, ...]:
    """GOARCHes whose static programs run without emulation; a 64-bit kernel runs the 32-bit ones of its family."""
    family = {"amd64": ("amd64", "386"), "arm64": ("arm64", "arm")}
    return family.get(kernel_goarch, (kernel_goarch, userland_goarch))


def setting_in(snapshot: Snapshot, context: Context, name: str) -> Setting | None:
    """The setting that wins in a context: environment, then the goenv file, then go.env of the tree whose go runs there."""
    entry = first_go(context)
    goroot = entry.go.goroot if entry is not None and entry.go is not None else ""
    for origin in ORIGINS:
        for setting in snapshot.go_settings:
            if setting.name != name or setting.origin != origin or setting.problem:
                continue
            if origin == "goenv-file" and setting.contexts and context.name not in setting.contexts:
                continue
            if origin == "environment" and (context.name not in setting.contexts or not setting.value):
                continue
            if origin == "goroot" and setting.goroot != goroot:
                continue
            return setting
    return None


def settings_named(snapshot: Snapshot, name: str) -> tuple[Setting, ...]:
    """Every place that sets a Go variable, in order of precedence."""
    return tuple(s for origin in ORIGINS for s in snapshot.go_settings if s.name == name and s.origin == origin)


def runs_as_user(snapshot: Snapshot, context: Context) -> bool:
    """Whether commands of a context run as the examined user: those of sudo, of system units and of others' jobs do not."""
    user = snapshot.user
    if context.run_as:
        return context.run_as in (user.name, str(user.uid))
    return user.uid == 0 or context.kind not in ("sudo", "sudo-login", "systemd")


def places_of_user(snapshot: Snapshot, *purposes: str) -> tuple[WritePlace, ...]:
    """Places where Go writes as the examined user, of these purposes (of all when none is given)."""
    foreign = {c.name for c in snapshot.contexts if not runs_as_user(snapshot, c)}
    return tuple(
        p
        for p in snapshot.write_places
        if (not purposes or p.purpose in purposes) and (not p.contexts or not set(p.contexts) <= foreign)
    )
