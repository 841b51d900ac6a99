"""What is known about releases at one moment: lines of releases, and vulnerabilities, each with the day it is of. Pure.

It ships with this program, and `gosteward refresh` adds what is newer; how that is written, see `release_document`.

Nobody has signed it. It decides what we say about a version, never what is installed; and what is known is never forgotten because a later
answer is silent about it: an end of a line stays, a vulnerability stays until it is withdrawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gosteward.golang import goversion
from gosteward.golang.advisories import Advisory, Range, shown
from gosteward.knowledge import releases
from gosteward.knowledge.releases import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SHIPPED = "shipped with gosteward"
SOURCE_LIMIT = 300
_MONTHS_OF_A_LINE = 6
MOST_NEW_LINES = 8


class Releases(NamedTuple):
    """Lines, oldest first.  as_of: UTC, ISO 8601.   source: for people."""

    as_of: str
    source: str
    lines: tuple[Line, ...]


class Advisories(NamedTuple):
    """Vulnerabilities.  as_of: when their database changed last, UTC, ISO 8601.   source: for people."""

    as_of: str
    source: str
    entries: tuple[Advisory, ...]


class ReleaseData(NamedTuple):
    """Both of them."""

    releases: Releases
    advisories: Advisories

    @property
    def as_of(self) -> str:
        """The day of the older part, "2026-11-05"."""
        return min(self.releases.as_of, self.advisories.as_of)[:10]

    def ended(self, version: str) -> str:
        """As `releases.ended`."""
        return releases.ended(version, self.releases.lines)

    def newest_of(self, version: str) -> str:
        """The newest patch of a version's line, "go1.26.11"; "" if not known."""
        line = releases.line_of(version, self.releases.lines)
        return line.newest if line else ""

    def with_fixes(self) -> tuple[Line, ...]:
        """The lines that still get fixes, oldest first."""
        return releases.supported(self.releases.lines)

    def affecting(self, versions: Iterable[str]) -> tuple[Advisory, ...]:
        """All that one of these versions has, in the order of the entries."""
        parsed = [version for version in map(goversion.parse, versions) if version is not None and version.major == 1]
        return tuple(one for one in self.advisories.entries if one.affects(*parsed))

    def vulnerabilities_of(self, version: str) -> tuple[Advisory, ...]:
        """All that a version has, the gravest first: those of the go command before those of the library, later ones before earlier ones."""
        return tuple(sorted(self.affecting((version,)), key=_gravity))

    def repaired_by(self, version: str, known: Iterable[Advisory]) -> str:
        """The first release that has none of these vulnerabilities of a version, "go1.26.10"; "" where one of them has no fix."""
        parsed = goversion.parse(version)
        fixes = [parsed and one.fixed_after(parsed) for one in known]
        sound = [fix for fix in fixes if fix is not None]
        return shown(max(sound)) if sound and len(sound) == len(fixes) else ""


def shipped() -> ReleaseData:
    """What this program knows by itself."""
    from gosteward.knowledge.advisory_table import AS_OF, TABLE  # large, and seldom asked for

    entries = tuple(_of_line(line) for line in TABLE.split("\n") if line)
    lines = Releases(f"{releases.AS_OF}-01T00:00:00Z", SHIPPED, releases.LINES)
    return ReleaseData(lines, Advisories(AS_OF, SHIPPED, entries))


def line_of(advisory: Advisory) -> str:
    """A vulnerability as a line of the table."""
    ranges = ",".join(f"{r.introduced}:{r.fixed}" for r in advisory.ranges)
    parts = (advisory.id, ",".join(advisory.aliases), ",".join(advisory.packages), ranges)
    return " ".join(part or "-" for part in parts)


def merged(known: ReleaseData, found: ReleaseData) -> ReleaseData:
    """What is known, with each part of another one that is newer."""
    return ReleaseData(
        _newer(known.releases, found.releases, merged_lines), _newer(known.advisories, found.advisories, merged_entries)
    )


def merged_lines(known: Iterable[Line], found: Iterable[Line]) -> tuple[Line, ...]:
    """Lines of both: the newest patch of either, and the end where one of them knows it. The third newest line gets no fixes (go.dev/doc/devel/release)."""
    lines = {line.minor: line for line in known}
    for line in found:
        before = lines.get(line.minor, line)
        newest = line.newest if not before.newest or goversion.older(before.newest, line.newest) else before.newest
        lines[line.minor] = Line(line.minor, before.released or line.released, before.ended or line.ended, newest)
    in_order = [lines[minor] for minor in sorted(lines)]
    later = [*in_order[2:], None, None]
    return tuple(
        line if line.ended or end is None else line._replace(ended=end.released) for line, end in zip(in_order, later)
    )


def merged_entries(known: Iterable[Advisory], found: Iterable[Advisory]) -> tuple[Advisory, ...]:
    """Vulnerabilities of both, the found one where both have it."""
    entries = {one.id: one for one in (*known, *found)}
    return tuple(entries[id_] for id_ in sorted(entries, key=_number))


def with_listed(known: Releases, names: Iterable[str], months: Mapping[int, str], at: str, source: str) -> Releases:
    """What is known, with the releases that a list names.

    Args:
        names: "go1.26.11"; candidates do not count.   months: when the first release of a new line came, "2027-02", by minor number; others are
            taken to have come in the month of `at`.   at: when it was asked, UTC, ISO 8601.
    """
    found: dict[int, goversion.GoVersion] = {}
    for parsed in filter(None, map(goversion.parse, names)):
        if parsed.major == 1 and parsed.stage == 2:
            found[parsed.minor] = max(parsed, found.get(parsed.minor, parsed))
    have = {line.minor for line in known.lines}
    last = max(known.lines)
    # A line comes every six months: a list with go1.99 in it would end all others.
    most = _months_between(last.released, at) // _MONTHS_OF_A_LINE + 1
    new = [minor for minor in range(last.minor + 1, last.minor + 1 + min(most, MOST_NEW_LINES)) if minor in found]
    lines = [Line(minor, months.get(minor, at[:7]), "", shown(found[minor])) for minor in (*sorted(have & found.keys()), *new)]  # fmt: skip
    return Releases(at, source[:SOURCE_LIMIT], merged_lines(known.lines, lines))


def _gravity(one: Advisory) -> tuple[bool, tuple[int, int]]:
    year, number = _number(one.id)
    return not one.of_command, (-year, -number)


def _number(id_: str) -> tuple[int, int]:
    _, year, number = id_.split("-")
    return int(year), int(number)


def _newer(known: Any, found: Any, both: Callable[[Any, Any], Any]) -> Any:
    return found._replace(**{found._fields[2]: both(known[2], found[2])}) if found.as_of > known.as_of else known


def _of_line(line: str) -> Advisory:
    id_, aliases, packages, ranges = ("" if part == "-" else part for part in line.split(" "))
    pairs = (pair.split(":") for pair in ranges.split(","))
    spans = tuple(Range(introduced, fixed) for introduced, fixed in pairs)
    return Advisory(id_, tuple(filter(None, aliases.split(","))), tuple(packages.split(",")), spans)


def _months_between(first: str, second: str) -> int:
    years, months = (int(b) - int(a) for a, b in zip(first[:7].split("-"), second[:7].split("-")))
    return years * 12 + months
