"""Which value of a Go variable wins in the contexts that matter, and how to take a value back where it was given. Pure.

Source: cmd/go/internal/cfg/cfg.go (`Getenv`): a variable of the environment that is not empty wins over the goenv file, that over
GOROOT/go.env.
"""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Text
from gosteward.reasoning.remedies import real_path
from gosteward.reasoning.viewpoint import SESSION_KINDS, first_go, own_contexts, runs_as_user, variable

if TYPE_CHECKING:
    from gosteward.snapshot import Context, Location, Setting, Snapshot

WORK_KINDS = (*SESSION_KINDS, "ssh-command")
_ASSIGNMENT = (
    r"\s*(?:export\s+|declare\s+-x\s+|typeset\s+-x\s+|set\s+(?:-\w+\s+|--\w+\s+)*|setenv\s+)?{name}(?:=|\s)\s*(\S.*)?"
)
# More than one command, or a value that is computed: nobody should delete such a line unread.
_COMPOUND = re.compile(r"[;&|`]|\$\(")
_CRONTABS = "/var/spool/cron/"


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


def commands_to_unset(snapshot: Snapshot, setting: Setting) -> tuple[str, ...]:
    """Commands that take one setting back where it was given; () where the line does more than to give this value."""
    where = setting.location
    if setting.origin == "goenv-file":
        return _commands_for_goenv_file(setting)
    if (
        setting.origin != "environment"
        or where is None
        or not where.line
        or not plain_assignment(where.text, setting.name)
    ):
        return ()
    if used_in_paths(snapshot, setting.name):
        return ()
    if where.path.startswith(_CRONTABS):
        # `crontab -l` hides the head of the file on some systems, so lines are not counted there.
        user = quote(where.path.rpartition("/")[2])
        return (f"crontab -u {user} -l | sed '/^[[:space:]]*{setting.name}[[:space:]]*=/d' | crontab -u {user} -",)
    script = f"{where.line}{{/{setting.name}/d;}}"
    return (f"sed -i {quote(script)} {quote(real_path(snapshot, where.path))}",)


def _commands_for_goenv_file(setting: Setting) -> tuple[str, ...]:
    if not setting.name.isidentifier():
        return ()
    if setting.name == "GOROOT" and setting.location is not None:
        # With a wrong GOROOT in the file, go does not even start to take it back.
        return (f"sed -i '/^GOROOT=/d' {quote(setting.location.path)}",)
    return (unset_command(setting.name),)


def unset_command(name: str) -> str:
    """Takes a line of the goenv file back. go looks for the toolchain first, and stops there if GOTOOLCHAIN names none that it can have."""
    return f"GOTOOLCHAIN=local go env -u {name}" if name == "GOTOOLCHAIN" else f"go env -u {name}"


def advice_to_unset(snapshot: Snapshot, setting: Setting) -> Text:
    """What the commands of `commands_to_unset` do, or what to do without any."""
    if setting.origin == "goenv-file":
        return Text(
            "`{command}` takes the line back and leaves the others of the file.", command=unset_command(setting.name)
        )
    if used_in_paths(snapshot, setting.name):
        return Text(
            "Another line builds PATH with ${name}: write the directory out there before you remove {place}.",
            name=setting.name,
            place=place(setting),
        )
    path = setting.location.path if setting.location is not None else ""
    if "/systemd/" in path:
        return Text(
            "Take the value out at {place} (for a unit of a package, in a drop-in of your own), run `systemctl daemon-reload`, and start the unit again.",
            place=place(setting),
        )
    if path.startswith(_CRONTABS):
        return Text("Remove the line at {place}: the next run of the job is without it.", place=place(setting))
    return Text(
        "Remove the line at {place}, and open a new session: running ones keep the old value.", place=place(setting)
    )


def plain_assignment(text: str, name: str) -> bool:
    """Whether a line does nothing but give this one variable a value."""
    match = re.match(_ASSIGNMENT.format(name=re.escape(name)), text)
    if match is None or _COMPOUND.search(text):
        return False
    value = (match[1] or "").strip()
    quoted = len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]
    return quoted or not re.search(r"\s", value)


def used_in_paths(snapshot: Snapshot, name: str) -> bool:
    """Whether a line of a start-up file that builds PATH names the variable."""
    uses = re.compile(rf"\${name}\b|\${{{name}[}}:%#]")
    return any(
        line.kind == "path" and uses.search(line.value or line.location.text)
        for file in snapshot.startup_files
        for line in file.lines
    )


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
