"""What lies in the directories of every search path: each is looked at once, however many contexts have it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gosteward.probes.binaries import Examiner
    from gosteward.snapshot import Context, PathEntry, User

_MOST_DIRECTORIES = 1_000
_GO_NAME = re.compile(r"(?:^|[-_.])go(?:lang|root)?[-_.\d]*(?:rc\d+|beta\d+)?$")


def fill(contexts: tuple[Context, ...], examiner: Examiner, user: User) -> tuple[Context, ...]:  # noqa: ARG001
    """The contexts, with kind, mode, uid, world_writable, go, gofmt and go_exe of every entry."""
    known: dict[str, PathEntry] = {}
    return tuple(
        context._replace(search_path=tuple(_filled(entry, examiner, known) for entry in context.search_path))
        for context in contexts
    )


def _filled(entry: PathEntry, examiner: Examiner, known: dict[str, PathEntry]) -> PathEntry:
    found = known.get(entry.directory)
    if found is None:
        if len(known) >= _MOST_DIRECTORIES:
            return entry
        found = known[entry.directory] = _examined(entry, examiner)
    return found._replace(sources=entry.sources)


def _examined(entry: PathEntry, examiner: Examiner) -> PathEntry:
    facts = examiner.directory(entry.directory)
    entry = entry._replace(kind=facts.kind, mode=facts.mode, uid=facts.uid, world_writable=facts.world_writable)
    place = entry.directory.rstrip("/")
    if facts.kind in ("directory", "unreadable"):
        go_exe = f"{place}/go.exe"
        return entry._replace(
            go=examiner.binary(f"{place}/go"),
            gofmt=examiner.binary(f"{place}/gofmt"),
            go_exe=go_exe if examiner.host.exists(go_exe) else "",
        )
    if facts.kind == "missing" and facts.dangling and _once_held_go(place, examiner):
        return entry._replace(go=examiner.binary(f"{place}/go"))
    return entry


def _once_held_go(place: str, examiner: Examiner) -> bool:
    """Whether the link that leads nowhere is one to a Go tree, by its name or its target's: /usr/local/go -> /opt/go1.25."""
    link = examiner.ways.to(place).links[-1]
    names = (part for text in (link.path, link.target) for part in text.split("/"))
    return place.endswith("/bin") and any(_GO_NAME.search(name) for name in names)
