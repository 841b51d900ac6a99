"""go.sum: which bytes each module must have. Pure.

    example.com/greet v1.0.0 h1:dSpi6cf4DAPgmBgKCuzwTDKiELNEKPgCSVWmwTIJfTQ=
    example.com/greet v1.0.0/go.mod h1:GlCIkEaW8mB+yuc7rEhPCGzQMpFEPTHNkAVlnVGzM7A=

Source: go.dev/ref/mod, "go.sum files"; cmd/go/internal/modfetch (`readGoSum`).
"""

from __future__ import annotations

from typing import NamedTuple

MAX_LINES = 50_000
# A module has one digest per kind; more only where lines were merged by hand.
MOST_DIGESTS = 20


class Sum(NamedTuple):
    """One line.  version: with "/go.mod" behind it for the hash of go.mod alone.  digest: "h1:" and base64."""

    path: str
    version: str
    digest: str
    number: int
    text: str


class GoSum(NamedTuple):
    """All lines by module and version; a module may have several digests.  malformed: numbers and texts of lines that Go refuses."""

    sums: dict[tuple[str, str], tuple[Sum, ...]]
    malformed: tuple[tuple[int, str], ...] = ()

    def of(self, path: str, version: str) -> Sum | None:
        """The h1 line of a module's zip."""
        return next((s for s in self.sums.get((path, version), ()) if s.digest.startswith("h1:")), None)


def parse(text: str) -> GoSum:
    """Read a go.sum; a line without three words is malformed, an empty one is nothing."""
    sums: dict[tuple[str, str], list[Sum]] = {}
    malformed: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n")[:MAX_LINES], 1):
        words = line.split()
        if len(words) == 3:
            entry = Sum(words[0], words[1], words[2], number, line.rstrip("\r")[:300])
            known = sums.setdefault((entry.path, entry.version), [])
            if len(known) < MOST_DIGESTS:
                known.append(entry)
        elif words:
            malformed.append((number, line[:300]))
    return GoSum({key: tuple(entries) for key, entries in sums.items()}, tuple(malformed))
