"""GS114: a line gives PATH a new value without the old one, and so throws away the directory of go, or the system's."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from gosteward.actions import WriteFile
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning import remedies
from gosteward.reasoning.guarded_lines import guarded_line
from gosteward.reasoning.obstacles import claims, resets, severity_of
from gosteward.reasoning.path_text import SYSTEM_PATH, is_shell_file, keeping_old, with_entry
from gosteward.reasoning.reach import (
    SYSTEM_DIRECTORIES,
    holding_go,
    installed_programs,
    on_path,
    plain,
    wanted,
    without_system,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.reasoning.obstacles import Obstacle
    from gosteward.snapshot import Location, Snapshot

RULE = Rule(
    id="GS114",
    slug="path-reset",
    title="a line resets PATH and drops directories",
    severity="error",
    needs=("contexts", "toolchains"),
    symptoms=("go: command not found", "ls: command not found"),
)
# Shells' files that a package owns; an upgrade asks about a change in them, or undoes it.
_OF_DISTRIBUTION = (
    "/etc/profile", "/etc/bash.bashrc", "/etc/bashrc", "/etc/bash/bashrc",
    *(f"{directory}/{name}" for directory in ("/etc", "/etc/zsh") for name in ("zshenv", "zprofile", "zshrc", "zlogin")),
)  # fmt: skip


class _Loss(NamedTuple):
    """What a line drops besides go: where it stands, the directory, where that came from, and which contexts lose it."""

    by: Location
    directory: str
    sources: tuple[Location, ...]
    contexts: tuple[str, ...]


def check(snapshot: Snapshot) -> Iterator[Finding]:
    seen = set()
    for obstacle in resets(snapshot):
        seen.add((obstacle.location.path, obstacle.location.line))
        yield _of_go(snapshot, obstacle)
    for loss in _losses(snapshot, SYSTEM_DIRECTORIES):
        if (loss.by.path, loss.by.line) not in seen:
            seen.add((loss.by.path, loss.by.line))
            yield _of_system(snapshot, loss)
    for loss in _losses(snapshot, tuple(installed_programs(snapshot))):
        if (loss.by.path, loss.by.line) not in seen:
            seen.add((loss.by.path, loss.by.line))
            yield _of_programs(snapshot, loss)


def _losses(snapshot: Snapshot, directories: tuple[str, ...]) -> tuple[_Loss, ...]:
    system = directories == SYSTEM_DIRECTORIES
    found: dict[tuple[str, int], _Loss] = {}
    for context in wanted(snapshot):
        for lost in context.lost:
            directory, by = plain(lost.directory), lost.dropped_by
            gone = without_system(context) if system else not on_path(context, directory)
            if by is None or directory not in directories or not gone:
                continue
            old = found.get((by.path, by.line), _Loss(by, directory, lost.sources[:1], ()))
            names = old.contexts if context.name in old.contexts else (*old.contexts, context.name)
            found[by.path, by.line] = old._replace(contexts=names)
    return tuple(found.values())


def _of_go(snapshot: Snapshot, obstacle: Obstacle) -> Finding:
    line = obstacle.location
    actions = _actions(snapshot, line, obstacle.contexts, obstacle.directory)
    return Finding(
        rule=RULE,
        subject=line.path,
        message=Text(
            "{file} resets PATH and drops {directory}: no go is left in {contexts}",
            file=line.path,
            directory=obstacle.directory,
            contexts=", ".join(obstacle.contexts),
        ),
        locations=(line, *obstacle.also),
        evidence=(f"sed -n {line.line}p {quote(line.path)}",),
        contexts=obstacle.contexts,
        severity=severity_of(snapshot, obstacle.contexts),
        explains=(*claims(snapshot, obstacle.contexts), Explains("GS127")),
        risk=remedies.risk(actions),
        actions=actions,
        advice=_advice(line),
    )


def _actions(snapshot: Snapshot, line: Location, contexts: tuple[str, ...], directory: str) -> tuple[Action, ...]:
    """In a file of the distribution the directory comes back by a link, a drop-in, or a file that is read later; elsewhere the line
    keeps the old value.
    """
    if directory and line.path.startswith("/etc/"):
        found = remedies.links(snapshot, remedies.contexts_named(snapshot, contexts))
        if found and directory in holding_go(snapshot):
            return found
        if line.path in _OF_DISTRIBUTION:
            return _read_later(snapshot, line.path, contexts, directory)
    if is_shell_file(snapshot, line.path):
        new = keeping_old(line.text)
    else:
        new = with_entry(line.text, directory or SYSTEM_PATH)
    return remedies.replaced_line(snapshot, line, new) if new else ()


def _read_later(snapshot: Snapshot, path: str, contexts: tuple[str, ...], directory: str) -> tuple[Action, ...]:
    """The directory by a file that the same shells read behind the one that resets PATH."""
    if path == "/etc/profile" and not remedies.is_private(snapshot, directory):
        taken = {f.path for f in snapshot.startup_files}
        name = next((n for n in ("/etc/profile.d/golang.sh", "/etc/profile.d/go-path.sh") if n not in taken), "")
        text = guarded_line(snapshot, "sh", directory)
        return (WriteFile(name, f"{text}\n"),) if name and text else ()
    if "/z" in path:
        text = guarded_line(snapshot, "zsh", directory)
        own = f"{snapshot.user.home}/.{path.rpartition('/')[2]}"
        return remedies.added_lines(snapshot, own, (text,)) if text and len(snapshot.user.home) > 1 else ()
    return remedies.line(snapshot, remedies.contexts_named(snapshot, contexts), directory)


def _advice(line: Location) -> Text:
    if line.path.startswith("/etc/"):
        return Text(
            "Leave the distribution's file as it is. A link in a directory that the new PATH has, or a file of your own in /etc/profile.d (read after the reset), brings the directory back."
        )
    return Text("Let the line end in :$PATH, so that it adds to PATH what is missing and drops nothing.")


def _of_system(snapshot: Snapshot, loss: _Loss) -> Finding:
    actions = _actions(snapshot, loss.by, loss.contexts, "")
    return Finding(
        rule=RULE,
        subject=loss.by.path,
        message=Text(
            "{file} resets PATH and drops /usr/bin and /bin: no system command is left in {contexts}, neither for the shell nor for go",
            file=loss.by.path,
            contexts=", ".join(loss.contexts),
        ),
        locations=(loss.by, *(s for s in loss.sources if s.line)),
        contexts=loss.contexts,
        severity="error",
        explains=(
            Explains("GS101"),
            Explains("GS102", contexts=loss.contexts),
            Explains("GS127"),
        ),
        risk=remedies.risk(actions),
        actions=actions,
        advice=Text("Let the line end in :$PATH, so that it adds to PATH what is missing and drops nothing."),
    )


def _of_programs(snapshot: Snapshot, loss: _Loss) -> Finding:
    actions = _actions(snapshot, loss.by, loss.contexts, loss.directory)
    return Finding(
        rule=RULE,
        subject=loss.by.path,
        message=Text(
            "{file} resets PATH and drops {directory}, where `go install` put programs: they are not found in {contexts}",
            file=loss.by.path,
            directory=loss.directory,
            contexts=", ".join(loss.contexts),
        ),
        locations=(loss.by, *(s for s in loss.sources if s.line)),
        contexts=loss.contexts,
        severity="warning",
        explains=(Explains("GS127", loss.directory),),
        risk=remedies.risk(actions),
        actions=actions,
        advice=_advice(loss.by),
    )
