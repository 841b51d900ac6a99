"""GS408: an older go stands before a newer one on the same PATH, so the newer one never runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.reasoning.impact import matters, sound
from gosteward.reasoning.running_go import FOREIGN_BUILDS
from gosteward.reasoning.viewpoint import first_go, go_entries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Binary, Context, PathEntry, Snapshot

RULE = Rule(
    id="GS408",
    slug="go-shadowed",
    title="an older go hides a newer one",
    severity="warning",
    needs=("contexts",),
    symptoms=("go version prints an old release after an upgrade",),
)


class _Shadow(NamedTuple):
    """The entry that wins, the entry that should, and where."""

    first: PathEntry
    newer: PathEntry
    contexts: tuple[str, ...]


def check(snapshot: Snapshot) -> Iterator[Finding]:
    shadows: dict[tuple[str, str], _Shadow] = {}
    for context in snapshot.contexts:
        first = first_go(context)
        newer = _newest_behind(snapshot, context, first) if first is not None and matters(context) else None
        if first is None or first.go is None or newer is None or newer.go is None:
            continue
        key = (first.go.path, newer.go.path)
        before = shadows.get(key, _Shadow(first, newer, ()))
        shadows[key] = before._replace(contexts=(*before.contexts, context.name))
    for shadow in shadows.values():
        yield _finding(shadow)


def _newest_behind(snapshot: Snapshot, context: Context, first: PathEntry) -> PathEntry | None:
    """The newest working go behind the first, if it is newer. A go of a package in front is GS701's and GS703's subject."""
    if first.go is None or first.go.origin in FOREIGN_BUILDS or first.go.package:
        return None
    best, entry_of = first.go, None
    for entry in go_entries(context):
        if (
            entry.go is not None
            and sound(snapshot.machine, entry.go)
            and goversion.older(best.version, entry.go.version)
        ):
            best, entry_of = entry.go, entry
    return entry_of


def _finding(shadow: _Shadow) -> Finding:
    first, newer = _go(shadow.first), _go(shadow.newer)
    chosen = first.origin == "version-manager"
    lines = tuple(dict.fromkeys((*shadow.newer.sources[:1], *shadow.first.sources[:1])))
    return Finding(
        rule=RULE,
        subject=first.path,
        message=Text(
            "{first} ({old}) stands before {newer} ({new}) on PATH: the older release runs",
            first=first.path,
            old=first.version,
            newer=newer.path,
            new=newer.version,
        ),
        locations=lines,
        evidence=("type -a go",),
        contexts=shadow.contexts,
        # A version manager puts the release in front that somebody asked it for.
        severity="note" if chosen else "",
        explains=(Explains("GS412", first.path), Explains("GS413", first.path), Explains("GS132"), Explains("GS417")),
        risk="manual",
        advice=Text("The release was chosen with a version manager: choose another one there.")
        if chosen
        else Text(
            "Put {directory} in front where it is added ({line}), or take the older release out of PATH. Keep both trees.",
            directory=shadow.newer.directory,
            line=f"{lines[0].path}:{lines[0].line}" if lines else "PATH",
        ),
    )


def _go(entry: PathEntry) -> Binary:
    if entry.go is None:
        raise ValueError(entry.directory)
    return entry.go
