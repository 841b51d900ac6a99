"""The order of module versions. Pure.

Source: semver.org, section 11; golang.org/x/mod/semver (`Compare`): what is behind "+" does not count.
"""

from __future__ import annotations

import re
from typing import Tuple

# Numbers are compared as (digits, text): they have no zeros in front, and may be longer than Python reads.
Number = Tuple[int, str]
Order = Tuple[Number, Number, Number, int, Tuple[Tuple[int, int, str], ...]]

_PSEUDO = re.compile(r"v\d+\.(?:0\.0-|\d+\.\d+-(?:[^+]*\.)?0\.)\d{14}-[A-Za-z0-9]+(?:\+.*)?", re.ASCII)


def order(version: str) -> Order:
    """What sorts versions.  version: a full one, see `gomod.is_version`. Versions that differ behind "+" alone are equal."""
    bare, _, before = version[1:].partition("+")[0].partition("-")
    major, minor, patch = ((len(part), part) for part in bare.split("."))
    return major, minor, patch, not before, tuple(map(_identifier, before.split("."))) if before else ()


def line_of(version: str) -> str:
    """The minor line of a version: "v1.12"."""
    return ".".join(version.split(".")[:2])


def is_release(version: str) -> bool:
    """Whether it is neither a candidate nor a pseudo-version."""
    return "-" not in version.partition("+")[0]


def is_pseudo(version: str) -> bool:
    """Whether it stands for a commit; lists have none of those. Source: golang.org/x/mod/module (`IsPseudoVersion`)."""
    return _PSEUDO.fullmatch(version) is not None


def _identifier(text: str) -> tuple[int, int, str]:
    return (0, len(text), text) if text.isdigit() else (1, 0, text)
