"""GS132: the gofmt that is found belongs to another release than the go that is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.reach import WANTED
from gosteward.reasoning.remedies import LINKS, links_to, risk
from gosteward.reasoning.viewpoint import first_go, own_contexts, tree_at
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Binary, Context, Snapshot

RULE = Rule(
    id="GS132",
    slug="gofmt-of-another-go",
    title="gofmt belongs to another Go than go",
    severity="note",
    needs=("contexts", "toolchains"),
    symptoms=("gofmt formats differently", "gofmt: expected declaration"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[tuple[str, str], tuple[Binary, Binary, list[str]]] = {}
    for context in own_contexts(snapshot, *WANTED):
        entry, gofmt = first_go(context), _first_gofmt(context)
        go = entry.go if entry is not None else None
        if go is None or gofmt is None or not go.goroot or not gofmt.goroot or go.goroot == gofmt.goroot:
            continue
        found.setdefault((go.path, gofmt.path), (go, gofmt, []))[2].append(context.name)
    for go, gofmt, names in found.values():
        yield _finding(snapshot, go, gofmt, tuple(names))


def _first_gofmt(context: Context) -> Binary | None:
    return next((e.gofmt for e in context.search_path if e.gofmt is not None and e.gofmt.executable), None)


def _finding(snapshot: Snapshot, go: Binary, gofmt: Binary, contexts: tuple[str, ...]) -> Finding:
    tree = tree_at(snapshot, go.goroot)
    link = go.path == f"{LINKS}/go" and tree is not None and not gofmt.path.startswith(f"{LINKS}/")
    root = tree.path if tree else go.goroot
    actions = links_to(snapshot, f"{root}/bin", ("gofmt",)) if link else ()
    return Finding(
        rule=RULE,
        subject=gofmt.path,
        message=Text(
            "go is {go} ({go_version}), gofmt is {gofmt} ({gofmt_version})",
            go=go.path,
            go_version=go.version or "?",
            gofmt=gofmt.path,
            gofmt_version=gofmt.version or "?",
        ),
        locations=(Location(gofmt.path), Location(go.path)),
        evidence=("type -a go gofmt",),
        contexts=contexts,
        risk=risk(actions),
        actions=actions,
        advice=Text("`go fmt` uses the right one in any case. Put gofmt beside go, from the same tree."),
    )
