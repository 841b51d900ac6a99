"""GS118: a line adds a directory of Go to PATH in every shell that starts in another one, so PATH grows with each."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning import remedies
from gosteward.reasoning.obstacles import early_returns
from gosteward.reasoning.reach import added, holding_go, installed_programs, on_path, own_readers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Context, Location, Snapshot, StartupFile, StartupLine

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
        risk="confirm",
        commands=_commands(snapshot, first, where),
        advice=Text(
            "Guard the line with a test of PATH. The order of the entries and the first copy stay as they are."
        ),
    )


def _commands(snapshot: Snapshot, growing: _Growing, where: Location) -> tuple[str, ...]:
    if any(obstacle.location == where for obstacle in early_returns(snapshot)):
        return ()  # GS106 moves that line and guards it: a second edit by line numbers would meet another line
    text = where.text
    if text.startswith(("export PATH=", "PATH=")) and text.count(":") == 1 and not any(c in text for c in ";&|`("):
        guard = remedies.guarded_line(snapshot, "bash", growing.directory)
        return (remedies.replace_line(snapshot, where, guard),)
    if not text or text != text.lstrip() or growing.directory not in text:
        return ()
    guard = f'case ":$PATH:" in *:{quote(growing.directory)}:*) ;; *) {text} ;; esac'
    return (remedies.replace_line(snapshot, where, guard),) if "#" not in text else ()
