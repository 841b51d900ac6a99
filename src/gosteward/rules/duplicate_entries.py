"""GS118: a line adds a directory of Go to PATH in every shell that starts in another one, so PATH grows with each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.actions import FIRST, EditLines, LineEdit
from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning import remedies
from gosteward.reasoning.guarded_lines import guarded_command, guarded_copy
from gosteward.reasoning.obstacles import early_returns
from gosteward.reasoning.reach import added, holding_go, installed_programs, on_path, own_readers
from gosteward.reasoning.remedies import line_edits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Context, Snapshot, StartupFile, StartupLine

RULE = Rule(
    id="GS118",
    slug="duplicate-entries",
    title="a line adds the same directory to PATH again in every nested shell",
    severity="warning",
    needs=("contexts", "startup_files"),
    symptoms=("PATH has the same entries many times", "Argument list too long"),
)
# A file of login shells is read once per session; these are read by every shell in a shell.
_DIALECTS = ("posix", "bash", "zsh")
_ASSIGNS = re.compile(r"(?:export\s+)?PATH=[^\s;&|#()<>`\\]+")


class _Growing(NamedTuple):
    file: StartupFile
    line: StartupLine
    directory: str
    readers: tuple[Context, ...]


def check(snapshot: Snapshot) -> Iterator[Finding]:
    first: dict[str, list[_Growing]] = {}
    for growing in _growing(snapshot):
        first.setdefault(growing.file.path, []).append(growing)
    for lines in first.values():
        yield _finding(snapshot, lines)


def _growing(snapshot: Snapshot) -> Iterator[_Growing]:
    wanted = holding_go(snapshot) | installed_programs(snapshot).keys()
    for file in snapshot.startup_files:
        readers = tuple(c for c in own_readers(snapshot, file) if c.kind == "terminal")
        if not readers or file.dialect not in _DIALECTS:
            continue
        for line in file.lines:
            if line.kind != "path" or not line.keeps or line.guarded or line.literal or line.carriage_return:
                continue
            directory = next((d for d in added(snapshot, file, line) if d in wanted), "")
            if directory and any(on_path(c, directory) for c in readers):
                yield _Growing(file, line, directory, readers)


def _finding(snapshot: Snapshot, lines: list[_Growing]) -> Finding:
    first = lines[0]
    where = first.line.location
    actions = _actions(snapshot, lines)
    return Finding(
        rule=RULE,
        subject=where.path,
        message=Text(
            "{file} adds {directory} to PATH without looking whether it is there already: each nested shell (tmux, an editor's terminal, `bash` typed in bash) has one copy more",
            file=where.path,
            directory=first.directory,
        ),
        locations=tuple(g.line.location for g in lines),
        evidence=(f"{first.readers[0].shell} -ic '{first.readers[0].shell} -ic env' | grep ^PATH=",),
        contexts=tuple(c.name for c in first.readers),
        # A file in /etc/profile.d may belong to an installer, which writes it anew, and is read once by each login.
        confidence="medium" if where.path.startswith("/etc/profile.d/") else "high",
        risk=remedies.risk(actions),
        actions=actions,
        advice=Text(
            "Guard the line with a test of PATH. The order of the entries and the first copy stay as they are."
        ),
    )


def _actions(snapshot: Snapshot, lines: list[_Growing]) -> tuple[Action, ...]:
    """Guards for all of these lines; zsh keeps every entry once by itself."""
    file = lines[0].file
    moved = {obstacle.location for obstacle in early_returns(snapshot)}
    if any(growing.line.location in moved for growing in lines):
        return ()  # GS106 moves such a line and guards it
    if file.dialect == "zsh":
        return (EditLines(remedies.real(file), (LineEdit(FIRST, after=("typeset -U path PATH",)),)),)
    edits = tuple(edit for growing in lines for edit in _guarded(snapshot, growing))
    return (EditLines(remedies.real(file), edits),) if edits else ()


def _guarded(snapshot: Snapshot, growing: _Growing) -> tuple[LineEdit, ...]:
    """The line with a test of PATH around it: an `if` that stands around it is no hindrance, a second command in it is."""
    where = growing.line.location
    copies = guarded_copy(snapshot, growing.file, growing.line)
    if growing.line.alone and copies:
        return line_edits(where, *copies)
    text = where.text.strip()
    if not _ASSIGNS.fullmatch(text) or len(added(snapshot, growing.file, growing.line)) != 1:
        return ()
    indent = where.text[: len(where.text) - len(where.text.lstrip())]
    return line_edits(where, indent + guarded_command(snapshot, growing.directory, text))
