"""GS102: some of the user's contexts find go, others do not (the PATH line is in ~/.profile only, for example)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning import remedies
from gosteward.reasoning.jobs import place_of
from gosteward.reasoning.obstacles import contexts_by_cause
from gosteward.reasoning.reach import (
    go_directories,
    installed_programs,
    lacking,
    nowhere,
    providers,
    severity,
    shown_path,
    wanted,
)
from gosteward.reasoning.viewpoint import first_go

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.obstacles import Obstacle
    from gosteward.snapshot import Location, Snapshot

RULE = Rule(
    id="GS102",
    slug="go-missing-in-context",
    title="go is found in some contexts only",
    severity="warning",
    needs=("contexts", "toolchains"),
    symptoms=("go: command not found", "command not found: go", "bash: line 1: go: command not found"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    absent = lacking(snapshot)
    directories = go_directories(snapshot)
    if not absent or not directories or nowhere(snapshot):
        return
    for causes, contexts in contexts_by_cause(snapshot, absent):
        yield _finding(snapshot, causes, contexts, directories[0])


def _finding(snapshot: Snapshot, causes: tuple[Obstacle, ...], contexts: tuple[str, ...], directory: str) -> Finding:
    actions = remedies.best(snapshot, contexts, directory)
    lines = providers(snapshot) or _setters(snapshot, contexts)
    how_bad = severity(snapshot, contexts)
    return Finding(
        rule=RULE,
        # A group with causes of its own is another finding than the group without.
        subject=" ".join((directory, *(place_of(cause.location) for cause in causes))),
        message=_message(snapshot, directory, contexts),
        locations=tuple(dict.fromkeys((*(cause.location for cause in causes), *lines))),
        evidence=tuple(f"{c.name}: PATH={shown_path(c)}" for c in wanted(snapshot) if c.name in contexts),
        contexts=contexts,
        # Contexts with a cause of their own count as healed: one fault is one error.
        severity=how_bad,
        confidence="high" if how_bad == "error" or _unintended(snapshot, contexts, directory) else "medium",
        risk=remedies.risk(actions),
        actions=actions,
        advice=_why(snapshot),
    )


def _unintended(snapshot: Snapshot, contexts: tuple[str, ...], directory: str) -> bool:
    """Whether surely nobody wants these contexts to be without go.

    A terminal may inherit PATH from the login around it, and who works with a Go of their own, or with the official set-up by
    /etc/profile.d, may do so on purpose. Not so where one line gives some contexts a PATH that others have more of, and where the
    line of a user who has not worked with go yet reaches a part of their shells with a Go that is there for everybody.
    """
    if remedies.is_private(snapshot, directory):
        return False
    lines = providers(snapshot)
    if not lines:
        return bool(_setters(snapshot, contexts))
    home = f"{snapshot.user.home.rstrip('/')}/"
    return all(line.path.startswith(home) for line in lines) and not _at_work(snapshot, contexts)


def _at_work(snapshot: Snapshot, contexts: tuple[str, ...]) -> bool:
    """Whether something shows that the user works with go as it is: it has run, a project, a program, a setting, a function around go."""
    settings = any(s.origin == "goenv-file" for s in snapshot.go_settings)
    wrapped = any(c.aliases for c in snapshot.contexts if c.name in contexts)
    return bool(snapshot.user.has_run_go or snapshot.workspaces or installed_programs(snapshot) or settings or wrapped)


def _setters(snapshot: Snapshot, contexts: tuple[str, ...]) -> tuple[Location, ...]:
    """Lines that give these contexts the PATH they have, where one line of a file gives all of it."""
    found: dict[Location, None] = {}
    for context in wanted(snapshot):
        sources = {e.sources[0] for e in context.search_path if e.sources} if context.name in contexts else set()
        found.update((s, None) for s in sources if len(sources) == 1 and s.line)
    return tuple(found)


def _message(snapshot: Snapshot, directory: str, contexts: tuple[str, ...]) -> Text:
    having = ", ".join(c.name for c in wanted(snapshot) if first_go(c) is not None)
    lines = providers(snapshot)
    setters = _setters(snapshot, contexts) if not lines else ()
    if setters:
        return Text(
            "{directory} is on PATH for {having}; {place} gives a PATH without it to {contexts}, which find no go",
            having=having,
            directory=directory,
            place=", ".join(f"{line.path}:{line.line}" for line in setters),
            contexts=", ".join(contexts),
        )
    if not lines:
        return Text(
            "{directory} is on PATH for {having}; these start without it and find no go: {contexts}",
            having=having,
            directory=directory,
            contexts=", ".join(contexts),
        )
    return Text(
        "{place} puts {directory} on PATH for {having}; these start without it and find no go: {contexts}",
        place=", ".join(dict.fromkeys(line.path for line in lines)),
        directory=directory,
        having=having,
        contexts=", ".join(contexts),
    )


def _why(snapshot: Snapshot) -> Text:
    shell = next((c.shell for c in wanted(snapshot) if c.shell), "")
    if shell == "bash":
        return Text(
            "A terminal window and `ssh host command` start a shell that is no login shell: bash then reads ~/.bashrc, and neither ~/.profile nor /etc/profile. A link in /usr/local/bin, or a guarded line at the top of ~/.bashrc, reaches them too."
        )
    if shell == "zsh":
        return Text(
            "zsh reads ~/.zshenv always, ~/.zprofile in login shells only and ~/.zshrc in interactive shells only. A link in /usr/local/bin, or the line in ~/.zshenv, reaches all of them."
        )
    if shell == "fish":
        return Text(
            "fish reads config.fish in every mode: the line must stand outside of `if status is-login` and `if status is-interactive`."
        )
    return Text(
        "Not every way of starting this shell reads the file with the line. A link in /usr/local/bin needs none."
    )
