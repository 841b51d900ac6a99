"""GS307: a link named go leads back to itself, so nothing can be opened through it."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, suspects
from gosteward.reasoning.link_repair import relink, trees_for
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.impact import Suspect
    from gosteward.snapshot import Binary, Snapshot

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
    # Where the directory is the link, there is no place for a link in it.
    above = next((link.path for link in program.links if program.path.startswith(f"{link.path}/")), "")
    commands: tuple[str, ...] = ()
    if len(trees) == 1 and (not above or program.path == f"{above}/bin/{name}"):
        commands = relink(above, trees[0].path) if above else relink(program.path, f"{trees[0].path}/bin/{name}")
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
        risk="confirm" if commands else "manual",
        commands=commands,
        advice=Text(
            "Two links name each other, or one names itself: point one of them to the real program in a Go tree, such as {example}.",
            example=f"{trees[0].path}/bin/{name}" if trees else f"/usr/local/go/bin/{name}",
        ),
    )
