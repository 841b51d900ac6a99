"""What the gosteward that examines a host knows of the releases that are on it. Nothing of the host itself is read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gosteward.host.accounts import user_with_id
from gosteward.host.local import LocalHost
from gosteward.snapshot import Gap, KnownReleases, ReleaseLine, Vulnerability

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.knowledge.release_data import ReleaseData
    from gosteward.snapshot import Context, GoTree


def versions_of(trees: Iterable[GoTree], contexts: Iterable[Context]) -> tuple[str, ...]:
    """Versions of Go on a host, each once."""
    gos = (entry.go for context in contexts for entry in context.search_path if entry.go is not None)
    found = (*(tree.version for tree in trees), *(go.version for go in gos))
    return tuple(dict.fromkeys(version for version in found if version))


def collect(versions: tuple[str, ...]) -> tuple[KnownReleases, tuple[Gap, ...]]:
    """What this process's user knows of them, also where another root is examined: what its own gosteward once knew is older.

    A file of newer data that does not count is a gap, and what ships is there all the same.
    """
    if not versions:
        return KnownReleases(), ()
    from gosteward.probes.kept_release_data import known  # here, as only a host with Go needs the tables

    home = "" if os.geteuid() == 0 else user_with_id(LocalHost(os.environ), os.geteuid()).home
    found = known(os.environ, home)
    hint = "what ships is judged by; `gosteward refresh` writes it anew"
    gaps = (Gap("releases", f"{found.damage}; {hint}"),) if found.damage else ()
    return about(found.data, versions), gaps


def about(data: ReleaseData, versions: tuple[str, ...]) -> KnownReleases:
    """That part of release data which says something about these versions: all lines, and the vulnerabilities that they have."""
    affecting = data.affecting(versions)
    return KnownReleases(
        lines_as_of=data.releases.as_of,
        lines=tuple(ReleaseLine(*line) for line in data.releases.lines),
        vulnerabilities_as_of=data.advisories.as_of,
        vulnerabilities=tuple(
            Vulnerability(one.id, one.aliases, one.packages, tuple(map(tuple, one.ranges)))  # type: ignore[arg-type]
            for one in affecting
        ),
    )
