"""Start every installed shell in every way, as the user, and see what its start-up files do to PATH and the environment.

Each context is started twice, at the same time: plainly, which is the truth about the outcome, and traced, which tells the file and
line behind it. Where the two disagree the context is marked `unsure`.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple

from gosteward.host import commands
from gosteward.probes import shell_starts
from gosteward.shells import xtrace
from gosteward.shells.trace_attribution import Attribution, attribute, interesting, words
from gosteward.snapshot import Alias, Context, EnvironmentVariable, Gap, Location, PathEntry, User

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.host.reading import Host
    from gosteward.probes.shell_starts import Start

LIMIT = 5.0
# The tracer's own variables, and those that differ from one start to the next.
PASSING = {"PS4", "BASH_XTRACEFD", "SHLVL", "_", "PWD", "OLDPWD", "FISH_TRACE", "fish_trace", "POSIXLY_CORRECT"}
DEEP = 100


def collect(
    host: Host, user: User, deadline: float, only: tuple[str, ...]
) -> tuple[tuple[Context, ...], tuple[Gap, ...]]:
    """Trace the contexts of `user`.

    Args:
        deadline: seconds for all together; each context gets at most 5 of them.
        only: names of contexts to trace; () for all.
    Returns:
        Contexts, and gaps: "isolation" and "contexts" if no sandbox could be built (then nothing was started), "contexts:NAME" for a
        shell that could not be started.
    """
    if not host.live:
        return (), ()
    contexts: list[Context] = []
    gaps: list[Gap] = []
    for account, starts in shell_starts.plan(host, user, only):
        found, missing = _trace(host, account, starts, deadline)
        contexts += found
        gaps += missing
    return tuple(contexts), tuple(gaps)


def _trace(
    host: Host, user: User, starts: tuple[Start, ...], deadline: float
) -> tuple[tuple[Context, ...], tuple[Gap, ...]]:
    nonce = os.urandom(4).hex()
    jobs = tuple(job for start in starts for job in shell_starts.jobs(start, user, nonce, min(LIMIT, deadline)))
    runs, reason = commands.run(jobs, user, user.home, deadline)
    if reason:
        return (), (
            Gap("isolation", f"writes could not be denied, so no shell was started: {reason}"),
            Gap("contexts", "shells were not started without a sandbox"),
        )
    with _reading_as(host, user):
        texts = _Texts(host)
        contexts = tuple(
            _context(start, user, Answer.of(plain, nonce), Answer.of(traced, nonce), texts)
            for start, plain, traced in zip(starts, runs[::2], runs[1::2])
        )
    gaps = tuple(
        Gap(f"contexts:{context.name}", "the shell could not be started before the deadline")
        for context in contexts
        if context.status == "not-run"
    )
    return contexts, gaps


@contextlib.contextmanager
def _reading_as(host: Host, user: User) -> Iterator[None]:
    switch = getattr(host, "reading_as", None)
    with switch(user) if switch is not None else contextlib.nullcontext():
        yield


class _Texts:
    """Lines of files, each file read once."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.files: dict[str, list[str]] = {}

    def __call__(self, path: str, line: int) -> str:
        lines = self.files.get(path)
        if lines is None:
            lines = self.files[path] = self.host.lines(path)
        return lines[line - 1] if 0 < line <= len(lines) else ""


class Answer(NamedTuple):
    """What a shell said.

    Attributes:
        run: how it ended.   log: what came before its answer.   sections: by name, {} if it never came to its end.
        path: PATH, None if unset or unknown.   environment: as a child sees it.
    """

    run: commands.Run
    log: str
    sections: dict[str, str]
    path: str | None
    environment: dict[str, str]

    @property
    def complete(self) -> bool:
        """The start-up files ran to their end."""
        return "path" in self.sections

    @classmethod
    def of(cls, run: commands.Run, nonce: str) -> Answer:
        """Take apart what came out of a shell; a shell whose descriptor 9 was closed answers on its standard error."""
        answer = run.answer.decode("utf-8", "surrogateescape")
        found = xtrace.sections(answer, nonce)
        errors = run.errors.decode("utf-8", "surrogateescape") if run.errors else ""
        if "environment" not in found and nonce in errors:
            found = {**xtrace.sections(errors, nonce), **found}
        log = xtrace.before_answer(answer, nonce)
        if xtrace.US in errors:
            log += xtrace.before_answer(errors, nonce)
        path = found.get("path", "")
        return cls(
            run=run,
            log=log,
            sections=found,
            path=path[1:] if path.startswith("=") else None,
            environment=xtrace.environment(found.get("environment", "")),
        )


def _context(start: Start, user: User, plain: Answer, traced: Answer, texts: _Texts) -> Context:
    """Join the two runs of one context."""
    first = {variable.name: variable for variable in start.first}
    path = first.get("PATH")
    final = (traced.path, -1 if traced.path is None else len(traced.path)) if traced.complete else None
    records = shell_starts.records(start, user, traced.log)
    told = attribute(records, path.value if path else None, path.sources if path else (), final, texts)
    truth = plain if plain.complete or not traced.complete else traced
    status = _status(plain, traced)
    unsure = status == "complete" and (not traced.complete or not _agree(plain, traced))
    reason, stopped_at = _ending(status, plain.run, told)
    return Context(
        name=start.name,
        kind=start.kind,
        shell=start.shell,
        own=start.own,
        method="traced",
        search_path=_search_path(truth, told),
        path_unset=truth.complete and truth.path is None,
        lost=told.lost,
        variables=_variables(truth, traced, told, first),
        aliases=_aliases(start, traced, told, texts),
        files_read=told.files,
        status=status,
        stopped_at=stopped_at,
        reason=reason,
        unsure=unsure,
        run_as=user.name,
        seconds=round(plain.run.seconds, 3),
        slow=told.slow,
    )


def _status(plain: Answer, traced: Answer) -> str:
    if plain.complete:
        return "complete"
    if plain.run.ended == "not-run" or plain.run.status >= 1000:
        return "not-run"
    # Alone the plain run may have been starved; two that did not come to their end have met something.
    if plain.run.ended == "timed-out":
        return "complete" if traced.complete else "timed-out"
    return "no-answer"


def _agree(plain: Answer, traced: Answer) -> bool:
    if plain.path != traced.path:
        return False
    names = {name for name in (*plain.environment, *traced.environment) if interesting(name)} - PASSING
    return all(plain.environment.get(name) == traced.environment.get(name) for name in names)


def _search_path(truth: Answer, told: Attribution) -> tuple[PathEntry, ...]:
    """The entries of the true PATH, each with the sources that the trace knows for it."""
    if not truth.complete:
        return told.entries
    known: dict[str, list[PathEntry]] = {}
    for entry in reversed(told.entries):
        known.setdefault(entry.directory, []).append(entry)
    entries = []
    for directory in truth.path.split(":")[:4096] if truth.path else ():
        same = known.get(directory)
        # Of several copies each takes its own source; a copy more than the trace knows shares the last one.
        entries.append((same.pop() if len(same) > 1 else same[0]) if same else PathEntry(directory=directory))
    return tuple(entries)


def _ending(status: str, run: commands.Run, told: Attribution) -> tuple[str, Location | None]:
    """Why and where a start-up ended that did not come to its end."""
    last = told.last[0] if told.last else None
    if told.too_long is not None:
        return "path-too-long", told.too_long
    if status in ("complete", "not-run"):
        return "", None
    if told.depth >= DEEP:
        return "recursion", last
    word = told.last_command.split(" ", 1)[0]
    if status == "timed-out":
        return ("reads-input" if word in ("read", "select") else "hangs"), last
    return ("exec" if word == "exec" else "exits"), last


def _variables(
    truth: Answer, traced: Answer, told: Attribution, first: dict[str, EnvironmentVariable]
) -> tuple[EnvironmentVariable, ...]:
    """Interesting variables: exported ones from the environment, the others from the shell's own list."""
    found: dict[str, EnvironmentVariable] = {}
    unexported = _unexported(traced.sections.get("variables", ""))
    exported = truth.environment
    if not truth.complete:  # the best that a broken start-up leaves is what its trace said
        exported = {name: variable.value for name, variable in first.items()}
        unexported = {name: made.value for name, made in told.assignments.items() if made.value is not None}
    for name, value in exported.items():
        if interesting(name):
            made = told.assignments.get(name)
            before = first.get(name)
            sources = made.sources if made is not None and made.value is not None else before.sources if before else ()
            found[name] = EnvironmentVariable(name=name, value=value, sources=sources)
    for name, value in unexported.items():
        if name not in exported and interesting(name):
            made = told.assignments.get(name)
            if made is not None and made.sources:
                found[name] = EnvironmentVariable(name=name, value=value, sources=made.sources, exported=False)
    return tuple(found[name] for name in sorted(found))


def _unexported(listing: str) -> dict[str, str]:
    """Variables of a `declare -p` or `typeset -p` listing that child processes do not get."""
    found: dict[str, str] = {}
    for line in listing.split("\n"):
        parts = words(line)
        if len(parts) < 2 or parts[0] not in ("declare", "typeset", "export"):
            continue
        flags = "".join(part for part in parts[1:-1] if part.startswith("-"))
        name, is_set, value = parts[-1].partition("=")
        if is_set and "x" not in flags and parts[0] != "export":
            found[name] = value
    return found


def _aliases(start: Start, traced: Answer, told: Attribution, texts: _Texts) -> tuple[Alias, ...]:
    if not start.interactive:
        return ()
    found = []
    for line in traced.sections.get("aliases", "").split("\n"):
        parts = words(line)
        name, is_set, value = (parts[-1] if parts else "").partition("=")
        if is_set and name in ("go", "gofmt"):
            found.append(Alias(name=name, value=value, source=told.aliases.get(name)))
    for line in traced.sections.get("functions", "").split("\n"):
        name, _, place = line.partition(" ")
        number, _, path = place.partition(" ")
        if name in ("go", "gofmt"):
            where = int(number) if number.isdigit() else 0
            source = Location(path=path, line=where, text=texts(path, where)[:300]) if path.startswith("/") else None
            found.append(Alias(name=name, value="", kind="function", source=source))
    return tuple(found)
