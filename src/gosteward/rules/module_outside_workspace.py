"""GS901: a go.work above a module is in force and does not list it: nothing in that module builds."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import LAST, LINE_SHOWN, EditLines, LineEdit
from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.modules_in_use import directory_of, place, relative, work_files
from gosteward.reasoning.ownership import inside
from gosteward.reasoning.setting_repair import unset_actions
from gosteward.reasoning.viewpoint import settings_named
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import GoWork, Snapshot, Workspace

RULE = Rule(
    id="GS901",
    slug="module-outside-workspace",
    title="a module is not listed in the go.work above it",
    severity="error",
    needs=("workspaces",),
    symptoms=(
        "current directory is contained in a module that is not one of the workspace modules listed in go.work. You can add the module to the workspace using:",
        "directory prefix . does not contain modules listed in go.work or their selected dependencies",
        "main module (example.com/y) does not contain package",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for work, governed in work_files(snapshot):
        outside = tuple(w for w in governed if w.go_mod and w.work is not None and not w.work.lists_module)
        if work.exists and outside:
            yield _finding(snapshot, work, outside)


def _finding(snapshot: Snapshot, work: GoWork, outside: tuple[Workspace, ...]) -> Finding:
    base = directory_of(work.path)
    meant = any(w.current or not _of_same_repository(w, base) for w in outside)
    actions = _listing(work, outside) if work.setting is None else _unsetting(snapshot, work)
    lines = (work.use_location or Location(work.path), work.setting)
    return Finding(
        rule=RULE,
        subject=work.path,
        message=_message(work, outside),
        locations=tuple(
            dict.fromkeys((*(line for line in lines if line is not None), *(Location(w.go_mod) for w in outside[:9])))
        ),
        evidence=(f"cd {quote(outside[0].root)} && go env GOWORK",),
        # A repository with its own go.work may keep tools and examples out of it on purpose.
        severity="" if meant else "warning",
        confidence="high" if meant else "medium",
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=_advice(work),
    )


def _of_same_repository(workspace: Workspace, base: str) -> bool:
    return bool(workspace.vcs) and (base == workspace.vcs or base.startswith(f"{workspace.vcs.rstrip('/')}/"))


def _message(work: GoWork, outside: tuple[Workspace, ...]) -> Text:
    modules = ", ".join(w.root for w in outside[:3]) + (" ..." if len(outside) > 3 else "")
    if work.setting is not None:
        return Text(
            "GOWORK ({setting}) puts {work} in force everywhere, and it does not list {modules}: go refuses to build there",
            setting=place(work.setting),
            work=work.path,
            modules=modules,
        )
    return Text(
        "{work} is in force in {modules}, but its `use` lines ({uses}) do not list that module: go refuses to build there",
        work=work.path,
        modules=modules,
        uses=place(work.use_location, "none"),
    )


def _unsetting(snapshot: Snapshot, work: GoWork) -> tuple[Action, ...]:
    """Without GOWORK, modules below the file find it all the same, and others are free of it."""
    setting = next((s for s in settings_named(snapshot, "GOWORK") if s.location == work.setting), None)
    base = directory_of(work.path)
    found = all(directory == base or inside(directory, base) for directory in work.uses)
    named = work.path.rpartition("/")[2] == "go.work"
    return unset_actions(snapshot, setting) if setting is not None and found and named else ()


def _listing(work: GoWork, outside: tuple[Workspace, ...]) -> tuple[Action, ...]:
    """The modules behind the first `use`, as that is written."""
    if work.errors:
        return ()
    base, first = directory_of(work.path), work.use_location
    names = [_written(relative(w.root, base)) for w in outside[:10]]
    if first is None:
        return (EditLines(work.path, (LineEdit(LAST, after=tuple(f"use {name}" for name in names)),)),)
    match = re.match(r"(\s*)(use[ \t]+)?[^\s(]", first.text)
    if match is None or len(first.text) >= LINE_SHOWN:
        return ()
    lines = (f"{match[1]}{match[2] or ''}{name}" for name in names)
    return (EditLines(work.path, (LineEdit(first.line, first.text, (first.text, *lines)),)),)


def _written(directory: str) -> str:
    """A directory as go.work has it: in quotes where it holds what is none of a word."""
    plain = re.fullmatch(r"[^\s\"'`()\[\]{},;\\]+", directory) is not None and "//" not in directory
    return directory if plain else '"' + directory.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _advice(work: GoWork) -> Text:
    if work.setting is not None:
        return Text(
            "Set GOWORK for single commands instead of for every session, or list the module with `go work use`. GOWORK=off for one command builds the module by its own go.mod."
        )
    return Text(
        "Where the module belongs to the workspace, list it: `go work use .` in its directory. Where it does not, run single commands with GOWORK=off. Keep {work}: the modules that it lists need it.",
        work=work.path,
    )
