"""All contexts of a user, and the start-up files behind them: shells really started, what reading adds, and jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.probes import jobs, paper_sources, startup_files, static_contexts, traced_contexts
from gosteward.snapshot import Gap

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.snapshot import Context, StartupFile, User

# Of these the caller's PATH is what sudo and su hand on where nothing on disk decides it.
CALLERS = ("terminal", "ssh-login", "login")


def collect(
    host: Host, user: User, deadline: float, only: tuple[str, ...]
) -> tuple[tuple[Context, ...], tuple[StartupFile, ...], tuple[Gap, ...]]:
    """Every way in which a command can be started for `user`.

    Args:
        deadline: seconds for all shells together.   only: names of contexts, () for all; the others are left out as asked.
    Returns:
        Contexts: started ones where a shell could be started, read ones otherwise, then jobs. PATH entries have only their
        directory and sources. Start-up files, also those that no context reads.
    """
    with host.reading_time.paused():  # shells have their own deadline
        traced, gaps = traced_contexts.collect(host, user, deadline, only)
    traced = paper_sources.joined(host, user, traced)
    started = {context.name: context for context in traced if context.status != "not-run"}
    read = static_contexts.collect(host, user, only, known=started)
    answered = {context.name for context in read if not context.unsure}
    shells = tuple(started.values()) + read
    host.reading_time.share()
    others, missing = jobs.collect(host, user)
    others = tuple(context for context in others if not only or context.name in only)
    contexts = tuple(_with_callers_path(context, shells) for context in (*shells, *others))
    host.reading_time.share()
    files, unread = startup_files.collect(host, user, contexts)
    kept = tuple(gap for gap in gaps if not _answered(gap, answered, read))
    if only:
        kept += (Gap("contexts", f"only {', '.join(only)} looked at, as asked", asked=True),)
    return contexts, files, tuple(dict.fromkeys((*kept, *missing, *unread)))


def _answered(gap: Gap, answered: set[str], read: tuple[Context, ...]) -> bool:
    """Whether reading the start-up files fills a gap that starting the shells left: only where nothing in them was in doubt."""
    field, _, name = gap.field.partition(":")
    if field != "contexts":
        return False
    if name:
        return name in answered
    return bool(read) and all(context.name in answered for context in read if context.own)


def _with_callers_path(context: Context, shells: tuple[Context, ...]) -> Context:
    """For sudo without secure_path: the PATH of the session from which it is called."""
    if context.kind != "sudo" or context.search_path:
        return context
    for kind in CALLERS:
        for shell in shells:
            if shell.own and shell.kind == kind and shell.status == "complete":
                return context._replace(search_path=shell.search_path, unsure=True)
    return context
