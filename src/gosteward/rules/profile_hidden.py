"""GS108: ~/.bash_profile (or ~/.bash_login) keeps bash from reading ~/.profile, where the PATH line is."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning import remedies
from gosteward.reasoning.obstacles import claims, hidden_files, severity_of
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.reasoning.obstacles import Obstacle
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS108",
    slug="profile-hidden",
    title="~/.bash_profile keeps ~/.profile from being read",
    severity="error",
    needs=("contexts", "startup_files", "toolchains"),
    symptoms=("-bash: go: command not found",),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    unreadable = {f.path for f in snapshot.startup_files if f.exists and not f.readable}
    for obstacle in hidden_files(snapshot):
        if obstacle.also[0].path not in unreadable:  # GS109 says more about that one
            yield _finding(snapshot, obstacle)


def _finding(snapshot: Snapshot, obstacle: Obstacle) -> Finding:
    hiding, hidden = obstacle.also[0].path, obstacle.written
    actions = _reading_on(snapshot, hiding, hidden)
    return Finding(
        rule=RULE,
        subject=hidden,
        message=_message(obstacle, hiding, hidden),
        locations=(Location(hiding), obstacle.location, Location(hidden)),
        evidence=(f"ls -l {quote(hiding)} {quote(hidden)}",),
        contexts=obstacle.contexts,
        severity=severity_of(snapshot, obstacle.contexts),
        explains=(*claims(snapshot, obstacle.contexts), Explains("GS127")),
        risk=remedies.risk(actions),
        actions=actions,
        advice=Text(
            "bash reads the first of ~/.bash_profile, ~/.bash_login and ~/.profile, and no other. Let {hiding} read {hidden}; both files keep what they have.",
            hiding=hiding,
            hidden=hidden,
        ),
    )


def _reading_on(snapshot: Snapshot, hiding: str, hidden: str) -> tuple[Action, ...]:
    """One more line for the file that is read; not where the other one reads it in turn."""
    back = any(
        line.kind == "source" and line.name == hiding
        for file in snapshot.startup_files
        if file.path == hidden
        for line in file.lines
    )
    name = hidden.rpartition("/")[2]
    return () if back else remedies.added_lines(snapshot, hiding, (f"[ -r ~/{name} ] && . ~/{name}",))


def _message(obstacle: Obstacle, hiding: str, hidden: str) -> Text:
    if obstacle.location.path == hidden:
        return Text(
            "{hidden} adds {directory} to PATH, but a login shell reads {hiding} in its place",
            hidden=hidden,
            directory=obstacle.directory,
            hiding=hiding,
        )
    return Text(
        "{file} adds {directory} to PATH and is read by way of {hidden}, but a login shell reads {hiding} in its place",
        file=obstacle.location.path,
        directory=obstacle.directory,
        hidden=hidden,
        hiding=hiding,
    )
