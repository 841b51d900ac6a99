"""GS414: an official build that is known not to work on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.knowledge.releases import BAD_BUILDS
from gosteward.reasoning.impact import NO_GO_RUNS, distinct_trees, of_tree
from gosteward.reasoning.link_repair import instead_of_tree
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.knowledge.releases import BadBuild
    from gosteward.snapshot import GoTree, Snapshot

RULE = Rule(
    id="GS414",
    slug="known-bad-build",
    title="this build of Go is known not to work",
    severity="error",
    needs=("toolchains", "machine", "contexts"),
    symptoms=("Illegal instruction", "signal: illegal instruction"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for tree in distinct_trees(snapshot):
        for build in BAD_BUILDS:
            if (tree.version, tree.goarch) == (build.version, build.goarch) and _concerned(snapshot, tree):
                yield _finding(snapshot, tree, build)


def _concerned(snapshot: Snapshot, tree: GoTree) -> bool:
    """Whether this machine is one that the build fails on: an ARMv7 runs what was built for ARMv7."""
    official = tree.origin not in ("distribution", "source") and not tree.package
    return official and snapshot.machine.goarm < 7 and snapshot.machine.kernel_goarch == tree.goarch


def _finding(snapshot: Snapshot, tree: GoTree, build: BadBuild) -> Finding:
    impact = of_tree(snapshot, tree)
    actions = instead_of_tree(snapshot, tree._replace(version=build.better)) if impact.used else ()
    return Finding(
        rule=RULE,
        subject=tree.path,
        message=Text(
            "{tree} is {version} for {goarch}: {why} ({source})",
            tree=tree.path,
            version=build.version,
            goarch=build.goarch,
            why=build.why,
            source=build.source,
        ),
        locations=(Location(tree.path),),
        evidence=("grep Features /proc/cpuinfo",),
        contexts=impact.contexts,
        severity=impact.severity if snapshot.machine.goarm else "warning",
        explains=(*NO_GO_RUNS, Explains("GS207")),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text("{better} repaired it: unpack that release beside this one, then switch.", better=build.better),
    )
