"""GS413: a later release repaired vulnerabilities that the go which runs still has."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.golang.advisories import shown
from gosteward.reasoning.known_releases import is_old, known_gos, newest_in_line
from gosteward.reasoning.running_go import FOREIGN_BUILDS, described
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.golang.advisories import Advisory
    from gosteward.golang.goversion import GoVersion
    from gosteward.knowledge.release_data import ReleaseData
    from gosteward.reasoning.running_go import RunningGo
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS413",
    slug="known-vulnerabilities",
    title="this release of Go has vulnerabilities that a later one repaired",
    severity="warning",
    needs=("contexts", "toolchains", "releases"),
    hinders=False,
)
NAMED = 3
_OWN = (
    "known vulnerabilities of {go}: {count}, {own} of them in Go's own commands ({names}); "
    "the first release without them is {fixed} (as of {day})"
)
_OWN_LONG_AGO = (
    "known vulnerabilities of {go}: {count}, {own} of them in Go's own commands ({names}); "
    "the first release without them is {fixed} "
    "(as of {day}, more than two months ago: `gosteward refresh` asks for what is newer)"
)
_LIBRARY = (
    "known vulnerabilities of {go}: {count}, all of them in the library ({names}); "
    "the first release without them is {fixed} (as of {day})"
)
_LIBRARY_LONG_AGO = (
    "known vulnerabilities of {go}: {count}, all of them in the library ({names}); "
    "the first release without them is {fixed} "
    "(as of {day}, more than two months ago: `gosteward refresh` asks for what is newer)"
)


class Repaired(NamedTuple):
    """A vulnerability, and the first release without it.  in_line: that is of the same line."""

    one: Advisory
    fixed: GoVersion
    in_line: bool


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for running, data in known_gos(snapshot):
        repaired = _repaired(data, running.version)
        if repaired:
            yield _finding(snapshot, running, repaired, data)


def _repaired(data: ReleaseData, version: str) -> tuple[Repaired, ...]:
    """The gravest first. What no release has repaired is nothing that anybody here can cure."""
    parsed = goversion.parse(version)
    if parsed is None:
        return ()
    fixes = ((one, one.fixed_after(parsed)) for one in data.vulnerabilities_of(version))
    return tuple(Repaired(one, fixed, fixed[:2] == parsed[:2]) for one, fixed in fixes if fixed is not None)


def _finding(snapshot: Snapshot, running: RunningGo, repaired: tuple[Repaired, ...], data: ReleaseData) -> Finding:
    # Faults of the go command endanger this host; those of the library, the programs that are built. Distributions mend their own.
    kept = running.go.origin in FOREIGN_BUILDS or bool(running.go.package)
    endangers = any(found.one.of_command and found.in_line for found in repaired)
    return Finding(
        rule=RULE,
        subject=running.go.path,
        message=_message(snapshot, running, repaired, data.advisories.as_of[:10]),
        locations=(Location(running.place),),
        evidence=(f"{running.go.path} version", *map(_line, repaired)),
        contexts=running.contexts,
        severity="" if endangers and not kept else "note",
        advice=_advice(newest_in_line(data, _sound(repaired)), repaired, kept=kept),
    )


def _sound(repaired: tuple[Repaired, ...]) -> str:
    """The first release that has none of them."""
    return shown(max(found.fixed for found in repaired))


def _message(snapshot: Snapshot, running: RunningGo, repaired: tuple[Repaired, ...], day: str) -> Text:
    own = [found.one for found in repaired if found.one.of_command]
    named = (own or [found.one for found in repaired])[:NAMED]
    values = {
        "go": described(running),
        "count": str(len(repaired)),
        "names": ", ".join(one.name for one in named),
        "fixed": _sound(repaired),
        "day": day,
    }
    old = is_old(day, snapshot.taken_at)
    if own:
        return Text(_OWN_LONG_AGO if old else _OWN, own=str(len(own)), **values)
    return Text(_LIBRARY_LONG_AGO if old else _LIBRARY, **values)


def _line(found: Repaired) -> str:
    one = found.one
    number = f"{one.name} ({one.id})" if one.aliases else one.id
    # No names of packages: whoever searches a report for html should not find html/template here. `gosteward list --format json` has them.
    return f"{number}: repaired in {shown(found.fixed)}"


def _advice(newest: str, repaired: tuple[Repaired, ...], *, kept: bool) -> Text:
    if kept:
        return Text(
            "The distribution brings fixes into its own versions: its security notices say which. "
            "`gosteward install {newest}` puts a current release beside it.",
            newest=newest,
        )
    if all(found.in_line for found in repaired):
        return Text(
            "{newest} is the newest of its line: `gosteward upgrade` brings it where gosteward installed this one, "
            "else `gosteward install {newest}`. `govulncheck` tells which faults of the library a program really meets.",
            newest=newest,
        )
    return Text(
        "No release of its own line repairs all of them: `gosteward install {newest}` puts a current one beside it. "
        "`govulncheck` tells which faults of the library a program really meets.",
        newest=newest,
    )
