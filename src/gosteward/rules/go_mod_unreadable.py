"""GS906: a go.mod holds lines that no Go understands, has no module line, or cannot be read."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import UnixLineEnds
from gosteward.finding import Explains, Finding, Rule, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot, Workspace

RULE = Rule(
    id="GS906",
    slug="go-mod-unreadable",
    title="go.mod cannot be read",
    severity="error",
    needs=("workspaces",),
    symptoms=(
        "go: errors parsing go.mod:",
        "go.mod:7: unknown directive: <<<<<<<",
        "go.mod: no module declaration in go.mod. To specify the module path:",
        "go.mod:5: usage: require module/path v1.2.3",
    ),
)
MARK = "\ufeff"
CONFLICT = ("<<<<<<<", "=======", ">>>>>>>")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for workspace in snapshot.workspaces:
        if workspace.errors and not _is_template(workspace):
            yield _finding(workspace)


def _is_template(workspace: Workspace) -> bool:
    """A go.mod from which a generator makes others; nobody builds there."""
    return not workspace.current and any("{{" in line.text or "<%" in line.text for line in workspace.errors)


def _finding(workspace: Workspace) -> Finding:
    explained = ("GS904", "GS907", "GS908")
    return Finding(
        rule=RULE,
        subject=workspace.go_mod,
        message=_message(workspace),
        locations=workspace.errors,
        evidence=(f"cd {quote(workspace.root)} && go mod edit -json",),
        explains=tuple(Explains(rule, workspace.root) for rule in explained),
        risk="confirm" if _is_marked(workspace) else "manual",
        actions=(UnixLineEnds(workspace.go_mod),) if _is_marked(workspace) else (),
        advice=_advice(workspace),
    )


def _is_marked(workspace: Workspace) -> bool:
    """All that is wrong is the mark at the head, which Windows editors write."""
    return len(workspace.errors) == 1 and workspace.errors[0].line == 1 and workspace.errors[0].text.startswith(MARK)


def _message(workspace: Workspace) -> Text:
    first = workspace.errors[0]
    if not first.line:
        return Text(
            "{go_mod} has no module line, or this user cannot read it: no go command works in {root}",
            go_mod=workspace.go_mod,
            root=workspace.root,
        )
    if _is_marked(workspace):
        return Text(
            "{go_mod}:{line} begins with a byte order mark (U+FEFF), which go does not take: no go command works in {root}",
            go_mod=workspace.go_mod,
            line="1",
            root=workspace.root,
        )
    return Text(
        "{go_mod}:{line} is no line that go understands (`{text}`): no go command works in {root}",
        go_mod=workspace.go_mod,
        line=str(first.line),
        text=first.text.strip()[:100],
        root=workspace.root,
    )


def _advice(workspace: Workspace) -> Text:
    if _is_marked(workspace):
        return Text("Save the file as UTF-8 without a byte order mark; its lines stay as they are.")
    if any(line.text.startswith(CONFLICT) for line in workspace.errors):
        return Text(
            "Marks of a merge conflict stand in the file. Keep the higher version of each requirement, take the marks out, then run `go mod tidy`."
        )
    if not workspace.errors[0].line:
        return Text("Let the user read the file; where it is empty, `go mod edit -module=PATH` writes the first line.")
    return Text("Correct the line, or take back the change that brought it: `git diff` shows it.")
