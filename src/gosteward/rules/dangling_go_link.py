"""GS306: a link named go leads to something that is gone, mostly a release that was removed by hand."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from gosteward.actions import RemoveLink
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, Impact, matters, of_program
from gosteward.reasoning.link_repair import (
    destination,
    installed_at,
    likeliest,
    of_package,
    pointed_to,
    steps,
    tree_like,
    tree_that_runs,
    trees_for,
)
from gosteward.reasoning.viewpoint import first_go, programs_named_go
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Binary, GoTree, Link, Snapshot

RULE = Rule(
    id="GS306",
    slug="dangling-go-link",
    title="a link named go leads nowhere",
    severity="error",
    needs=("contexts", "toolchains"),
    symptoms=("bash: /usr/local/bin/go: No such file or directory", "go: command not found"),
)


_NAMED = re.compile(r"go1(?:\.[0-9]+)+(?=/|$)")
OF_PACKAGES = ("/usr/bin/", "/bin/", "/usr/lib/", "/etc/alternatives/")


class _Broken(NamedTuple):
    """A link that leads nowhere.

    Attributes:
        link: the one that dangles.   programs: what cannot be started because of it, first the go.
        directory: the link stands for a whole tree, not for a program.
    """

    link: Link
    programs: tuple[Binary, ...]
    directory: bool = False


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for broken in _broken_links(snapshot):
        impact = _impact(snapshot, broken)
        if impact.used:
            yield _finding(snapshot, broken, impact)


def _dangles(binary: Binary) -> bool:
    return binary.kind == "missing" and bool(binary.links)


def _broken_links(snapshot: Snapshot) -> tuple[_Broken, ...]:
    """Links of programs, one per directory that they stand in, and links of whole trees."""
    entries = [e for c in snapshot.contexts for e in c.search_path]
    gofmts = [e.gofmt for e in entries if e.gofmt is not None]
    programs = {b.path: b for b in (*programs_named_go(snapshot), *gofmts) if _dangles(b)}
    found: dict[str, _Broken] = {}
    for program in programs.values():
        link = program.links[-1]
        whole = link.path.rpartition("/")[2] not in ("go", "gofmt") or program.path.startswith(f"{link.path}/")
        key = link.path if whole else f"{link.path.rpartition('/')[0]}/"
        before = found.get(key, _Broken(link, (), whole))
        found[key] = before._replace(programs=(*before.programs, program))
    return tuple(found.values())


def _impact(snapshot: Snapshot, broken: _Broken) -> Impact:
    first = broken.programs[0]
    if first.path.endswith("/gofmt"):
        return Impact("warning")
    directories = {program.path.rpartition("/")[0] for program in broken.programs}
    hit = tuple(
        c
        for c in snapshot.contexts
        if any(e.kind == "missing" and e.directory.rstrip("/") in directories for e in c.search_path)
    )
    if not hit:
        return of_program(snapshot, first)
    fatal = any(matters(c) and first_go(c) is None for c in hit)
    return Impact("error" if fatal else "warning", tuple(c.name for c in hit))


def _finding(snapshot: Snapshot, broken: _Broken, impact: Impact) -> Finding:
    link, first = broken.link, broken.programs[0]
    subject = link.path if broken.directory else first.path
    trees = trees_for(snapshot, subject)
    packaged = subject.startswith(OF_PACKAGES) or link.path.startswith(OF_PACKAGES)
    running = tree_that_runs(snapshot, impact.contexts or tuple(c.name for c in snapshot.contexts))
    candidates = trees if not packaged else ()
    chosen = running if running in candidates else tree_like(candidates, destination(link))
    if running is not None and of_package(running) and not packaged:
        # What works is a package's, and needs no link; to another release nobody asked to change.
        chosen, actions = None, _removals(broken)
    else:
        actions = _actions(broken, chosen or likeliest(candidates, destination(link)))
        if impact.severity == "error" and not trees and not packaged and not running:
            actions = _installed(broken)
    return Finding(
        rule=RULE,
        subject=subject,
        message=Text(
            "{path} is a broken link: {target}, where it leads, does not exist", path=subject, target=destination(link)
        ),
        locations=tuple(
            dict.fromkeys(
                (
                    Location(subject),
                    *(Location(p.path if broken.directory else p.links[-1].path) for p in broken.programs),
                )
            )
        ),
        evidence=(f"ls -l {quote(subject)}", *(f"{entry.path} -> {entry.target}" for entry in first.links)),
        contexts=impact.contexts,
        severity=impact.severity,
        explains=_explained(broken) if not first.path.endswith("/gofmt") else (),
        risk=("safe" if chosen else "confirm") if actions else "manual",
        actions=actions,
        advice=_advice(trees, chosen, packaged=packaged),
    )


def _explained(broken: _Broken) -> tuple[Explains, ...]:
    """With it goes the directory that it led to, where PATH names that one too."""
    directories = [program.path.rpartition("/")[0] for program in broken.programs]
    if not broken.directory:
        directories.append(destination(broken.link).rpartition("/")[0])
    missing = tuple(Explains("GS116", directory) for directory in dict.fromkeys(directories))
    return (*NO_GO_RUNS, *missing, Explains("GS132"), Explains("GS408"))


def _actions(broken: _Broken, tree: GoTree | None) -> tuple[Action, ...]:
    """Each of the links that dangle led to the tree."""
    found: list[Action] = []
    for program in broken.programs if tree is not None else ():
        last = next((s for s in reversed(steps(program.path, program.links)) if s.link == program.links[-1]), None)
        changed = pointed_to(last, tree, program.path.rpartition("/")[2]) if last is not None and tree else None
        if changed is None:
            return ()
        found.append(changed)
    return tuple(dict.fromkeys(found))


def _installed(broken: _Broken) -> tuple[Action, ...]:
    """The release whose name is in what is gone, to which the same links lead."""
    named = _NAMED.search(destination(broken.link))
    version = named[0] if named is not None else ""
    found = (installed_at(p.path, p.links, version, f"bin/{p.path.rpartition('/')[2]}") for p in broken.programs)
    return tuple(dict.fromkeys(action for actions in found for action in actions))


def _removals(broken: _Broken) -> tuple[Action, ...]:
    links = dict.fromkeys(program.links[-1] for program in broken.programs)
    return tuple(RemoveLink(link.path, link.target) for link in links)


def _advice(trees: tuple[GoTree, ...], chosen: GoTree | None, *, packaged: bool) -> Text:
    if packaged:
        return Text(
            "Packages make links in this directory: install the package again, or remove it with the package manager."
        )
    if chosen is not None:
        return Text("{version} at {tree} works: let the link point there.", version=chosen.version, tree=chosen.path)
    if trees:
        return Text(
            "Choose the release that the link should name: {trees}.",
            trees=", ".join(f"{t.path} ({t.version})" for t in trees),
        )
    return Text("No usable Go tree was found on this host: install a release, and let the link point to it.")
