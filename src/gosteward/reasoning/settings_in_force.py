"""Which value of a Go variable wins in the contexts that matter. Pure.

Source: cmd/go/internal/cfg/cfg.go (`Getenv`): a variable of the environment that is not empty wins over the goenv file, that over
GOROOT/go.env.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.reasoning.viewpoint import SESSION_KINDS, first_go, own_contexts, runs_as_user, variable
from gosteward.snapshot import Setting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.snapshot import Context, Location, Snapshot

WORK_KINDS = (*SESSION_KINDS, "ssh-command")


class InForce(NamedTuple):
    """A setting and the names of the contexts in which it wins (() where no context is known)."""

    setting: Setting
    contexts: tuple[str, ...] = ()


def working_contexts(snapshot: Snapshot) -> tuple[Context, ...]:
    """Contexts in which the user works with Go: sessions and remote commands of their own shell, and jobs that run go."""
    return tuple(c for c in own_contexts(snapshot) if c.kind in WORK_KINDS or c.uses_go)


def sessions(snapshot: Snapshot) -> tuple[Context, ...]:
    """The working contexts without jobs."""
    return own_contexts(snapshot, *WORK_KINDS)


def winner(snapshot: Snapshot, context: Context, name: str) -> Setting | None:
    """The setting that wins in a context; None where nothing sets the variable."""
    return next(iter(_candidates(snapshot, context, name)), None)


def loser(snapshot: Snapshot, context: Context, name: str) -> Setting | None:
    """A line of the goenv file that a variable of the environment hides in a context; None where none is hidden."""
    found = _candidates(snapshot, context, name)
    if found and found[0].origin == "environment":
        return next((s for s in found[1:] if s.origin == "goenv-file"), None)
    return None


def in_force(snapshot: Snapshot, name: str) -> tuple[InForce, ...]:
    """Every setting of a variable that wins somewhere, with the contexts; those that go.env of a tree gives are left out."""
    found: dict[Setting, list[str]] = {}
    for context in working_contexts(snapshot):
        setting = winner(snapshot, context, name)
        if setting is not None and setting.origin != "goroot":
            found.setdefault(setting, []).append(context.name)
    if not snapshot.contexts:
        first = next((s for s in snapshot.go_settings if _counts(s, name) and s.origin != "goroot"), None)
        return (InForce(first),) if first is not None else ()
    return tuple(InForce(setting, tuple(names)) for setting, names in found.items())


def exported_in(contexts: Iterable[Context], name: str) -> tuple[Setting, ...]:
    """A variable that is none of go's own settings: its values by the line that gives them, each with the contexts that export it."""
    found: dict[Setting, list[str]] = {}
    for context in contexts:
        given = variable(context, name)
        if given is not None and given.exported:
            line = given.sources[0] if given.sources else None
            found.setdefault(Setting(name, given.value, "environment", line), []).append(context.name)
    return tuple(setting._replace(contexts=tuple(names)) for setting, names in found.items())


def value_in(snapshot: Snapshot, context: Context, name: str, default: str = "") -> str:
    """The value that wins in a context, go.env of the tree included."""
    setting = winner(snapshot, context, name)
    return setting.value if setting is not None else default


def privately(snapshot: Snapshot, context: Context, name: str) -> str:
    """GONOPROXY, GONOSUMDB or GOINSECURE of a context; the first two are GOPRIVATE where they are not set."""
    setting = winner(snapshot, context, name)
    if setting is not None and setting.value:
        return setting.value
    return value_in(snapshot, context, "GOPRIVATE") if name in ("GONOPROXY", "GONOSUMDB") else ""


def in_session(snapshot: Snapshot, names: tuple[str, ...]) -> bool:
    """Whether one of these contexts is a session of the user, or none is known."""
    return not names or any(c.name in names for c in sessions(snapshot))


def place(setting: Setting) -> str:
    """Where a setting stands, for a sentence: "/home/dev/.profile:29"."""
    where = setting.location
    if where is None:
        return "the environment"
    return f"{where.path}:{where.line}" if where.line else where.path


def locations(*settings: Setting | None) -> tuple[Location, ...]:
    """The lines of these settings, each once."""
    return tuple(dict.fromkeys(s.location for s in settings if s is not None and s.location is not None))


def _candidates(snapshot: Snapshot, context: Context, name: str) -> tuple[Setting, ...]:
    own = tuple(s for s in snapshot.go_settings if _counts(s, name) and s.value)
    environment = tuple(s for s in own if s.origin == "environment" and context.name in s.contexts)
    files = tuple(s for s in own if s.origin == "goenv-file" and _reads(snapshot, context, s))
    entry = first_go(context)
    goroot = entry.go.goroot if entry is not None and entry.go is not None else ""
    trees = tuple(s for s in own if s.origin == "goroot" and s.goroot == goroot)
    return (*environment[:1], *files[-1:], *trees[-1:])


def _counts(setting: Setting, name: str) -> bool:
    return setting.name == name and setting.known and not setting.problem


def _reads(snapshot: Snapshot, context: Context, setting: Setting) -> bool:
    """Whether go, in this context, reads the goenv file that a setting stands in."""
    goenv = variable(context, "GOENV")
    if goenv is not None and goenv.exported and goenv.value:
        return setting.location is not None and goenv.value == setting.location.path
    if setting.contexts:
        return context.name in setting.contexts
    return runs_as_user(snapshot, context)
