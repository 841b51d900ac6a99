"""GS902: a go.work lists a directory that has no go.mod (any more): every go command in the workspace stops."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import LINE_SHOWN, EditLines, LineEdit
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.modules_in_use import work_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import GoWork, Location, Snapshot

RULE = Rule(
    id="GS902",
    slug="workspace-use-missing",
    title="go.work lists a directory without a module",
    severity="error",
    needs=("workspaces",),
    symptoms=(
        "go: cannot load module ../x listed in go.work file: open ../x/go.mod: no such file or directory",
        "go: directory ./x listed in go.work file does not contain a module",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for work, _ in work_files(snapshot):
        if work.exists and work.missing_uses:
            yield _finding(work)


def _finding(work: GoWork) -> Finding:
    names = tuple(directory_in(line) for line in work.missing_uses)
    actions = _actions(work)
    return Finding(
        rule=RULE,
        subject=work.path,
        message=Text(
            "{work}:{line} lists {directory}, where no go.mod is: every go command in this workspace stops",
            work=work.path,
            line=str(work.missing_uses[0].line),
            directory=", ".join(names),
        ),
        locations=work.missing_uses,
        evidence=tuple(f"ls {quote(f'{name}/go.mod')}" for name in names[:5]),
        # A module that was moved is missing at its old place, and not listed at its new one.
        explains=(Explains("GS901", work.path), Explains("GS912", work.path)),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "If the module was moved, list its new place with `go work use DIRECTORY`; if it is not checked out here, fetch it; if it is gone for good, drop its line as above. Keep {work} itself.",
            work=work.path,
        ),
    )


def _actions(work: GoWork) -> tuple[Action, ...]:
    """The lines without a module go."""
    lines = work.missing_uses
    if work.errors or any(len(line.text) >= LINE_SHOWN or line.text.rstrip().endswith("(") for line in lines):
        return ()
    return (EditLines(work.path, tuple(LineEdit(line.line, line.text) for line in lines)),)


def directory_in(line: Location) -> str:
    """The directory that a `use` line names, as it is written."""
    text = line.text.partition("//")[0].strip()
    if text.startswith("use") and text[3:4] in (" ", "\t", '"'):
        text = text[3:].strip()
    return text.strip('"`') or "."
