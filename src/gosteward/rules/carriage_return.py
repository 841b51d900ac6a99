"""GS112: a start-up file was saved with Windows line ends, so the last word of each line ends in a carriage return."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from gosteward.actions import UnixLineEnds
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.obstacles import carriage_returns, claims, severity_of
from gosteward.reasoning.path_text import badly_written
from gosteward.reasoning.reach import own_readers
from gosteward.reasoning.remedies import real_path
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS112",
    slug="carriage-return",
    title="a start-up file has Windows line ends (CR LF)",
    severity="warning",
    needs=("contexts", "startup_files"),
    symptoms=("$'\\r': command not found", "syntax error near unexpected token `$'\\r''", "go: command not found"),
)

Item = TypeVar("Item")


class _Damage(NamedTuple):
    """What carriage returns in one file do: lines, contexts that read it, those without go, jobs without go, entries that are meant."""

    lines: tuple[Location, ...] = ()
    contexts: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    meant: tuple[str, ...] = ()


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for path, damage in _damages(snapshot).items():
        yield _finding(snapshot, path, damage)


def _damages(snapshot: Snapshot) -> dict[str, _Damage]:
    found: dict[str, _Damage] = {}
    for written in badly_written(snapshot, "carriage-return"):
        names = tuple(c.name for c in written.contexts)
        new = _Damage((written.location,), names, written.lacking, written.jobs, written.meant)
        found[written.location.path] = _joined(found.get(written.location.path), new)
    for obstacle in carriage_returns(snapshot):
        new = _Damage((obstacle.location,), obstacle.contexts, obstacle.contexts, (), (obstacle.directory,))
        found[obstacle.location.path] = _joined(found.get(obstacle.location.path), new)
    for file in snapshot.startup_files:
        readers = tuple(c.name for c in own_readers(snapshot, file))
        if file.carriage_returns and readers:
            lines = (Location(file.path, file.carriage_returns[0]),) if file.path not in found else ()
            found[file.path] = _joined(found.get(file.path), _Damage(lines, readers))
    return found


def _joined(old: _Damage | None, new: _Damage) -> _Damage:
    if old is None:
        return new
    return _Damage(
        lines=_union(old.lines, new.lines),
        contexts=_union(old.contexts, new.contexts),
        lacking=_union(old.lacking, new.lacking),
        jobs=_union(old.jobs, new.jobs),
        meant=_union(old.meant, new.meant),
    )


def _union(first: tuple[Item, ...], second: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _finding(snapshot: Snapshot, path: str, damage: _Damage) -> Finding:
    line = damage.lines[0]
    return Finding(
        rule=RULE,
        subject=path,
        message=_message(path, line, damage),
        locations=damage.lines,
        evidence=(f"sed -n {line.line}p {quote(path)} | cat -A",) if line.line else (),
        contexts=damage.contexts,
        severity=severity_of(snapshot, damage.lacking, damage.jobs) if damage.lacking or damage.jobs else "warning",
        explains=(
            *claims(snapshot, damage.lacking, damage.jobs),
            *(Explains("GS127", directory) for directory in damage.meant if directory),
            Explains("GS111", path),
            Explains("GS125", path),
        ),
        risk="safe",
        actions=(UnixLineEnds(real_path(snapshot, path)),),
        advice=Text(
            "The carriage return at the end of the line belongs to the last word for every shell. Let the editor save the file with Unix line ends from now on."
        ),
    )


def _message(path: str, line: Location, damage: _Damage) -> Text:
    if damage.meant and damage.meant[0]:
        return Text(
            "{file} has lines that end in CR LF: the PATH entry is {directory} with a carriage return at its end, which is no directory",
            file=path,
            directory=damage.meant[0],
        )
    return Text(
        "{file} has lines that end in CR LF, from line {line} on: the shell takes the carriage return for a part of the last word",
        file=path,
        line=str(line.line),
    )
