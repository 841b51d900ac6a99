"""GS109: the user may not read a start-up file of their own shell, so what it sets is missing."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import SetMode, SetOwner
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning import remedies
from gosteward.reasoning.reach import go_directories, lacking, severity
from gosteward.reasoning.viewpoint import SESSION_KINDS, own_contexts
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Snapshot, StartupFile

RULE = Rule(
    id="GS109",
    slug="unreadable-startup-file",
    title="a start-up file may not be read",
    severity="error",
    needs=("contexts", "startup_files"),
    symptoms=("/home/dev/.bash_profile: Permission denied", ".bashrc: Permission denied"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    shells = {c.shell for c in own_contexts(snapshot, *SESSION_KINDS)}
    for file in snapshot.startup_files:
        if file.exists and not file.readable and not file.problem and shells & set(file.shells):
            finding = _finding(snapshot, file)
            if finding is not None:
                yield finding


def _finding(snapshot: Snapshot, file: StartupFile) -> Finding | None:
    suspicious = file.scope == "user" or "go" in file.path.rpartition("/")[2].lower()
    absent = lacking(snapshot) if go_directories(snapshot) else ()
    if not suspicious:  # a drop-in that is closed on purpose and is skipped by its reader
        return None
    hides = tuple(f for f in snapshot.startup_files if f.hidden_by == file.path and f.exists)
    contexts = tuple(c.name for c in absent)
    actions = _actions(snapshot, file)
    return Finding(
        rule=RULE,
        subject=file.path,
        message=_message(snapshot, file, hides),
        locations=(Location(file.path), *(Location(f.path) for f in hides)),
        evidence=(f"ls -l {quote(file.path)}",),
        contexts=contexts,
        severity=severity(snapshot) if absent else "warning",
        confidence="high" if hides else "medium",
        explains=(
            Explains("GS101"),
            Explains("GS102"),
            Explains("GS107"),
            Explains("GS108"),
            Explains("GS127"),
        ),
        risk=remedies.risk(actions),
        actions=actions,
        advice=Text(
            "The shell says `Permission denied` once at its start and goes on without the file. Give back the right to read, to nobody more than before."
        ),
    )


def _message(snapshot: Snapshot, file: StartupFile, hides: tuple[StartupFile, ...]) -> Text:
    values = {"file": file.path, "mode": f"{file.mode:04o}", "user": snapshot.user.name or "this user"}
    if hides:
        return Text(
            "{user} may not read {file} (mode {mode}), and because it is there the shell does not go on to {hidden}",
            hidden=hides[0].path,
            **values,
        )
    return Text("{user} may not read {file} (mode {mode}): whatever it sets is missing", **values)


def _actions(snapshot: Snapshot, file: StartupFile) -> tuple[Action, ...]:
    """The right to read; what the file then hides or lacks, the next look at the host tells."""
    path, user = remedies.real(file), snapshot.user
    if file.scope == "system":
        return _readable(path, file.mode, 0o444)
    if file.uid != user.uid:
        return (SetOwner(path, file.uid, user.uid, user.gid), *_readable(path, file.mode, 0o400))
    return _readable(path, file.mode, 0o400)


def _readable(path: str, mode: int, bits: int) -> tuple[Action, ...]:
    return (SetMode(path, mode, mode | bits),) if mode & bits != bits else ()
