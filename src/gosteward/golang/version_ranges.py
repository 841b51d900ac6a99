"""Sets of module versions: as people write them, as vulnerability databases do, and as a go.mod retracts them. Pure.

    v1.2.3    <v1.2.3    >=v1.0.0 <v1.4.2    {introduced = "1.0.0", fixed = "1.4.2"}    [v1.0.0, v1.0.5]

A candidate comes before its release, and so does a pseudo-version: "<v1.2.3" holds v1.2.3-rc.1.

Source: ossf.github.io/osv-schema, "affected[].ranges[].events"; go.dev/ref/mod#go-mod-file-retract.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import gomod, modfile_lines, semver

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LONGEST = 500
_TERM = re.compile(r"(?P<sign>[<>]=?|=|)\s*(?P<version>v[0-9][0-9A-Za-z.+-]*)")
_EVENTS = ("introduced", "fixed", "last_affected")


class VersionRange(NamedTuple):
    """Versions between two, "" for no bound.  with_low, with_high: whether the bound itself is one of them."""

    low: str = ""
    high: str = ""
    with_low: bool = True
    with_high: bool = False

    def holds(self, version: str) -> bool:
        """Whether a full version lies in it."""
        place = semver.order(version)
        if self.low:
            low = semver.order(self.low)
            if place < low or (place == low and not self.with_low):
                return False
        if self.high:
            high = semver.order(self.high)
            return place < high or (place == high and self.with_high)
        return True


def one(version: str) -> VersionRange:
    """A single version."""
    return VersionRange(version, version, with_high=True)


def parse(text: str) -> VersionRange:
    """Read "v1.2.3", "<v1.2.3", ">=v1.0.0 <v1.4.2".

    Raises:
        ValueError: it is none, or holds no version; its text is for people.
    """
    if len(text) > LONGEST:
        raise ValueError("the text is too long for a range of versions")
    found, place = VersionRange(), 0
    for match in _TERM.finditer(text):
        if text[place : match.start()].strip(" ,") or not gomod.is_version(match["version"]):
            break
        found, place = _narrowed(found, match["sign"], match["version"]), match.end()
    if not place or text[place:].strip(" ,"):
        raise ValueError('a version or a range is expected, "v1.2.3" or ">=v1.0.0 <v1.4.2"')
    return _checked(found)


def of_events(events: Mapping[str, object]) -> VersionRange:
    """Read a range as vulnerability databases write it: introduced, and fixed or last_affected, with or without "v".

    Raises:
        ValueError: as `parse`.
    """
    versions: dict[str, str] = {}
    for name, value in events.items():
        version = f"v{str(value)[:LONGEST].lstrip('v')}"
        if name not in _EVENTS or not isinstance(value, str) or not (value == "0" or gomod.is_version(version)):
            raise ValueError('a range has introduced = "1.0.0" or "0", and fixed or last_affected = "1.4.2"')
        versions[name] = "" if value == "0" else version
    if "introduced" not in versions or ("fixed" in versions and "last_affected" in versions):
        raise ValueError("a range has `introduced`, and at most one of `fixed` and `last_affected`")
    last = versions.get("last_affected", "")
    high = last or versions.get("fixed", "")
    return _checked(VersionRange(versions["introduced"], high, with_high=bool(last)))


def retracted_by(go_mod: str) -> tuple[VersionRange, ...]:
    """What a go.mod retracts; lines that no Go accepts are passed over."""
    found = []
    for line in modfile_lines.read(go_mod).lines:
        words = [word.strip('"`') for word in line.raw] if line.verb == "retract" else []
        if len(words) == 5 and (words[0], words[2], words[4]) == ("[", ",", "]"):
            words = [words[1], words[3]]
        if len(words) in (1, 2) and all(map(gomod.is_version, words)):
            found.append(VersionRange(words[0], words[-1], with_high=True))
    return tuple(found)


def hold(ranges: Iterable[VersionRange], version: str) -> bool:
    """Whether a version lies in one of them."""
    return any(one.holds(version) for one in ranges)


def _narrowed(found: VersionRange, sign: str, version: str) -> VersionRange:
    lower, upper = sign in ("", "=", ">", ">="), sign in ("", "=", "<", "<=")
    if (lower and found.low) or (upper and found.high):
        raise ValueError("a range has one lower and one upper bound")
    if lower:
        found = found._replace(low=version, with_low=sign != ">")
    if upper:
        found = found._replace(high=version, with_high=sign != "<")
    return found


def _checked(found: VersionRange) -> VersionRange:
    if found.low and found.high:
        low, high = semver.order(found.low), semver.order(found.high)
        if low > high or (low == high and not (found.with_low and found.with_high)):
            raise ValueError("the range holds no version")
    return found
