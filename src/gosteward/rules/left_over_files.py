"""GS402: a Go tree holds files of another release: a new archive was unpacked over an old tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import distinct_trees, of_tree
from gosteward.reasoning.link_repair import instead_of_tree
from gosteward.reasoning.remedies import installing
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import GoTree, Snapshot

RULE = Rule(
    id="GS402",
    slug="left-over-files",
    title="the Go tree holds files of another release",
    severity="error",
    needs=("toolchains", "contexts"),
    symptoms=(
        "redeclared in this block",
        "/usr/local/go/src/runtime/mbitmap_noallocheaders.go:53:2: mallocHeaderSize redeclared in this block",
        "found packages in one directory",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for tree in distinct_trees(snapshot):
        if tree.left_over:
            yield _finding(snapshot, tree)


def _finding(snapshot: Snapshot, tree: GoTree) -> Finding:
    impact = of_tree(snapshot, tree)
    compiled = any(name.startswith("src/") and name.endswith((".go", ".s", ".h")) for name in tree.left_over)
    # Documents of another release are no reason to part with a tree that works.
    actions = instead_of_tree(snapshot, tree) if impact.used and compiled else ()
    paths = tuple(f"{tree.path}/{name}" for name in tree.left_over)
    return Finding(
        rule=RULE,
        subject=tree.path,
        message=_message(tree, paths[0]),
        locations=tuple(Location(path) for path in paths[:10]),
        evidence=tuple(paths[:5]),
        contexts=impact.contexts,
        severity=impact.severity if compiled else "warning",
        explains=(Explains("GS403", tree.path), Explains("GS419", tree.path), Explains("GS401", tree.path)),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=() if actions else installing(tree.version),
        advice=Text(
            "An archive was unpacked over an older tree, and the files that only the older release had remained. Unpack a fresh tree beside {tree}, check it, then switch; keep the mixed one until then. Do not pick out single files.",
            tree=tree.path,
        ),
    )


def _message(tree: GoTree, first: str) -> Text:
    if tree.left_over_version:
        return Text(
            "{tree} is {version} but holds left-over files of {other}, {first} among them",
            tree=tree.path,
            version=tree.version,
            other=tree.left_over_version,
            first=first,
        )
    return Text(
        "{tree} is {version} but holds left-over files of another release, {first} among them",
        tree=tree.path,
        version=tree.version,
        first=first,
    )
