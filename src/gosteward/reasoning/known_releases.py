"""What is known of releases: as the snapshot says, or, where it says nothing of them, as this program does. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.golang import goversion
from gosteward.reasoning.running_go import running_gos

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.knowledge.release_data import ReleaseData
    from gosteward.reasoning.running_go import RunningGo
    from gosteward.snapshot import KnownReleases, Snapshot

AGE = 2  # months from which on a reader is told that there may be newer knowledge: patches come about monthly
RECORDED = "the snapshot"


def known_gos(snapshot: Snapshot) -> Iterator[tuple[RunningGo, ReleaseData]]:
    """Each go of a known version that runs, with what is known of releases."""
    gos = [running for running in running_gos(snapshot) if goversion.parse(running.version)]
    if gos:
        data = release_data_of(snapshot)
        yield from ((running, data) for running in gos)


def release_data_of(snapshot: Snapshot) -> ReleaseData:
    """Lines of releases, and vulnerabilities: all, or those that versions on the host have."""
    from gosteward.knowledge import release_data  # here, as a host without Go needs none of it

    known = snapshot.releases
    return _recorded(known) if known.lines_as_of else release_data.shipped()


def newest_in_line(data: ReleaseData, version: str) -> str:
    """The newest patch of the line of a release that is known, as it is typed: "1.26.11"."""
    newest = data.newest_of(version)
    return (version if not newest or goversion.older(newest, version) else newest)[len("go") :]


def newest_with_fixes(data: ReleaseData) -> str:
    """The newest release, as it is typed; "latest" where none is known."""
    return next((line.newest[len("go") :] for line in reversed(data.with_fixes()) if line.newest), "latest")


def is_old(day: str, now: str) -> bool:
    """Whether knowledge as of a day is more than two months old; False where one of both cannot be read."""
    months = months_between(day, now)
    return months > AGE or (months == AGE and now[8:10] > day[8:10])


def months_between(first: str, second: str) -> int:
    """Months from that of one "2026-08" or "2026-08-31" to that of another; 0 where one cannot be read."""
    try:
        years, months = (int(b) - int(a) for a, b in zip(first[:7].split("-"), second[:7].split("-")))
    except ValueError:
        return 0
    return years * 12 + months


def _recorded(known: KnownReleases) -> ReleaseData:
    from gosteward.golang.advisories import ID, Advisory, Range
    from gosteward.knowledge.release_data import Advisories, ReleaseData, Releases
    from gosteward.knowledge.releases import Line

    # A snapshot may come from anybody: an entry with another id has no place in any order.
    entries = tuple(
        Advisory(one.id, one.aliases, one.packages, tuple(Range(*pair) for pair in one.ranges))
        for one in known.vulnerabilities
        if ID.fullmatch(one.id)
    )
    return ReleaseData(
        Releases(known.lines_as_of, RECORDED, tuple(Line(*line) for line in known.lines)),
        Advisories(known.vulnerabilities_as_of, RECORDED, entries),
    )
