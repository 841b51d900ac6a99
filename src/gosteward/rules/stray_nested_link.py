"""GS308: a link lies inside a Go tree: `ln -sf NEW go` followed the old link `go`, so the switch to NEW never happened."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import RemoveLink, ReplaceLink
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.reasoning.impact import distinct_trees
from gosteward.reasoning.link_repair import destination
from gosteward.reasoning.viewpoint import tree_at
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import GoTree, Link, Snapshot

RULE = Rule(
    id="GS308",
    slug="stray-nested-link",
    title="a link to another release lies inside the Go tree",
    severity="warning",
    needs=("toolchains", "contexts"),
    symptoms=("go version prints the old release after an upgrade",),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for tree in distinct_trees(snapshot):
        for link in tree.stray_links[:3]:
            yield _finding(snapshot, tree, link)


def _finding(snapshot: Snapshot, tree: GoTree, link: Link) -> Finding:
    path = link.path if link.path.startswith("/") else f"{tree.path}/{link.path}"
    wanted = destination(link._replace(path=path))
    other = tree_at(snapshot, wanted)
    outer = _outer_link(snapshot, tree)
    missed = (
        other is not None
        and outer is not None
        and _same(snapshot, tree)
        and goversion.older(tree.version, other.version)
    )
    removal = RemoveLink(path, link.target)
    return Finding(
        rule=RULE,
        subject=path,
        message=_message(path, wanted, tree, outer) if missed and outer else _left_over(path, wanted, tree),
        locations=(Location(path), *((Location(outer.path),) if outer else ())),
        evidence=(f"ls -l {quote(path)}", *(f"{entry.path} -> {entry.target}" for entry in tree.links)),
        contexts=tree.on_path_of,
        severity="" if missed else "note",
        explains=(Explains("GS408"), Explains("GS412"), Explains("GS413")) if missed else (),
        # Whoever made the link said what they wanted; a stray one without that is nobody's hurry.
        risk="safe" if missed else "confirm",
        actions=(ReplaceLink(outer.path, wanted, outer.target), removal) if missed and outer else (removal,),
        advice=_advice(tree, outer)
        if missed and outer
        else Text("The link does no harm; it can be removed with `rm`."),
    )


def _outer_link(snapshot: Snapshot, tree: GoTree) -> Link | None:
    """The link that people call the tree by ("/usr/local/go"), None without one."""
    if tree.links:
        return tree.links[0]
    others = (t for t in snapshot.toolchains if t.links and (t.real_path or t.path) == (tree.real_path or tree.path))
    return next((t.links[0] for t in others), None)


def _same(snapshot: Snapshot, tree: GoTree) -> bool:
    """Whether the outer link still leads to this tree and somebody meets it; () contexts stand for an unknown PATH."""
    return bool(tree.on_path_of) or not snapshot.contexts


def _message(path: str, wanted: str, tree: GoTree, outer: Link) -> Text:
    return Text(
        "{outer} still leads to {version}: the link {path} -> {wanted} landed inside the old tree",
        outer=outer.path,
        version=tree.version,
        path=path,
        wanted=wanted,
    )


def _left_over(path: str, wanted: str, tree: GoTree) -> Text:
    return Text(
        "the link {path} -> {wanted} lies inside the tree of {version} and belongs to no release",
        path=path,
        wanted=wanted,
        version=tree.version,
    )


def _advice(tree: GoTree, outer: Link) -> Text:
    return Text(
        "`ln -sf` follows {outer} when it leads to a directory. Make a new link beside it and rename it over the old one; {tree} stays as it is.",
        outer=outer.path,
        tree=tree.real_path or tree.path,
    )
