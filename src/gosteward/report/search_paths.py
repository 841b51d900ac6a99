"""The search path of every context, for `gosteward path`. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gosteward.finding import Text
from gosteward.report.json import location
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from gosteward.catalogs import Catalog
    from gosteward.snapshot import Context, Location, LostEntry, PathEntry, Snapshot

SCHEMA = "gosteward.path/1"


def as_json(snapshot: Snapshot, words: Catalog) -> str:
    """One JSON object with all contexts."""
    contexts = [_document(context) for context in snapshot.contexts]
    text = json.dumps({"schema": SCHEMA, "user": snapshot.user.name, "contexts": contexts}, indent=1)
    return text + "\n" if words else text


def _document(context: Context) -> dict[str, Any]:
    return {
        "name": context.name,
        "kind": context.kind,
        "shell": context.shell,
        "own": context.own,
        "method": context.method,
        "status": context.status,
        "unsure": context.unsure,
        "seconds": context.seconds,
        "path": [
            {
                "directory": entry.directory,
                "kind": entry.kind,
                "sources": [location(place) for place in entry.sources],
                "go": entry.go.path if entry.go else "",
                "version": entry.go.version if entry.go else "",
            }
            for entry in context.search_path
        ],
        "lost": [
            {
                "directory": entry.directory,
                "sources": [location(place) for place in entry.sources],
                "dropped_by": location(entry.dropped_by) if entry.dropped_by else None,
            }
            for entry in context.lost
        ],
    }


def as_text(snapshot: Snapshot, words: Catalog) -> str:
    """A block per context; contexts with the same entries from the same lines share one."""
    groups: dict[tuple[object, ...], list[Context]] = {}
    for context in snapshot.contexts:
        key = (context.search_path, context.lost, context.status, context.unsure)
        groups.setdefault(key, []).append(context)
    blocks = [_block(contexts, words) for contexts in groups.values()]
    return "\n".join("\n".join(lines) + "\n" for lines in blocks)


def _block(contexts: list[Context], words: Catalog) -> list[str]:
    context = contexts[0]
    lines = [visible(", ".join(c.name for c in contexts)) + _remarks(context, words)]
    width = min(36, max((len(e.directory) for e in context.search_path), default=0))
    lines += [_entry(entry, width, words) for entry in context.search_path]
    lines += [_lost(entry, words) for entry in context.lost]
    return lines


def _remarks(context: Context, words: Catalog) -> str:
    remarks = []
    if context.status != "complete":
        remarks.append(context.status)
    if context.unsure:
        remarks.append(words.words("unsure"))
    if context.path_unset:
        remarks.append(words.words("PATH is not set: the shell's own default"))
    return f" ({', '.join(remarks)})" if remarks else ""


def _entry(entry: PathEntry, width: int, words: Catalog) -> str:
    mark = "*" if entry.go is not None and entry.go.executable else "!" if entry.go is not None else " "
    directory = visible(entry.directory) or words.words("(empty: the current directory)")
    state = "" if entry.kind == "directory" else f" [{entry.kind}]"
    version = f"  {entry.go.version}" if entry.go is not None and entry.go.version else ""
    return f"{mark} {directory:<{width}}{state}  {_source(entry.sources)}{version}".rstrip()


def _lost(entry: LostEntry, words: Catalog) -> str:
    text = Text(
        "lost: {directory} of {source}, dropped by {dropper}",
        directory=entry.directory,
        source=_source(entry.sources) or "?",
        dropper=_source((entry.dropped_by,)) if entry.dropped_by else "?",
    )
    return f"- {visible(words.text(text))}"


def _source(sources: tuple[Location, ...]) -> str:
    """The innermost line, and the file that sourced it where that is another one."""
    return visible(" < ".join(f"{p.path}:{p.line}" if p.line else p.path for p in sources[:3]))
