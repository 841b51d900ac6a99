"""GS130: in the place of a start-up file is something that no shell can read as one: a directory, a FIFO, binary data."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import MoveAside
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.reach import go_directories, nowhere
from gosteward.reasoning.viewpoint import SESSION_KINDS, own_contexts
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot, StartupFile

RULE = Rule(
    id="GS130",
    slug="startup-file-is-no-file",
    title="a start-up file is no text file",
    severity="warning",
    needs=("contexts", "startup_files"),
    symptoms=(".bashrc: Is a directory", "cannot execute binary file", "Too many levels of symbolic links"),
)
_LARGE = 1 << 20


def check(snapshot: Snapshot) -> Iterator[Finding]:
    shells = {c.shell for c in snapshot.contexts if c.own and c.kind in SESSION_KINDS}
    for file in snapshot.startup_files:
        if file.problem and (not shells or shells & set(file.shells)):
            yield _finding(snapshot, file)


def _finding(snapshot: Snapshot, file: StartupFile) -> Finding:
    stopped = _stopped(snapshot, file)
    unseen = file.problem == "fifo" and not own_contexts(snapshot, *SESSION_KINDS)
    hangs = bool(stopped) or unseen
    aside = file.problem == "directory" and file.scope == "user"
    return Finding(
        rule=RULE,
        subject=file.path,
        message=_message(file),
        locations=(Location(file.path),),
        evidence=(f"ls -l {quote(file.path)}" if file.problem == "dangling" else f"file {quote(file.path)}",),
        contexts=file.contexts or (stopped if hangs else ()),
        severity="error" if hangs or (nowhere(snapshot) and go_directories(snapshot)) else "warning",
        explains=(
            Explains("GS101"),
            Explains("GS102"),
            Explains("GS107"),
            Explains("GS127"),
            *((Explains("GS123", contexts=stopped),) if hangs and stopped else ()),
        ),
        risk="confirm" if aside else "manual",
        actions=(MoveAside(file.path),) if aside else (),
        advice=_advice(file),
    )


def _stopped(snapshot: Snapshot, file: StartupFile) -> tuple[str, ...]:
    """Contexts that hang over a file before its first line: a FIFO waits for a writer, and a shell reads a quoted text of megabytes to its end.

    A trace shows the last line of the file before it.
    """
    if file.problem != "fifo" and not (file.problem == "too-long" and file.size >= _LARGE):
        return ()
    reasons = ("hangs", "") if file.problem == "too-long" else None
    return tuple(
        c.name
        for c in snapshot.contexts
        if c.own and c.status == "timed-out" and c.shell in file.shells and (reasons is None or c.reason in reasons)
    )


def _advice(file: StartupFile) -> Text:
    if file.problem == "dangling":
        return Text(
            "Bring the file that the link names back, or let the link name the file's new place; what it set for PATH is missing meanwhile."
        )
    return Text(
        "Move it aside under another name and put a text file in its place; what it set for PATH is missing meanwhile."
    )


def _message(file: StartupFile) -> Text:
    if file.problem == "fifo":
        return Text("{file} is a FIFO: a shell that reads it waits for somebody to write", file=file.path)
    if file.problem == "directory":
        return Text("{file} is a directory: the shell says so at its start and reads nothing", file=file.path)
    if file.problem == "dangling":
        return Text("{file} is a broken link to {target}: the shell reads nothing", file=file.path, target=file.target)
    if file.problem == "loop":
        return Text("{file} is a link that leads back to itself: the shell reads nothing", file=file.path)
    if file.problem == "device":
        return Text("{file} is a device file: no shell can take it for its start-up file", file=file.path)
    if file.problem == "too-long":
        return Text(
            "{file} is larger than a start-up file can sensibly be, and was not looked at to its end", file=file.path
        )
    return Text("{file} holds binary data: the shell reads no line of it", file=file.path)
