"""GS903: a go.work in force holds lines that no Go understands, or cannot be read."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.modules_in_use import work_files
from gosteward.reasoning.viewpoint import settings_named
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import GoWork, Snapshot, Workspace

RULE = Rule(
    id="GS903",
    slug="go-work-unreadable",
    title="go.work cannot be read",
    severity="error",
    needs=("workspaces",),
    symptoms=(
        "go: errors parsing go.work:",
        "go.work:3: unknown directive: require",
        "go: reading go.work: open /srv/src/go.work: permission denied",
    ),
)
CONFLICT = ("<<<<<<<", "=======", ">>>>>>>")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    gone = {setting.value for setting in settings_named(snapshot, "GOWORK") if setting.missing}
    for work, governed in work_files(snapshot):
        if work.errors or (not work.exists and work.path not in gone):
            yield _finding(work, governed)


def _finding(work: GoWork, governed: tuple[Workspace, ...]) -> Finding:
    return Finding(
        rule=RULE,
        subject=work.path,
        message=_message(work, governed),
        locations=work.errors or (Location(work.path),),
        evidence=(f"ls -l {quote(work.path)}", f"go work edit -print {quote(work.path)}"),
        explains=tuple(Explains(rule, work.path) for rule in ("GS901", "GS902", "GS912")),
        advice=_advice(work),
    )


def _message(work: GoWork, governed: tuple[Workspace, ...]) -> Text:
    modules = ", ".join(w.root for w in governed[:3])
    if not work.errors:
        return Text("{work} is in force in {modules} and cannot be read by this user", work=work.path, modules=modules)
    first = work.errors[0]
    return Text(
        "{work}:{line} is no line that go understands (`{text}`): every go command in {modules} stops",
        work=work.path,
        line=str(first.line),
        text=first.text.strip()[:100],
        modules=modules,
    )


def _advice(work: GoWork) -> Text:
    if not work.errors:
        return Text("Let the user read the file, or run single commands with GOWORK=off.")
    if any(line.text.startswith(CONFLICT) for line in work.errors):
        return Text("Marks of a merge conflict stand in the file: resolve it, and keep the `use` lines of both sides.")
    return Text(
        "Correct the line: go.work knows go, toolchain, godebug, use and replace. GOWORK=off for one command builds without the file; keep it."
    )
