"""A newer go that stands behind another one on the same PATH: where, by which lines, and how to put it in front. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import goversion
from gosteward.reasoning.impact import matters, sound
from gosteward.reasoning.reach import plain
from gosteward.reasoning.remedies import LINKS, PROGRAMS, contexts_named, is_private, links_to, replaced_line
from gosteward.reasoning.viewpoint import first_go, go_entries, tree_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.actions import Action
    from gosteward.snapshot import Binary, Context, Location, PathEntry, Snapshot

# What appends one directory, and how the same directory comes in front.
_APPENDS = (
    (
        re.compile(r"(?:^|(?<=[\s]))PATH=(\"?)(?:\$PATH|\$\{PATH\}):((?:\$HOME)?/[^\s:\"'$;&|`]{1,1000})\1(?=\s|;|$)"),
        r"PATH=\1\2:$PATH\1",
    ),
    (re.compile(r"\bpath\+=\(([^\s()$;&|`]{1,1000})\)"), r"path=(\1 $path)"),
    (re.compile(r"\b(fish_add_path\b(?:\s+(?:-g|-P|--global|--path))*)\s+(?:-a|--append)(?=\s)"), r"\1 --move"),
)
_SETS = re.compile(r"\bPATH=")


class HiddenGo(NamedTuple):
    """A go in front, a newer one behind it, and the sessions and jobs that see both in this order."""

    first: PathEntry
    newer: PathEntry
    contexts: tuple[str, ...]


def hidden_gos(snapshot: Snapshot, in_front: Callable[[Binary], bool]) -> tuple[HiddenGo, ...]:
    """The newest working go behind each one for which `in_front` says yes, if it is newer; a pair comes once."""
    found: dict[tuple[str, str], HiddenGo] = {}
    for context in snapshot.contexts:
        first = first_go(context)
        if first is None or first.go is None or not matters(context) or not in_front(first.go):
            continue
        newer = _newest_behind(snapshot, context, first.go)
        if newer is not None and newer.go is not None:
            key = (first.go.path, newer.go.path)
            before = found.get(key, HiddenGo(first, newer, ()))
            found[key] = before._replace(contexts=(*before.contexts, context.name))
    return tuple(found.values())


def version_of(snapshot: Snapshot, go: Binary) -> str:
    """Release of a go, from itself or from its tree; "" if unknown."""
    tree = tree_of(snapshot, go)
    return go.version or (tree.version if tree is not None else "")


def lines_of(hidden: HiddenGo) -> tuple[Location, ...]:
    """The line that adds the newer go first, then the one that adds the other, where they are lines of files."""
    sources = (*hidden.newer.sources[:1], *hidden.first.sources[:1])
    return tuple(dict.fromkeys(s for s in sources if s.line)) or tuple(dict.fromkeys(sources[:1]))


def to_the_front(snapshot: Snapshot, hidden: HiddenGo) -> tuple[Action, ...]:
    """What puts the newer go in front: links where all of these contexts look earlier, else the line turned round."""
    return _links(snapshot, hidden) or _turned_round(snapshot, hidden)


def _newest_behind(snapshot: Snapshot, context: Context, first: Binary) -> PathEntry | None:
    best, found = version_of(snapshot, first), None
    for entry in go_entries(context):
        if entry.go is None or entry.go.path == first.path or not sound(snapshot.machine, entry.go):
            continue
        version = version_of(snapshot, entry.go)
        # gccgo does not say which release of Go it stands for; it is behind all of its time.
        if goversion.older(best, version) or (first.origin == "gccgo" and not best and version):
            best, found = version, entry
    return found


def _links(snapshot: Snapshot, hidden: HiddenGo) -> tuple[Action, ...]:
    directory = plain(hidden.newer.directory)
    contexts = contexts_named(snapshot, hidden.contexts)
    free = all(e.go is None for c in snapshot.contexts for e in c.search_path if plain(e.directory) == LINKS)
    if is_private(snapshot, directory) or not free or not all(_looks_earlier(c, hidden.first) for c in contexts):
        return ()
    return links_to(snapshot, directory, PROGRAMS if hidden.newer.gofmt is not None else PROGRAMS[:1])


def _looks_earlier(context: Context, first: PathEntry) -> bool:
    for entry in context.search_path:
        if plain(entry.directory) == LINKS and entry.kind == "directory":
            return True
        if entry.directory == first.directory:
            return False
    return False


def _turned_round(snapshot: Snapshot, hidden: HiddenGo) -> tuple[Action, ...]:
    line = next(iter(hidden.newer.sources), None)
    for pattern, in_front in _APPENDS if line is not None else ():
        if line is not None and len(pattern.findall(line.text)) == 1 and len(_SETS.findall(line.text)) < 2:
            return replaced_line(snapshot, line, pattern.sub(in_front, line.text))
    return ()
