"""What the gosteward that took a snapshot knew of Go's releases: public knowledge as of a day, and nothing about the host."""

from typing import NamedTuple


class ReleaseLine(NamedTuple):
    """A line of releases: 26 for "1.26".

    Attributes:
        released: month of its first release, "2026-02".   ended: month from which it gets no fixes, "" while it gets them.
        newest: its newest patch, "go1.26.11"; "" if not known.
    """

    minor: int
    released: str = ""
    ended: str = ""
    newest: str = ""


class Vulnerability(NamedTuple):
    """A fault of Go's own distribution.

    Attributes:
        id: "GO-2026-6602".   aliases: its CVE numbers.   packages: "cmd/go", "net/http".
        ranges: versions that have it, each (first one, first one without it), as the vulnerability database writes them: ("1.27.0-0", "1.27.2");
            the second is "" where no release has a fix.
    """

    id: str
    aliases: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    ranges: tuple[tuple[str, str], ...] = ()


class KnownReleases(NamedTuple):
    """Lines, oldest first, and those vulnerabilities that versions of Go on this host have.

    Attributes:
        lines_as_of, vulnerabilities_as_of: UTC, ISO 8601; "" in a snapshot that does not say: whoever judges it takes what ships.
    """

    lines_as_of: str = ""
    lines: tuple[ReleaseLine, ...] = ()
    vulnerabilities_as_of: str = ""
    vulnerabilities: tuple[Vulnerability, ...] = ()
