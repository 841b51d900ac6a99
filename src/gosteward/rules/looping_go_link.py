"""GS307: a link named go leads back to itself, so nothing can be opened through it."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, suspects
from gosteward.reasoning.link_repair import OF_PACKAGES, likeliest, pointed_to, steps, tree_that_runs, trees_for
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import ReplaceLink
    from gosteward.reasoning.impact import Suspect
    from gosteward.snapshot import Binary, GoTree, Snapshot

RULE = Rule(
    id="GS307",
    slug="looping-go-link",
    title="a link named go leads back to itself",
    severity="error",
    needs=("contexts", "toolchains"),
    symptoms=("Too many levels of symbolic links", "go: command not found"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    seen: set[frozenset[str]] = set()
    found = (s for s in suspects(snapshot, _loops) if s.role in ("go", "gofmt") and s.impact.used)
    # A file that is reached through a link of its directory too (/bin is usr/bin) is the same one: it comes last.
    for suspect in sorted(found, key=lambda s: bool(s.binary.links) and s.binary.links[0].path != s.binary.path):
        circle = frozenset(
            link.path for link in suspect.binary.links if not suspect.binary.path.startswith(f"{link.path}/")
        )
        if not circle or circle not in seen:
            seen.add(circle)
            yield _finding(snapshot, suspect)


def _loops(binary: Binary) -> bool:
    return binary.kind == "loop"


def _finding(snapshot: Snapshot, suspect: Suspect) -> Finding:
    program = suspect.binary
    chain = tuple(dict.fromkeys(f"{link.path} -> {link.target}" for link in program.links[:8]))
    trees = trees_for(snapshot, program.path)
    name = program.path.rpartition("/")[2]
    running = tree_that_runs(snapshot, suspect.impact.contexts)
    chosen = running if running in trees else likeliest(trees, program.path)
    actions = _broken_up(snapshot, program, chosen) if chosen is not None else ()
    return Finding(
        rule=RULE,
        subject=program.path,
        message=Text(
            "{path} is a link that leads back to itself: {chain}",
            path=program.path,
            chain=", ".join(chain) or "the chain has no end",
        ),
        locations=tuple(dict.fromkeys((Location(program.path), *(Location(link.path) for link in program.links[:8])))),
        evidence=(f"namei -l {quote(program.path)}",),
        contexts=suspect.impact.contexts,
        severity=suspect.impact.severity,
        explains=(
            *NO_GO_RUNS,
            Explains("GS116", program.path.rpartition("/")[0]),
            *(Explains(rule) for rule in ("GS132", "GS408", "GS307")),
        ),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "Two links name each other, or one names itself: point one of them to the real program in a Go tree, such as {example}.",
            example=f"{trees[0].path}/bin/{name}" if trees else f"/usr/local/go/bin/{name}",
        ),
    )


def _broken_up(snapshot: Snapshot, program: Binary, tree: GoTree) -> tuple[ReplaceLink, ...]:
    """The first link of the circle led to a tree, with that of gofmt beside it where it turns in a circle, too."""
    gofmts = (e.gofmt for c in snapshot.contexts for e in c.search_path if e.gofmt is not None and _loops(e.gofmt))
    directory = program.path.rpartition("/")[0]
    beside = tuple(g for g in gofmts if g.path.rpartition("/")[0] == directory and g.path != program.path)
    found = []
    for one in (program, *beside[:1]):
        first = next(iter(steps(one.path, one.links)), None)
        if first is not None and not first.link.path.startswith(OF_PACKAGES):
            found.append(pointed_to(first, tree, one.path.rpartition("/")[2]))
    return tuple(dict.fromkeys(action for action in found if action is not None))
