"""Start every installed shell in every way, as the user, and see what its start-up files do to PATH and the environment.

Each context is started traced, which tells the file and line behind the outcome, and then plainly, which is the truth about it; where
the two disagree the context is marked `unsure`. The plain start is spared where it would take long and nothing in the traced one gives
reason to doubt that it would end the same way: see `second_starts`.
"""

from __future__ import annotations

import functools
import os
import re
from typing import TYPE_CHECKING

from gosteward.host import commands
from gosteward.probes import second_starts, shell_commands, shell_starts
from gosteward.probes.second_starts import Trace
from gosteward.probes.shell_answers import Answer
from gosteward.shells import trace_notice, xtrace
from gosteward.shells.trace_attribution import (
    LONG_PATH,
    READS,
    Attribution,
    attribute,
    found_later,
    interesting,
    locations,
    words,
)
from gosteward.shells.user_files import as_user
from gosteward.snapshot import Alias, Context, EnvironmentVariable, Gap, LeftProcess, Location, PathEntry, User

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.probes.shell_starts import Start
    from gosteward.shells.xtrace import Record

LIMIT = 5.0
# A traced start that takes longer, as a part of its limit, gets the plain one beside it: both may hang.
PATIENCE = 0.4
# The tracer's own variables, and those that differ from one start to the next.
PASSING = {"PS4", "BASH_XTRACEFD", "SHLVL", "_", "PWD", "OLDPWD", "POSIXLY_CORRECT", "ENV", "BASH_ENV"}
DEEP = 100
# No sane PATH is that long; one that is when the time is up is what took the time.
GROWN = 1 << 14
# In the line itself: zsh leaves the word out of its trace.
REPLACES = re.compile(r"(?:^|[\s;&|{(])exec\s")
HIDDEN = ("go", "gofmt")
# bash: `/home/dev/.profile: line 31: syntax error: ...`, maybe with `bash: ` in front; dash: `: 31: Syntax error: ...`;
# zsh: `/home/dev/.zshrc:3: parse error near ...`; fish: `/etc/fish/config.fish (line 3): Missing end ...`.
SYNTAX_ERROR = re.compile(
    r"^(?:-?\w{2,8}: (?:\d{1,9}: (?:\. )?)?)?(?P<path>/[^\n:(]{1,1000}?)(?:: line |: ?| \(line )(?P<line>\d{1,9})\)?: "
    r"(?:syntax error|Syntax error|parse error|unexpected EOF|unmatched|Unterminated|Missing end|Expected|Unexpected)",
    re.MULTILINE,
)
ERRORS_LIMIT = 1 << 16
# A function that calls the program of its own name after all.
CALLS_GO = re.compile(
    r"\b(?:command|exec|env|nice|time)\s+(?:\w+=\S*\s+){0,9}(?:/\S{0,200}/)?(?:go|gofmt)\b|(?<![\w.-])/\S{0,200}/bin/go(?:fmt)?\b"
)
BODY_LINES = 15
BASH_FUNCTION = re.compile(r"(go|gofmt) (\d{1,8}) (.+)")
ZSH_FUNCTION = re.compile(r"(go|gofmt) is (?:a shell|an autoload shell) function(?: from (.+))?")


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
    nonce = os.urandom(4).hex()
    # Root's own shell is for root to start; others leave `sudo -i` to static reading.
    groups = [group for group in shell_starts.plan(host, user, only) if os.geteuid() == 0 or group[0].uid == user.uid]
    limit = min(LIMIT, deadline)
    sessions = [_Session(host, account, starts, nonce) for account, starts in groups]
    contexts: list[Context] = []
    gaps: list[Gap] = []
    batches = tuple(session.batch(limit) for session in sessions)
    for session, outcome in zip(sessions, commands.run(batches, deadline)):
        if outcome.reason:
            gaps += _not_started(session.starts, outcome.reason)
            continue
        found = session.contexts(outcome.runs)
        contexts += found
        gaps += [
            Gap(f"contexts:{context.name}", "the shell could not be started before the deadline")
            for context in found
            if context.status == "not-run"
        ]
    return tuple(contexts), tuple(gaps)


def _not_started(starts: tuple[Start, ...], reason: str) -> list[Gap]:
    found = [Gap("isolation", f"writes could not be denied, so no shell was started: {reason}")]
    names = [start.name for start in starts]
    if names == ["sudo-login"]:
        return [*found, Gap("contexts:sudo-login", "root's shell was not started without a sandbox")]
    return [*found, Gap("contexts", "shells were not started without a sandbox")]


class _Session:
    """The starts of one account, and what their traces tell: each is read once, as that account."""

    def __init__(self, host: Host, user: User, starts: tuple[Start, ...], nonce: str) -> None:
        self.host = host
        self.user = user
        self.starts = starts
        self.nonce = nonce
        self.texts = _Texts(host)
        self.traces: dict[int, Trace] = {}

    def batch(self, limit: float) -> commands.Batch:
        """Two jobs per start: traced and plain, the second one waiting for the first where that can be enough.

        Args:
            limit: seconds for each.
        """
        jobs: list[commands.Job] = []
        for number, start in enumerate(self.starts):
            traced, plain = shell_commands.jobs(start, self.user, self.nonce, limit)
            if second_starts.may_be_spared(start, shell_starts.environment(start, self.user)):
                again = functools.partial(self._again, number)
                plain = plain._replace(premise=commands.Premise(len(jobs), again, PATIENCE * limit))
            jobs += [traced, plain]
        files = shell_commands.files(self.starts, self.user)
        return commands.Batch(user=self.user, directory=self.user.home, jobs=tuple(jobs), files=files)

    def _again(self, number: int, run: commands.Run) -> bool:
        with as_user(self.host, self.user):
            read = functools.partial(self._trace, number, run)
            return second_starts.reason(self.starts[number], run, read, self.texts.notice) != ""

    def _trace(self, number: int, run: commands.Run) -> Trace:
        found = self.traces.get(number)
        if found is None:
            found = _read_trace(self.starts[number], self.user, Answer.of(run, self.nonce), self.texts)
            self.traces[number] = found
        return found

    def contexts(self, runs: tuple[commands.Run, ...]) -> list[Context]:
        """What the runs of the jobs tell, start by start."""
        found = []
        with as_user(self.host, self.user):
            for number, start in enumerate(self.starts):
                traced, plain = runs[2 * number : 2 * number + 2]
                trace = self._trace(number, traced)
                # A trace that left no doubt is the truth as well.
                truth = trace.answer if plain.ended == "spared" else Answer.of(plain, self.nonce)
                found.append(_context(start, self.user, truth, trace, self.texts))
        return found


class _Texts:
    """Lines of files, each file read once."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.files: dict[str, list[str]] = {}
        self.notices: dict[str, str] = {}

    def __call__(self, path: str, line: int) -> str:
        lines = self.lines(path)
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def lines(self, path: str) -> list[str]:
        lines = self.files.get(path)
        if lines is None:
            lines = self.files[path] = self.host.lines(path)
        return lines

    def notice(self, path: str) -> str | None:
        """What in a file could notice a trace, "" for nothing, None where it cannot be read."""
        if path not in self.notices:
            self.notices[path] = trace_notice.in_text("\n".join(self.lines(path)))
        return self.notices[path] if self.lines(path) else None


def _read_trace(start: Start, user: User, traced: Answer, texts: _Texts) -> Trace:
    first = next((variable for variable in start.first if variable.name == "PATH"), None)
    final = (traced.path, -1 if traced.path is None else len(traced.path)) if traced.complete else None
    records = shell_commands.records(start, user, traced.log, texts.lines)
    seconds = shell_commands.seconds(start, user, traced.log, texts.lines)
    told = attribute(records, first.value if first else None, first.sources if first else (), final, texts, seconds)
    return Trace(traced, records, told)


def _context(start: Start, user: User, plain: Answer, trace: Trace, texts: _Texts) -> Context:
    """Join the two runs of one context."""
    traced, records, told = trace
    first = {variable.name: variable for variable in start.first}
    truth = plain if plain.complete or not traced.complete else traced
    status = _status(plain, traced)
    disagree = status == "complete" and (not traced.complete or not _agree(plain, traced))
    reason, stopped_at = _ending(start, status, truth, told, texts)
    return Context(
        name=start.name,
        kind=start.kind,
        shell=start.shell,
        own=start.own,
        method="traced",
        search_path=_search_path(truth, told),
        path_unset=truth.complete and truth.path is None,
        lost=told.lost,
        variables=_variables(truth, traced, told, first, texts),
        aliases=_aliases(start, traced, told, texts),
        files_read=told.files,
        status=status,
        stopped_at=stopped_at,
        reason=reason,
        unsure=disagree or start.unsure,
        run_as=user.name,
        seconds=round(plain.run.seconds, 3),
        slow=told.slow,
        syntax_errors=_syntax_errors(plain.run.errors or b"", texts),
        left_running=_left_running(plain.run.left, records, texts),
    )


def _left_running(names: tuple[str, ...], records: list[Record], texts: _Texts) -> tuple[LeftProcess, ...]:
    """What the plain run left running, each with the line whose command names it: the last one in the trace."""
    places: dict[str, Location | None] = dict.fromkeys(names)
    for record in records if names else ():
        for word in record.command.split()[:6]:
            name = word.strip("'\"").rpartition("/")[2][:15]  # the kernel keeps 15 characters of a name
            if name in places:
                places[name] = next(iter(locations(record.frames, texts)), places[name])
    return tuple(LeftProcess(name=name, source=place) for name, place in places.items())


def _syntax_errors(errors: bytes, texts: _Texts) -> tuple[Location, ...]:
    """Files that the shell could not parse, as it says itself: there is no other trace of that."""
    found: dict[str, Location] = {}
    for match in SYNTAX_ERROR.finditer(errors[:ERRORS_LIMIT].decode("utf-8", "surrogateescape")):
        path, line = match["path"], int(match["line"])
        number = min(line, len(texts.lines(path)))  # "unexpected end of file" is told of the line behind the last one
        if number:
            found.setdefault(path, Location(path, number, texts(path, number)[:300].rstrip("\r")))
    return tuple(found.values())[:5]


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


def _ending(start: Start, status: str, truth: Answer, told: Attribution, texts: _Texts) -> tuple[str, Location | None]:
    """Why and where a start-up ended that did not come to its end, or ended with a PATH that no program can be given."""
    last = told.last[0] if told.last else None
    known = len(truth.path) if truth.path is not None else -1
    # The trace takes longer than the truth: it may still have been on its way there.
    if told.too_long is None and (known > LONG_PATH or (status == "timed-out" and told.path_length > GROWN)):
        return "path-too-long", told.changed_at
    if told.too_long is not None:
        return "path-too-long", told.too_long
    if status in ("complete", "not-run"):
        return "", None
    if told.depth >= DEEP:
        return "recursion", last
    if status == "timed-out":
        return ("reads-input" if told.last_command.split(" ", 1)[0] in READS else "hangs"), last
    if REPLACES.search(last.text if last is not None else told.last_command):
        return "exec", last
    if start.shell == "fish":  # it does not trace `exec` at all, and survives an `exit`
        for place in found_later(told.last, REPLACES.search, texts)[:1]:
            return "exec", place
    return "exits", last


def _variables(
    truth: Answer, traced: Answer, told: Attribution, first: dict[str, EnvironmentVariable], texts: _Texts
) -> tuple[EnvironmentVariable, ...]:
    """Interesting variables: exported ones from the environment, the others from the shell's own list."""
    found: dict[str, EnvironmentVariable] = {}
    unexported = _unexported(traced.sections.get("variables", ""))
    exported = truth.environment
    if not truth.complete:  # the best that a broken start-up leaves is what its trace said
        made_so_far = {name: made.value for name, made in told.assignments.items() if made.value is not None}
        exported = {name: made_so_far.get(name, variable.value) for name, variable in first.items()}
        exported.update((name, value) for name, value in made_so_far.items() if told.assignments[name].exported)
        unexported = made_so_far
    for name, value in exported.items():
        if interesting(name):
            made = told.assignments.get(name)
            before = first.get(name)
            sources = made.sources if made is not None and made.value is not None else before.sources if before else ()
            if told.went_dark and value != (made.value if made is not None else before.value if before else None):
                sets = re.compile(rf"(?:^|[\s;]){re.escape(name)}=")
                sources = found_later(told.went_dark, sets.search, texts) or sources
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
    """Aliases and functions named go or gofmt; a shell that is not interactive uses no aliases."""
    if not start.interactive:
        return ()
    found = []
    for line in traced.sections.get("aliases", "").split("\n"):
        parts = words(line)
        name, is_set, value = (parts[-1] if parts else "").partition("=")
        if is_set and name in HIDDEN:
            found.append(Alias(name=name, value=value, source=told.aliases.get(name)))
    for line in traced.sections.get("functions", "").split("\n"):
        found += _function(line, texts)
    for line in traced.sections.get("fish", "").split("\n"):
        found += _fish_function(line, told, texts)
    return tuple(found)


def _function(line: str, texts: _Texts) -> list[Alias]:
    """bash: `go 12 /home/dev/.bashrc`; zsh: `go is a shell function from /home/dev/.zshrc`."""
    bash = BASH_FUNCTION.fullmatch(line)
    if bash:
        return [_named_function(bash.group(1), bash.group(3), int(bash.group(2)), texts)]
    zsh = ZSH_FUNCTION.fullmatch(line)
    if zsh is None:
        return []
    name, path = zsh.group(1), zsh.group(2) or ""
    begins = re.compile(rf"\s*(?:function\s+{name}\b|{name}\s*\(\s*\))")
    number = next((n for n, text in enumerate(texts.lines(path), 1) if begins.match(text)), 0) if path else 0
    return [_named_function(name, path, number, texts)]


def _named_function(name: str, path: str, line: int, texts: _Texts) -> Alias:
    source = Location(path=path, line=line, text=texts(path, line)[:300]) if path.startswith("/") else None
    return Alias(
        name=name, value=_call_of_go(path, line, texts) if source and line else "", kind="function", source=source
    )


def _call_of_go(path: str, first: int, texts: _Texts) -> str:
    """How the function that begins at a line calls the program of its own name; "" if it does not."""
    for number in range(first, first + BODY_LINES):
        text = texts(path, number)[:1000]
        call = CALLS_GO.search(text)
        if call is not None or text.rstrip() in ("}", "end"):
            return " ".join(call.group().split())[:120] if call else ""
    return ""


def _fish_function(line: str, told: Attribution, texts: _Texts) -> list[Alias]:
    """`name US file US autoloaded US line US scope US description`; what `alias` makes is described as `alias go ...`."""
    fields = line.split(xtrace.US)
    if len(fields) < 6 or fields[0] not in HIDDEN:
        return []
    name, path, _, number, _, description = fields[:6]
    if description.startswith("alias "):
        value = description[len("alias ") :].lstrip()[len(name) :].lstrip(" =")
        return [Alias(name=name, value=value, source=told.aliases.get(name))]
    return [_named_function(name, path, int(number) if number.isdecimal() and len(number) < 9 else 0, texts)]
