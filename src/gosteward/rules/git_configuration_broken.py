"""GS915: git refuses its own configuration, so `go build` gets no revision, and no module comes straight from its repository."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import EditLines, LineEdit
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.formats import gitconfig
from gosteward.reasoning.modules_in_use import place, stamped_modules
from gosteward.rules.dubious_ownership import has_git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Location, Snapshot, Workspace

RULE = Rule(
    id="GS915",
    slug="git-configuration-broken",
    title="git refuses its configuration",
    severity="error",
    needs=("workspaces", "c_toolchain", "go_settings"),
    symptoms=(
        "error obtaining VCS status: exit status 128",
        "fatal: bad config line 4 in file /home/dev/.gitconfig",
        "fatal: unable to access '/etc/gitconfig': Permission denied",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[Location, list[Workspace]] = {}
    for workspace in snapshot.workspaces if has_git(snapshot) else ():
        for location in workspace.git_errors[:1]:
            found.setdefault(location, []).append(workspace)
    for location, workspaces in found.items():
        yield _finding(snapshot, location, tuple(workspaces))


def _finding(snapshot: Snapshot, location: Location, workspaces: tuple[Workspace, ...]) -> Finding:
    stamped = tuple(w for w in stamped_modules(snapshot) if w in workspaces)
    actions = _actions(location)
    return Finding(
        rule=RULE,
        subject=location.path,
        message=_message(snapshot, location, stamped),
        locations=(location,),
        evidence=(f"git config --file {quote(location.path)} --list",),
        severity="" if stamped else "warning",
        explains=tuple(e for w in workspaces for e in (Explains("GS905", w.vcs), Explains("GS619"))),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=_advice(location),
    )


def _message(snapshot: Snapshot, location: Location, stamped: tuple[Workspace, ...]) -> Text:
    user = snapshot.user.name or f"uid {snapshot.user.uid}"
    modules = ", ".join(w.root for w in stamped[:3])
    where, text = place(location), location.text
    if location.line and stamped:
        return Text(
            "git cannot read {place}, {text}, and does nothing at all then: `go build` in {modules} gets no revision and stops",
            place=where,
            text=text,
            modules=modules,
        )
    if location.line:
        return Text(
            "git cannot read {place}, {text}, and does nothing at all then: no module can be fetched from its repository",
            place=where,
            text=text,
        )
    if stamped:
        return Text(
            "{user} may not read {file}, and git does nothing without it: `go build` in {modules} gets no revision and stops",
            user=user,
            file=location.path,
            modules=modules,
        )
    return Text(
        "{user} may not read {file}, and git does nothing without it: no module can be fetched from its repository",
        user=user,
        file=location.path,
    )


def _actions(location: Location) -> tuple[Action, ...]:
    """The bracket or the quote that is missing at the end of the line; what else is wrong only its author knows."""
    line = gitconfig.mended(location.text) if location.line else ""
    return (EditLines(location.path, (LineEdit(location.line, location.text, (line,)),)),) if line else ()


def _advice(location: Location) -> Text:
    if not location.line:
        return Text(
            "Let everybody read it: chmod a+r {file}. If a password is in it, move that into the file of the one user who needs it first.",
            file=location.path,
        )
    line = gitconfig.mended(location.text)
    if line:
        return Text("Write {line} in line {number}.", line=line, number=str(location.line))
    return Text(
        "Correct line {number}, or take it out: a section is [name], a setting is name = value, and a backslash or a quote within a value has a backslash in front. The marks of a merge (<<<<<<<) are neither.",
        number=str(location.line),
    )
