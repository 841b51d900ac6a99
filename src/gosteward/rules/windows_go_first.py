"""GS121: under WSL only the Go of Windows is on PATH; `go.exe` builds for Windows, and `go` is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning import remedies
from gosteward.reasoning.reach import go_trees
from gosteward.reasoning.viewpoint import SESSION_KINDS, first_go, own_contexts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Context, PathEntry, Snapshot

RULE = Rule(
    id="GS121",
    slug="windows-go-first",
    title="PATH leads to the Go of Windows",
    severity="error",
    needs=("machine", "contexts", "toolchains"),
    symptoms=("go: command not found", "go version go1.22.5 windows/amd64"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    sessions = own_contexts(snapshot, *SESSION_KINDS)
    windows = tuple((c, e) for c in sessions if (e := _windows(c)) is not None)
    if not windows or not snapshot.machine.wsl:
        return
    without = tuple(c.name for c, _ in windows if first_go(c) is None)
    if without:
        yield _finding(snapshot, windows[0][1], without, alone=len(without) == len(sessions))


def _windows(context: Context) -> PathEntry | None:
    return next((e for e in context.search_path if e.go_exe), None)


def _finding(snapshot: Snapshot, entry: PathEntry, contexts: tuple[str, ...], *, alone: bool) -> Finding:
    trees = go_trees(snapshot)
    actions = remedies.best(snapshot, contexts) if trees else ()
    return Finding(
        rule=RULE,
        subject=entry.go_exe,
        message=Text(
            "{exe} is a program of Windows and builds for Windows; a go of Linux is not found in {contexts}",
            exe=entry.go_exe,
            contexts=", ".join(contexts),
        ),
        locations=tuple(s for s in entry.sources[:1] if s.line),
        contexts=contexts,
        severity="error" if alone else "warning",
        explains=(Explains("GS101"), Explains("GS102", contexts=contexts), Explains("GS418")),
        risk=remedies.risk(actions),
        actions=actions,
        advice=_advice(has_tree=bool(trees)),
    )


def _advice(*, has_tree: bool) -> Text:
    if has_tree:
        return Text(
            "Let PATH lead to the Go of Linux that is here, in front of the directories below /mnt. Windows keeps its own."
        )
    return Text(
        "Unpack a Linux archive of Go at /usr/local/go and put links in /usr/local/bin, which comes in front of the directories below /mnt. Windows keeps its own."
    )
