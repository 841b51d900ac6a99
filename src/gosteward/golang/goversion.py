"""Go's version numbers: "go1.26.8", "1.22rc1", "1.19.8-2+deb12u1".

Source: go/version and internal/gover of the Go sources: a release sorts behind its candidates, "1.21" is the language version
and sorts before "1.21rc1", and "1.20" (before 1.21) is the release itself.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_FORM = re.compile(
    r"(?:go)?(?P<major>\d{1,4})(?:\.(?P<minor>\d{1,4}))?(?:\.(?P<patch>\d{1,4})|(?P<kind>rc|beta)(?P<number>\d{1,4}))?"
)
_FIRST_LANGUAGE_WITH_PATCH_ZERO = (1, 21)


class GoVersion(NamedTuple):
    """A parsed version; tuples compare as Go compares.  stage: -1 language version, 0 beta, 1 rc, 2 release."""

    major: int
    minor: int
    stage: int
    number: int

    @property
    def language(self) -> str:
        """The language version, "1.26"."""
        return f"{self.major}.{self.minor}"


def parse(text: str) -> GoVersion | None:
    """Read the version at the start of a text; None if there is none. Distribution suffixes are ignored."""
    match = _FORM.match(text.strip())
    if not match:
        return None
    major, minor = int(match["major"]), int(match["minor"] or 0)
    if match["kind"]:
        return GoVersion(major, minor, 0 if match["kind"] == "beta" else 1, int(match["number"]))
    if match["patch"] is not None:
        return GoVersion(major, minor, 2, int(match["patch"]))
    is_language = (major, minor) >= _FIRST_LANGUAGE_WITH_PATCH_ZERO
    return GoVersion(major, minor, -1 if is_language else 2, 0)


def older(left: str, right: str) -> bool:
    """Whether `left` is an earlier version than `right`; False if either cannot be read."""
    first, second = parse(left), parse(right)
    return first is not None and second is not None and first < second
