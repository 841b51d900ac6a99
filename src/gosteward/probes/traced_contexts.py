"""Start every installed shell in every way, as the user, and see what its start-up files do to PATH and the environment.

Each context is started twice, at the same time: plainly, which is the truth about the outcome, and traced, which tells the file and
line behind it. Where the two disagree the context is marked `unsure`.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.host import commands
from gosteward.probes import shell_commands, shell_starts
from gosteward.shells import xtrace
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
    batches = tuple(
        commands.Batch(
            user=account,
            directory=account.home,
            jobs=tuple(job for start in starts for job in shell_commands.jobs(start, account, nonce, limit)),
            files=shell_commands.files(starts, account),
        )
        for account, starts in groups
    )
    contexts: list[Context] = []
    gaps: list[Gap] = []
    for (account, starts), outcome in zip(groups, commands.run(batches, deadline)):
        if outcome.reason:
            gaps += _not_started(starts, outcome.reason)
            continue
        found = _contexts(host, account, starts, outcome.runs, nonce)
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


def _contexts(
    host: Host, user: User, starts: tuple[Start, ...], runs: tuple[commands.Run, ...], nonce: str
) -> list[Context]:
    with as_user(host, user):
        texts = _Texts(host)
        return [
            _context(start, user, Answer.of(plain, nonce), Answer.of(traced, nonce), texts)
            for start, plain, traced in zip(starts, runs[::2], runs[1::2])
        ]


class _Texts:
    """Lines of files, each file read once."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.files: dict[str, list[str]] = {}

    def __call__(self, path: str, line: int) -> str:
        lines = self.lines(path)
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def lines(self, path: str) -> list[str]:
        lines = self.files.get(path)
        if lines is None:
            lines = self.files[path] = self.host.lines(path)
        return lines


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
        if xtrace.US in errors or not log:
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
    records = shell_commands.records(start, user, traced.log, texts.lines)
    told = attribute(records, path.value if path else None, path.sources if path else (), final, texts)
    truth = plain if plain.complete or not traced.complete else traced
    status = _status(plain, traced)
    unsure = status == "complete" and (not traced.complete or not _agree(plain, traced))
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
        unsure=unsure,
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
    return [_named_function(name, path, int(number) if number.isdecimal() else 0, texts)]
