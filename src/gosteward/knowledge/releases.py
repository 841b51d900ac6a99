"""What is known about Go releases: months, end of life, bad builds. A pure table, as of 2026-11.

Sources: go.dev/doc/devel/release (months), golang/go#62164. Vulnerabilities, and what is newer than this table, are in `release_data`.
"""

from __future__ import annotations

from typing import NamedTuple

from gosteward.golang import goversion

AS_OF = "2026-11"


class Line(NamedTuple):
    """A release line ("1.26").

    Attributes:
        released: month of its first release, "2026-02".   ended: month from which it gets no fixes (the second next line was
            released), "" while it is supported.   newest: its newest patch release that is known, "" if not known for sure.
    """

    minor: int
    released: str
    ended: str = ""
    newest: str = ""


class BadBuild(NamedTuple):
    """An official build that does not work.  goarch: of its programs.  better: the release that repaired it."""

    version: str
    goarch: str
    why: str
    better: str
    source: str


LINES = (
    Line(11, "2018-08", "2019-09", "go1.11.13"),
    Line(12, "2019-02", "2020-02", "go1.12.17"),
    Line(13, "2019-09", "2020-08", "go1.13.15"),
    Line(14, "2020-02", "2021-02", "go1.14.15"),
    Line(15, "2020-08", "2021-08", "go1.15.15"),
    Line(16, "2021-02", "2022-03", "go1.16.15"),
    Line(17, "2021-08", "2022-08", "go1.17.13"),
    Line(18, "2022-03", "2023-02", "go1.18.10"),
    Line(19, "2022-08", "2023-08", "go1.19.13"),
    Line(20, "2023-02", "2024-02", "go1.20.14"),
    Line(21, "2023-08", "2024-08", "go1.21.13"),
    Line(22, "2024-02", "2025-02", "go1.22.12"),
    Line(23, "2024-08", "2025-08", "go1.23.12"),
    Line(24, "2025-02", "2026-02"),
    Line(25, "2025-08", "2026-08", "go1.25.14"),
    Line(26, "2026-02", "", "go1.26.11"),
    Line(27, "2026-08", "", "go1.27.4"),
)

BAD_BUILDS = (
    BadBuild("go1.21.0", "arm", "it was built for ARMv7 although it is named armv6l", "go1.21.1", "golang/go#62164"),
)


def line_of(version: str, lines: tuple[Line, ...] = LINES) -> Line | None:
    """The release line of a version such as "go1.26.8"; None for an unknown one."""
    parsed = goversion.parse(version)
    if parsed is None or parsed.major != 1:
        return None
    return next((line for line in lines if line.minor == parsed.minor), None)


def ended(version: str, lines: tuple[Line, ...] = LINES) -> str:
    """Month in which the version's line stopped getting fixes; "" while it is supported, or not known."""
    parsed = goversion.parse(version)
    if parsed is None or parsed.major != 1:
        return ""
    if parsed.minor < LINES[0].minor:
        return "2019-02"  # 1.10 ended when 1.12 came; whatever is older ended before that
    return next((line.ended for line in lines if line.minor == parsed.minor), "")


def supported(lines: tuple[Line, ...] = LINES) -> tuple[Line, ...]:
    """The lines that still get fixes, oldest first."""
    return tuple(line for line in lines if not line.ended)
