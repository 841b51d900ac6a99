"""GS403: compiler, linker or bin/go of one tree come from different releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.reasoning.impact import distinct_trees, of_tree
from gosteward.reasoning.link_repair import instead_of_tree
from gosteward.reasoning.remedies import installing
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Binary, GoTree, Snapshot

RULE = Rule(
    id="GS403",
    slug="tools-of-another-version",
    title="programs of one Go tree come from different releases",
    severity="error",
    needs=("toolchains", "contexts"),
    symptoms=('compile: version "go1.12.5" does not match go tool version "go1.13"',),
)
# What every build starts; a left-over tool that this release no longer ships harms nobody.
NEEDED = ("compile", "link", "asm", "cgo", "cover", "vet")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for tree in distinct_trees(snapshot):
        wanted = _version(tree.go) if tree.go is not None else ""
        wanted = wanted or tree.version
        odd = tuple(t for t in tree.tools if t.path.rpartition("/")[2] in NEEDED and _differs(_version(t), wanted))
        if odd:
            yield _finding(snapshot, tree, wanted, odd)
        elif tree.go is not None and _differs(wanted, tree.version):
            yield _of_go(snapshot, tree, wanted)


def _version(binary: Binary) -> str:
    """The release that a program was built as, from its own build information."""
    return binary.elf.go_version if binary.elf is not None else ""


def _differs(left: str, right: str) -> bool:
    first, second = goversion.parse(left), goversion.parse(right)
    return first is not None and second is not None and first != second


def _finding(snapshot: Snapshot, tree: GoTree, wanted: str, odd: tuple[Binary, ...]) -> Finding:
    impact = of_tree(snapshot, tree)
    actions = instead_of_tree(snapshot, tree) if impact.used else ()
    return Finding(
        rule=RULE,
        subject=tree.path,
        message=Text(
            "{tool} is a program of {found}, the go of {tree} is {wanted}: they refuse to work together",
            tool=odd[0].path,
            found=_version(odd[0]),
            tree=tree.path,
            wanted=wanted,
        ),
        locations=tuple(Location(tool.path) for tool in odd[:10]),
        evidence=tuple(f"{tool.path} -V=full" for tool in odd[:3]),
        contexts=impact.contexts,
        severity=impact.severity,
        explains=(Explains("GS419", tree.path),),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=() if actions else installing(tree.version),
        advice=Text(
            "Two releases were mixed in {tree}. Unpack one of them beside it, check it, then switch.", tree=tree.path
        ),
    )


def _of_go(snapshot: Snapshot, tree: GoTree, found: str) -> Finding:
    impact = of_tree(snapshot, tree)
    actions = instead_of_tree(snapshot, tree) if impact.used else ()
    return Finding(
        rule=RULE,
        subject=tree.path,
        message=Text(
            "bin/go of {tree} is {found}, its VERSION file says {version}",
            tree=tree.path,
            found=found,
            version=tree.version,
        ),
        locations=(Location(f"{tree.path}/bin/go"), Location(f"{tree.path}/VERSION", 1, tree.version)),
        evidence=(f"{tree.path}/bin/go version",),
        contexts=impact.contexts,
        severity=impact.severity,
        explains=(Explains("GS402", tree.path), Explains("GS419", tree.path)),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=() if actions else installing(tree.version),
        advice=Text(
            "Two releases were mixed in {tree}. Unpack one of them beside it, check it, then switch.", tree=tree.path
        ),
    )
