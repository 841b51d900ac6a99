"""GS702: a distribution packs go and its sources apart, and only go is installed: nothing can be built."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning import package_names
from gosteward.reasoning.impact import distinct_trees, of_tree
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.impact import Impact
    from gosteward.snapshot import GoTree, Snapshot

RULE = Rule(
    id="GS702",
    slug="split-package-without-src",
    title="the package with Go's sources is missing",
    severity="error",
    needs=("toolchains", "contexts"),
    symptoms=(
        "package fmt is not in GOROOT (/usr/lib/go-1.19/src/fmt)",
        "package fmt is not in std",
        'cannot find package "runtime"',
    ),
)
_OF_DEBIAN = re.compile(r"golang-(?P<line>\d+\.\d+)-go")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for tree in distinct_trees(snapshot):
        if not tree.package or not _lacks_sources(tree) or tree.origin in ("gccgo", "snap") or tree.go is None:
            continue
        impact = of_tree(snapshot, tree)
        if impact.contexts or impact.used:
            yield _finding(snapshot, tree, impact)


def _lacks_sources(tree: GoTree) -> bool:
    """Some files below src are generated and come with go itself, so the directory says nothing."""
    return not tree.has_src or {"src/runtime/proc.go", "src/fmt/print.go"} <= set(tree.missing)


def _finding(snapshot: Snapshot, tree: GoTree, impact: Impact) -> Finding:
    package = _package(snapshot, tree)
    commands = package_names.install(snapshot.machine, package)
    return Finding(
        rule=RULE,
        subject=tree.path,
        message=Text(
            "{tree} ({version}, package {package}) has no sources: {src} is missing, and go compiles the standard library from there",
            tree=tree.path,
            version=tree.version or "?",
            package=tree.package,
            src=f"{tree.path}/src/runtime/proc.go",
        ),
        locations=(Location(f"{tree.path}/src"),),
        evidence=(f"ls -ld {quote(f'{tree.path}/src')}/",),
        contexts=impact.contexts,
        severity=impact.severity,
        explains=(*(Explains(rule, tree.path) for rule in ("GS401", "GS402")), Explains("GS411")),
        commands=commands,
        advice=Text("Install the package {package} in the same version: it brings the sources.", package=package)
        if package
        else Text("Install the package of this distribution that brings Go's sources, in the same version."),
    )


def _package(snapshot: Snapshot, tree: GoTree) -> str:
    match = _OF_DEBIAN.match(tree.package)
    return f"golang-{match['line']}-src" if match else package_names.package_for(snapshot.machine, "go-src")
