"""GS128: PATH, or another variable, is so long that no program can be started with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Context, Snapshot

RULE = Rule(
    id="GS128",
    slug="path-too-long",
    title="PATH is too long",
    severity="error",
    needs=("contexts",),
    symptoms=("Argument list too long", "fork/exec /usr/local/go/bin/go: argument list too long"),
)
# Linux, MAX_ARG_STRLEN: a string of the environment, with its name and the byte at its end.
LIMIT = 128 * 1024
CLOSE = 32 * 1024


class _Long(NamedTuple):
    name: str
    size: int
    location: Location | None


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[tuple[str, str, int], tuple[_Long, list[str]]] = {}
    for context in snapshot.contexts:
        long = _longest(context) if context.own else None
        if long is not None:
            where = long.location or Location("")
            found.setdefault((long.name, where.path, where.line), (long, []))[1].append(context.name)
    for long, names in found.values():
        yield _finding(long, tuple(names))


def _longest(context: Context) -> _Long | None:
    if context.reason == "path-too-long":
        return _Long("PATH", LIMIT, context.stopped_at)
    # A PATH that grows does so by copies of one entry: the line with the most of them made it long.
    counts: dict[Location, int] = {}
    size = len("PATH=")
    for entry in context.search_path:
        size += len(entry.directory) + 1
        for source in entry.sources[:1]:
            counts[source] = counts.get(source, 0) + len(entry.directory) + 1
    if size >= CLOSE:
        return _Long("PATH", size, max(counts, key=lambda s: counts[s], default=None))
    for variable in context.variables:
        length = len(variable.name) + len(variable.value) + 2
        if variable.exported and length >= LIMIT:
            return _Long(variable.name, length, next(iter(variable.sources), None))
    return None


def _finding(long: _Long, contexts: tuple[str, ...]) -> Finding:
    where = long.location
    return Finding(
        rule=RULE,
        subject=f"{where.path}:{long.name}" if where else long.name,
        message=_message(long, where.path if where else "?"),
        locations=(where,) if where else (),
        evidence=('printf %s "$PATH" | wc -c',) if long.name == "PATH" else (),
        contexts=contexts,
        severity="error" if long.size >= LIMIT else "warning",
        explains=(Explains("GS101"), Explains("GS102"), Explains("GS118"), Explains("GS123"))
        if long.size >= LIMIT
        else (),
        advice=Text(
            "The line adds to what is there on every turn, or reads itself again. Guard it with a test of PATH, and keep the first copy of each directory in its place."
        ),
    )


def _message(long: _Long, path: str) -> Text:
    values = {"name": long.name, "file": path, "kib": str(long.size // 1024)}
    if long.size >= LIMIT:
        return Text(
            "{name} has {kib} KiB after {file}: with 128 KiB in one variable no program can be started", **values
        )
    return Text("{name} has {kib} KiB after {file}; at 128 KiB no program can be started", **values)
