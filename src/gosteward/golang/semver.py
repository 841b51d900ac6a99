"""The order of module versions. Pure.

Source: semver.org, section 11; golang.org/x/mod/semver (`Compare`): what is behind "+" does not count.
"""

from __future__ import annotations

from typing import Tuple

# Numbers are compared as (digits, text): they have no zeros in front, and may be longer than Python reads.
Number = Tuple[int, str]
Order = Tuple[Number, Number, Number, int, Tuple[Tuple[int, int, str], ...]]


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


def _identifier(text: str) -> tuple[int, int, str]:
    return (0, len(text), text) if text.isdigit() else (1, 0, text)
