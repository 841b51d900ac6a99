"""GS317: anybody on the host may change files of a Go tree, and so what everybody builds."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import CloseTree
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import distinct_trees
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import GoTree, Snapshot

RULE = Rule(
    id="GS317",
    slug="world-writable-goroot",
    title="anybody may change files of the Go tree",
    severity="warning",
    needs=("toolchains",),
)
SAMPLE = 20


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for tree in distinct_trees(snapshot):
        open_itself = bool(tree.mode & 0o002) and not tree.mode & 0o1000
        if open_itself or tree.world_writable:
            yield _finding(tree, open_itself=open_itself)


def _finding(tree: GoTree, *, open_itself: bool) -> Finding:
    names = tuple(n for n in tree.world_writable if n not in ("", "."))
    paths = (*((tree.path,) if open_itself else ()), *(f"{tree.path}/{name}" for name in names))
    return Finding(
        rule=RULE,
        subject=tree.path,
        message=Text(
            "anybody may write {path} ({count} places of {tree}): whoever does decides what everybody builds",
            path=paths[0],
            count=str(len(paths)) if len(tree.world_writable) < SAMPLE else f"{SAMPLE} or more",
            tree=tree.path,
        ),
        locations=tuple(Location(path) for path in paths[:10]),
        evidence=(f"find {quote(tree.real_path or tree.path)} -perm -o+w ! -type l",),
        contexts=tree.on_path_of,
        severity="" if tree.on_path_of else "note",
        explains=(Explains("GS119", f"{tree.path}/bin"),),
        risk="safe",
        # Only some places were looked at: where one is open, others are.
        actions=(CloseTree(tree.real_path or tree.path),),
        advice=Text(
            "Nobody needs to write there: take the right away from others, and compare the tree with its release if it was open for long."
        ),
    )
