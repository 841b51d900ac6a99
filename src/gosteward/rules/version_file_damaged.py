"""GS419: the VERSION file of a Go tree is missing, empty or not what it should be."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.golang import goversion, toolchain_names
from gosteward.reasoning.impact import distinct_trees
from gosteward.reasoning.link_repair import instead_of_tree
from gosteward.reasoning.remedies import installing
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import GoTree, Snapshot

RULE = Rule(
    id="GS419",
    slug="version-file-damaged",
    title="the VERSION file of the Go tree is damaged",
    severity="warning",
    needs=("toolchains",),
    symptoms=("cannot determine version", "FATAL: VERSION file"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for tree in distinct_trees(snapshot):
        # A checkout has no VERSION file, and a tree without a go has a finding of its own (GS401).
        judged = (
            tree.go is not None and tree.origin not in ("source", "gccgo", "distribution", "snap") and not tree.package
        )
        missing = "VERSION" in tree.missing or not tree.version
        if judged and (missing or not _reads(tree.version)):
            yield _finding(snapshot, tree, missing=missing)


def _reads(version: str) -> bool:
    return version.startswith("devel") or (version.startswith("go") and goversion.parse(version) is not None)


def _finding(snapshot: Snapshot, tree: GoTree, *, missing: bool) -> Finding:
    path = f"{tree.path}/VERSION"
    # Its program may still say which release it is, and only then is it known what belongs there.
    known = missing and toolchain_names.is_release(tree.version) and bool(tree.on_path_of)
    actions = instead_of_tree(snapshot, tree) if known else ()
    return Finding(
        rule=RULE,
        subject=path,
        message=Text("{path} is missing or empty: every release has one, with its name in the first line", path=path)
        if missing
        else Text("{path} begins with `{version}`, which is no release of Go", path=path, version=tree.version),
        locations=(Location(path) if missing else Location(path, 1, tree.version),),
        evidence=(f"head -1 {quote(path)}",),
        contexts=tree.on_path_of,
        severity="" if tree.on_path_of else "note",
        confidence="high" if actions else "medium",
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=() if actions else installing(tree.version),
        advice=Text(
            "The installation was interrupted or mixed with another one: compare the tree with its archive, or unpack it again beside and switch."
        ),
    )
