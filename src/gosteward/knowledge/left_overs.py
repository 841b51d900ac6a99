"""Files of another Go release in a tree: what remains when an archive is unpacked over an older tree. Pure.

Two signs, each enough. A table knows which releases have a file of that name. And all files of an official archive carry the
time that its VERSION file names, so a source file that is older than that time came from elsewhere, whatever the table says.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from gosteward.golang import goversion
from gosteward.knowledge import std_files

DIRECTORIES = tuple(std_files.FILES)
MOST_SHOWN = 20

_SLACK = 2.0  # seconds: some file systems keep times to two seconds
_MAJORITY = 0.9
# Security fixes bring new files into several releases at once, but hardly here.
_STEADY = ("src/runtime", "src/internal/goexperiment")
_ENOUGH_NEWER = 3
_TIME = re.compile(r"time (\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z\s*")


class Listing(NamedTuple):
    """Names and times of the files in a directory of a tree.  times: seconds since the epoch, or () where they say nothing."""

    directory: str
    names: tuple[str, ...]
    times: tuple[float, ...] = ()


class LeftOvers(NamedTuple):
    """Paths relative to the tree, at most MOST_SHOWN; the release line that most of them come from ("go1.25"), "" unknown."""

    paths: tuple[str, ...] = ()
    version: str = ""


def release_time(version_file: str) -> float:
    """Seconds since the epoch that the second line of a VERSION file names (since Go 1.21); 0.0 without one."""
    line = version_file.partition("\n")[2].partition("\n")[0]
    match = _TIME.fullmatch(line)
    if not match:
        return 0.0
    year, month, day, hour, minute, second = (int(number) for number in match.groups())
    return float(_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second)


def left_overs(version: str, released: float, listings: tuple[Listing, ...]) -> LeftOvers:
    """Find them.

    Args:
        version: first line of VERSION.   released: `release_time`, 0.0 if the times of the files say nothing.
        listings: of DIRECTORIES and of "api".
    """
    parsed = goversion.parse(version) if version.startswith("go1") else None
    if parsed is None:
        return LeftOvers()
    older: dict[str, int] = {}
    newer: dict[str, int] = {}
    for listing in listings:
        known = std_files.minors(listing.directory) if parsed.minor >= std_files.OLDEST else {}
        for name in sorted(known.keys() & set(listing.names)):
            first, last = known[name]
            if last < parsed.minor:
                older[f"{listing.directory}/{name}"] = last
            elif first > parsed.minor:
                newer[f"{listing.directory}/{name}"] = first
    steady = [path for path in newer if path.rpartition("/")[0] in _STEADY]
    found = {**older, **(newer if len(steady) >= _ENOUGH_NEWER else {}), **_newer_api(parsed.minor, listings)}
    for path in _before(released, listings):
        found.setdefault(path, 0)
    counted = Counter(minor for minor in found.values() if minor)
    line = f"go1.{counted.most_common(1)[0][0]}" if counted else ""
    return LeftOvers(tuple(found)[:MOST_SHOWN], line)


def _newer_api(minor: int, listings: tuple[Listing, ...]) -> dict[str, int]:
    """api/go1.N.txt of a release that this one cannot know."""
    found = {}
    for listing in listings:
        for name in listing.names if listing.directory == "api" else ():
            match = re.fullmatch(r"go1\.(\d{1,3})\.txt", name)
            if match and int(match[1]) > minor:
                found[f"api/{name}"] = int(match[1])
    return found


def _before(released: float, listings: tuple[Listing, ...]) -> list[str]:
    """Source files that are older than the release, in a tree whose files otherwise carry its time."""
    timed = [
        (f"{listing.directory}/{name}", when)
        for listing in listings
        for name, when in zip(listing.names, listing.times)
        if name.endswith((".go", ".s"))
    ]
    of_release = sum(1 for _, when in timed if abs(when - released) <= _SLACK)
    if not released or of_release < _MAJORITY * sum(1 for _, when in timed if when >= released - _SLACK):
        return []
    return [path for path, when in timed if when < released - _SLACK] if of_release > len(timed) / 2 else []


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the Gregorian calendar. Source: "days_from_civil" of H. Hinnant's date algorithms."""
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
