"""GS401: files that every Go tree has are missing: an unpack that stopped half-way, or a copy of a part."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, distinct_trees, of_tree
from gosteward.reasoning.link_repair import instead_of_tree
from gosteward.reasoning.remedies import installing
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.impact import Impact
    from gosteward.snapshot import GoTree, Snapshot

RULE = Rule(
    id="GS401",
    slug="incomplete-tree",
    title="the Go tree is incomplete",
    severity="error",
    needs=("toolchains", "contexts"),
    symptoms=(
        'go: no such tool "compile"',
        "package fmt is not in std",
        "go: cannot find GOROOT directory",
        "could not import fmt",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for tree in distinct_trees(snapshot):
        missing = tuple(name for name in tree.missing if name != "VERSION")
        # A distribution packs the sources apart: GS702. A toolchain that go is still unpacking has a name ending in .partial.
        only_src = all(name.startswith(("src/", "test/", "doc/", "api/")) for name in missing)
        if not missing or (only_src and tree.package) or tree.path.endswith(".partial"):
            continue
        impact = of_tree(snapshot, tree)
        if impact.contexts or impact.used:
            yield _finding(snapshot, tree, missing, impact)


def _finding(snapshot: Snapshot, tree: GoTree, missing: tuple[str, ...], impact: Impact) -> Finding:
    actions = instead_of_tree(snapshot, tree) if impact.used else ()
    return Finding(
        rule=RULE,
        subject=tree.path,
        message=Text(
            "{tree} ({version}) lacks files that every release has ({count}): {first} is missing",
            tree=tree.path,
            version=tree.version or "?",
            count=str(len(missing)),
            first=missing[0],
        ),
        locations=tuple(Location(f"{tree.path}/{name}") for name in missing[:10]),
        evidence=(f"ls -l {quote(f'{tree.path}/{missing[0]}')}",),
        contexts=impact.contexts,
        severity=impact.severity,
        explains=(
            *NO_GO_RUNS,
            Explains("GS403", tree.path),
            Explains("GS404"),
            Explains("GS405"),
            Explains("GS419", tree.path),
        ),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=() if actions else installing(tree.version),
        advice=Text(
            "The unpacking stopped half-way, mostly for want of space, or only a part was copied. Unpack the archive again beside {tree}, compare its SHA-256 first, and switch when it is complete.",
            tree=tree.path,
        ),
    )
