"""Who set what, for shells that tell nothing while they start: their outcome is known, the lines behind it come from reading their files.

Where reading leads to another PATH than the shell itself, the context is marked `unsure`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.probes import static_contexts
from gosteward.probes.shell_starts import UNTRACED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.host.reading import Host
    from gosteward.snapshot import Context, EnvironmentVariable, Location, PathEntry, User


def joined(host: Host, user: User, started: tuple[Context, ...]) -> tuple[Context, ...]:
    """The contexts that were started; those of shells without a trace with the sources that reading finds."""
    names = tuple(context.name for context in started if context.shell in UNTRACED and context.status == "complete")
    if not names:
        return started
    read = {context.name: context for context in static_contexts.collect(host, user, names)}
    return tuple(_joined(context, read[context.name]) if context.name in read else context for context in started)


def _joined(context: Context, paper: Context) -> Context:
    same = [entry.directory for entry in context.search_path] == [entry.directory for entry in paper.search_path]
    variables = _variables(context.variables, paper.variables)
    return context._replace(
        search_path=_entries(context.search_path, paper.search_path),
        lost=paper.lost if same else (),
        variables=variables,
        files_read=paper.files_read,
        unsure=context.unsure or not same or any(not variable.sources for variable in variables),
    )


def _entries(truth: Iterable[PathEntry], paper: Iterable[PathEntry]) -> tuple[PathEntry, ...]:
    known: dict[str, list[tuple[Location, ...]]] = {}
    for entry in paper:
        known.setdefault(entry.directory, []).append(entry.sources)
    found = []
    for entry in truth:
        sources = known.get(entry.directory)
        found.append(entry._replace(sources=sources.pop(0) if sources else ()))
    return tuple(found)


def _variables(
    truth: Iterable[EnvironmentVariable], paper: Iterable[EnvironmentVariable]
) -> tuple[EnvironmentVariable, ...]:
    known = {(variable.name, variable.value): variable.sources for variable in paper}
    return tuple(variable._replace(sources=known.get((variable.name, variable.value), ())) for variable in truth)
