"""GS129: other users may change a start-up file, and so decide which programs this user runs."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import SetMode, SetOwner
from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.reach import own_readers
from gosteward.reasoning.remedies import real
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot, StartupFile

RULE = Rule(
    id="GS129",
    slug="startup-file-writable-by-others",
    title="other users may change a start-up file",
    severity="warning",
    needs=("contexts", "startup_files", "user"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for file in snapshot.startup_files:
        if file.exists and file.writable_by_others and own_readers(snapshot, file) and _by_others(snapshot, file):
            yield _finding(snapshot, file)


def _by_others(snapshot: Snapshot, file: StartupFile) -> bool:
    # 0664 is the mode that umask 002 gives where every user has a group of their own: nobody else is in that group.
    return bool(file.mode & 0o002) or file.uid not in (0, snapshot.user.uid)


def _finding(snapshot: Snapshot, file: StartupFile) -> Finding:
    foreign = file.uid not in (0, snapshot.user.uid)
    return Finding(
        rule=RULE,
        subject=file.path,
        message=_message(snapshot, file, foreign=foreign),
        locations=(Location(file.path),),
        evidence=(f"ls -lL {quote(file.path)}",),
        contexts=tuple(c.name for c in own_readers(snapshot, file)),
        risk="confirm",
        actions=(_given_back(snapshot, file) if foreign else SetMode(real(file), file.mode, file.mode & ~0o002),),
        advice=Text("Look at what the file does before you trust it again, then give it back to its owner alone."),
    )


def _given_back(snapshot: Snapshot, file: StartupFile) -> SetOwner:
    uid, gid = (0, 0) if file.scope == "system" else (snapshot.user.uid, snapshot.user.gid)
    return SetOwner(real(file), file.uid, uid, gid)


def _message(snapshot: Snapshot, file: StartupFile, *, foreign: bool) -> Text:
    if foreign:
        return Text(
            "{file} belongs to uid {uid}, neither to {user} nor to root: that user decides what the shells of {user} do",
            file=file.path,
            uid=str(file.uid),
            user=snapshot.user.name or "this user",
        )
    return Text(
        "{file} has mode {mode}: every user of this host may change what the shells of {user} do",
        file=file.path,
        mode=f"{file.mode:04o}",
        user=snapshot.user.name or "this user",
    )
