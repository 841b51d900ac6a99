"""Who put what on PATH, and who set a variable: a walk along the records of a trace.

A change seen at a record was made by the command of the record before it (subshells, which change nothing, left out). Entries that stay keep their owner; new ones belong to the line that
ran; a line that assigns PATH without naming its old value is a reset: everything on it is its own, and what is missing was thrown away.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable, NamedTuple

from gosteward.snapshot import LostEntry, PathEntry, SlowLine
from gosteward.snapshot.places import Location

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gosteward.shells.xtrace import Frame, Record

TextOf = Callable[[str, int], str]

SLOW = 0.1
LONG_PATH = 128 * 1024
ENTRIES_LIMIT = 4096
LATER_LIMIT = 2000
LOGOUT_FILES = ("/.bash_logout", "/etc/bash.bash_logout", "/.zlogout", "/zlogout")
ASSIGNS_PATH = re.compile(r"(?:^|[\s;&|({!])(?:PATH=|set\s+(?:-\S+\s+)*PATH\s|path=\()")
# fish: `set -gxa PATH`, `set --prepend PATH`
ADDS_TO_PATH = re.compile(r"set\s+(?:-\S+\s+)*(?:-[a-zA-Z]*[ap][a-zA-Z]*|--append|--prepend)\s+(?:-\S+\s+)*PATH\s")
NAMES_PATH = re.compile(r"\$\{?PATH\b|\$\{?\(?[^)\s]{0,4}\)?path\b|\$path\b")
DECLARATIONS = {"export", "declare", "typeset", "readonly", "local", "integer", "float", "private"}
READS = ("read", "select", "vared")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
INTERESTING = re.compile(
    r"(?:GO|CGO_|PKG_CONFIG|XDG_|GIT_)[A-Za-z0-9_]*|CC|CXX|HOME|USER|SHELL|TMPDIR|LD_LIBRARY_PATH|LD_PRELOAD|SSL_CERT_FILE|SSL_CERT_DIR|NETRC|BASH_ENV|ENV"
    r"|(?:https?|no|all)_proxy|(?:HTTPS?|NO|ALL)_PROXY"
)
OWN_NAMES = re.compile(r"GOSTEWARD_\w*")


class Owned(NamedTuple):
    """An entry and the lines behind it."""

    directory: str
    sources: tuple[Location, ...]


class Assignment(NamedTuple):
    """What a traced command set.

    Attributes:
        value: as far as the trace shows it, None after `unset`.   exported: the command says so (or one after it).
    """

    value: str | None
    sources: tuple[Location, ...]
    exported: bool = False


class Attribution(NamedTuple):
    """What a trace tells.

    Attributes:
        entries: PATH at the end of the trace, entry by entry.   lost: see `Context.lost`.
        assignments: the last command that set each interesting variable, by name.
        aliases: name to the line of its `alias` command.   last: where the last command ran.   depth: its call frames.
        last_command: its text; of two that run at once on a line, the one that reads.   too_long: the line that made PATH longer than LONG_PATH.   slow: see `Context.slow`.
        files: start-up files in the order in which commands of theirs ran.
        path_length: of PATH at the end of the trace, -1 if unset.   changed_at: the line that changed it last.
        went_dark: where the trace was switched off (`set +x`, another PS4); () if it lasted to the end.
    """

    entries: tuple[PathEntry, ...]
    lost: tuple[LostEntry, ...]
    assignments: dict[str, Assignment]
    aliases: dict[str, Location]
    last: tuple[Location, ...]
    depth: int
    last_command: str
    too_long: Location | None
    slow: tuple[SlowLine, ...]
    files: tuple[str, ...]
    path_length: int = -1
    changed_at: Location | None = None
    went_dark: tuple[Location, ...] = ()


def interesting(name: str) -> bool:
    """Whether a snapshot holds variables of this name."""
    return INTERESTING.fullmatch(name) is not None and OWN_NAMES.fullmatch(name) is None


class Tracker:
    """PATH while it changes."""

    def __init__(self, first: str | None, sources: tuple[Location, ...], text_of: TextOf) -> None:
        self.text_of = text_of
        self.value = first
        self.length = -1 if first is None else len(first)
        self.owned = [Owned(entry, sources) for entry in _entries(first)]
        self.lost: list[LostEntry] = []
        self.too_long: Location | None = None
        self.changed_at: Location | None = None

    def differs(self, value: str | None, length: int) -> bool:
        """Whether that is another PATH than the one before."""
        return (value, length) != (self.value, self.length)

    def change(
        self,
        value: str | None,
        length: int,
        sources: tuple[Location, ...],
        dark: bool = False,
        evaluated: tuple[Location, ...] = (),
    ) -> None:
        """PATH became `value`; the line at `sources[0]` did it. A cut value (shorter than `length`) only moves the length.

        Args:
            dark: the trace ended there, so a line behind it may have done it.
            evaluated: places of an `eval` whose text may count as the line at `sources[0]`; see `_Evaluation`.
        """
        if length > LONG_PATH >= self.length and self.too_long is None and sources:
            self.too_long = sources[0]
        self.length = length
        self.value = value
        self.changed_at = sources[0] if sources else self.changed_at
        if value is not None and length > len(value):
            return
        keeps = keeps_old_value(sources[0], self.text_of) if sources and not dark else True
        fresh = _entries(value)
        head, tail = _unchanged([owned.directory for owned in self.owned], fresh) if keeps else (0, 0)
        pool: dict[str, list[Owned]] = {}
        for owned in reversed(self.owned[head : len(self.owned) - tail]) if keeps else ():
            pool.setdefault(owned.directory, []).append(owned)
        after = self.owned[:head]
        for entry in fresh[head : len(fresh) - tail]:
            before = pool.get(entry)
            after.append(before.pop() if before else Owned(entry, self._contributors(entry, sources, dark, evaluated)))
        after += self.owned[len(self.owned) - tail :] if tail else []
        self._lose(after, sources[0] if sources else None)
        self.owned = after

    def _contributors(
        self, entry: str, sources: tuple[Location, ...], dark: bool, evaluated: tuple[Location, ...]
    ) -> tuple[Location, ...]:
        if evaluated and not _mentions(self.text_of(sources[0].path, sources[0].line), entry):
            return evaluated
        if not dark:
            return about(entry, sources, self.text_of)
        return found_later(
            sources, lambda text: ASSIGNS_PATH.search(text) is not None and _mentions(text, entry), self.text_of
        )

    def assign(self, sources: tuple[Location, ...]) -> None:
        """A line assigned the value that PATH had: if it is a reset, it is what decides PATH from now on."""
        if sources and self.value and self.length == len(self.value) and not keeps_old_value(sources[0], self.text_of):
            self.owned = [Owned(owned.directory, about(owned.directory, sources, self.text_of)) for owned in self.owned]

    def _lose(self, after: list[Owned], by: Location | None) -> None:
        present = {owned.directory for owned in after}
        for owned in self.owned:
            if owned.directory not in present:
                self.lost.append(LostEntry(directory=owned.directory, sources=owned.sources, dropped_by=by))

    def lost_at_end(self) -> tuple[LostEntry, ...]:
        """Entries that nobody brought back, once each."""
        present = {owned.directory for owned in self.owned}
        return tuple({lost.directory: lost for lost in self.lost if lost.directory not in present}.values())


class _Evaluation:
    """The lines that bash counts inside the text of an `eval`: its second line counts as the line behind the `eval`, and so on."""

    def __init__(self) -> None:
        self.frames: tuple[Frame, ...] = ()
        self.last = 0

    def note(self, record: Record) -> None:
        """Look at a command before it has run."""
        if not record.frames:
            return
        if record.command.startswith("eval ") and "\n" in record.command:
            self.frames, self.last = record.frames, record.frames[0].line + record.command.count("\n")
        elif self.frames and not self.holds(record):
            self.frames = ()

    def holds(self, record: Record | None) -> bool:
        """Whether a record may come from the text of the `eval`, judged by its line."""
        if record is None or not record.frames or not self.frames:
            return False
        here, there = record.frames[0], self.frames[0]
        return here.path == there.path and record.frames[1:] == self.frames[1:] and there.line <= here.line <= self.last


def _entries(value: str | None) -> list[str]:
    return value.split(":")[:ENTRIES_LIMIT] if value else []


def _unchanged(old: list[str], new: list[str]) -> tuple[int, int]:
    """How many entries at the head and at the tail stayed. Of two copies the one that stands apart from the old value is the new one."""
    shorter = min(len(old), len(new))
    if new[: len(old)] == old:
        return len(old), 0
    tail = next((n for n in range(shorter) if old[-1 - n] != new[-1 - n]), shorter)
    head = next((n for n in range(shorter - tail) if old[n] != new[n]), shorter - tail)
    return head, tail


def keeps_old_value(source: Location, text_of: TextOf) -> bool:
    """Whether the line at `source` builds on the old PATH; True where it does not assign PATH in plain sight (a function, eval)."""
    text = text_of(source.path, source.line)
    if not ASSIGNS_PATH.search(text) or ADDS_TO_PATH.search(text):
        return True
    for number in range(source.line + 1, source.line + 6):  # an assignment may go on in the next lines
        if text.count('"') % 2 == 0 and not text.endswith("\\") and text.count("(") <= text.count(")"):
            break
        text += "\n" + text_of(source.path, number)
    return NAMES_PATH.search(text) is not None


def about(directory: str, sources: tuple[Location, ...], text_of: TextOf) -> tuple[Location, ...]:
    """`sources` with the frame first that a person would edit: the caller that names the directory, not the function's body."""
    if len(sources) < 2 or _mentions(text_of(sources[0].path, sources[0].line), directory):
        return sources
    for index, source in enumerate(sources[1:], 1):
        if _mentions(text_of(source.path, source.line), directory):
            return (source, *sources[:index], *sources[index + 1 :])
    return sources


def found_later(
    sources: tuple[Location, ...], wanted: Callable[[str], object], text_of: TextOf
) -> tuple[Location, ...]:
    """The first line behind a place, or behind its callers, whose text is `wanted`, with the callers; () if there is none."""
    for index, source in enumerate(sources):
        for number in range(source.line, source.line + LATER_LIMIT):
            text = text_of(source.path, number)
            if wanted(text):
                return (Location(path=source.path, line=number, text=text[:300].rstrip("\r")), *sources[index + 1 :])
    return ()


def _mentions(text: str, directory: str) -> bool:
    if not directory:
        return False
    parts = directory.rstrip("/").split("/")
    return (
        directory in text
        or (len(parts) > 2 and "/".join(parts[-2:]) in text)
        or (len(parts) > 1 and f"/{parts[-1]}" in text)
    )


def locations(frames: Sequence[Frame], text_of: TextOf) -> tuple[Location, ...]:
    """Frames that lie in files, innermost first, each place once, with the text of their lines."""
    found: dict[tuple[str, int], Location] = {}
    for frame in frames:
        if frame.path.startswith("/") and frame.line > 0 and (frame.path, frame.line) not in found:
            found[frame.path, frame.line] = Location(
                path=frame.path, line=frame.line, text=text_of(frame.path, frame.line)[:300].rstrip("\r")
            )
    return tuple(found.values())


def attribute(
    records: Iterable[Record],
    first: str | None,
    first_sources: tuple[Location, ...],
    final: tuple[str | None, int] | None,
    text_of: TextOf,
    seconds: Mapping[tuple[str, int], float] | None = None,
) -> Attribution:
    """Walk a trace from its first PATH to the `final` one (value and length; None if the shell never came to its end).

    Args:
        seconds: that lines took, where the records have no clock.
    """
    tracker = Tracker(first, first_sources, text_of)
    assignments: dict[str, Assignment] = {}
    aliases: dict[str, Location] = {}
    slow = dict(seconds or {})
    files: dict[str, None] = {}
    previous: Record | None = None
    standing: Record | None = None
    outer: Record | None = None
    inner: Record | None = None
    evaluation = _Evaluation()
    for record in records:
        if previous is not None and record.time and previous.time and record.time - previous.time > 0.01:
            _add_time(slow, previous, record.time - previous.time)
        if record.frames:
            files.setdefault(record.frames[0].path)
        if not record.nested:
            # `is not None`: a function may have switched the expansion of PS4 off (zsh: emulate -L)
            if tracker.differs(record.path, record.path_length) and record.path is not None:
                evaluated = locations(evaluation.frames, text_of) if evaluation.holds(outer) else ()
                tracker.change(record.path, record.path_length, _where(outer, text_of), evaluated=evaluated)
            elif outer is not None and outer.command.startswith("PATH="):
                tracker.assign(_where(outer, text_of))
            _note_command(record, assignments, aliases, text_of)
            evaluation.note(record)
            outer, inner = record, None
        else:
            inner = inner or record
        previous = record
        # A login shell that a file ends by `exit` still reads its logout file: the line before that is where it ended.
        if not (record.frames and record.frames[0].path.endswith(LOGOUT_FILES)):
            standing = record
    dark = _finish(tracker, final, outer, inner, text_of)
    return Attribution(
        entries=tuple(PathEntry(directory=owned.directory, sources=owned.sources) for owned in tracker.owned),
        lost=tracker.lost_at_end(),
        assignments=assignments,
        aliases=aliases,
        last=_where(standing, text_of),
        depth=standing.depth if standing else 0,
        last_command=_last_command(standing, outer),
        too_long=tracker.too_long,
        slow=_slow_lines(slow, text_of),
        files=tuple(path for path in files if path.startswith("/")),
        path_length=tracker.length,
        changed_at=tracker.changed_at,
        went_dark=dark,
    )


def _finish(
    tracker: Tracker, final: tuple[str | None, int] | None, outer: Record | None, inner: Record | None, text_of: TextOf
) -> tuple[Location, ...]:
    """The last change of PATH; returns where the trace went dark.

    Args:
        outer: the last record outside subshells.   inner: the first one in a subshell behind it.
    """
    where = _where(outer, text_of)
    if final is None:
        # A subshell starts with the PATH of its parent: zsh forks before it traces a program, and here that was the last command.
        if inner is not None and inner.path is not None and tracker.differs(inner.path, inner.path_length):
            tracker.change(inner.path, inner.path_length, where)
        return ()
    # The commands that end a trace stand in no file. Where the last record does, something switched the trace off.
    if tracker.differs(*final):
        tracker.change(final[0], final[1], where, dark=bool(where))
    return where


def _last_command(previous: Record | None, outer: Record | None) -> str:
    """What the shell was doing at the end: `read x < <(ask)` waits in `read`, whatever `ask` does in its subshell."""
    if previous is None:
        return ""
    if outer is not None and outer.frames[:1] == previous.frames[:1] and outer.command.split(" ", 1)[0] in READS:
        return outer.command
    return previous.command


def _where(record: Record | None, text_of: TextOf) -> tuple[Location, ...]:
    return locations(record.frames, text_of) if record is not None else ()


def _add_time(slow: dict[tuple[str, int], float], record: Record, seconds: float) -> None:
    for frame in record.frames:
        if frame.path.startswith("/"):
            slow[frame.path, frame.line] = slow.get((frame.path, frame.line), 0.0) + seconds
            return


def _slow_lines(slow: dict[tuple[str, int], float], text_of: TextOf) -> tuple[SlowLine, ...]:
    return tuple(
        SlowLine(location=Location(path=path, line=line, text=text_of(path, line)[:300]), seconds=round(seconds, 3))
        for (path, line), seconds in sorted(slow.items(), key=lambda item: -item[1])[:20]
        if seconds >= SLOW
    )


def _note_command(
    record: Record, assignments: dict[str, Assignment], aliases: dict[str, Location], text_of: TextOf
) -> None:
    """Remember what a command sets; cheap for the many that set nothing."""
    command = record.command
    word = command[: command.find(" ")] if " " in command else command
    if "=" in word:
        _assign(command, record, assignments, text_of)
    elif word in DECLARATIONS:
        if word in ("local", "private") or (word in ("declare", "typeset") and not _reaches_out(command, record)):
            return
        arguments = words(command)[1:]
        exported = word == "export" or any(flag.startswith("-") and "x" in flag for flag in arguments[:3])
        for argument in arguments:
            if exported and argument in assignments:
                assignments[argument] = assignments[argument]._replace(exported=True)
            _assign(argument, record, assignments, text_of, quoted=False, exported=exported)
    elif word == "unset":
        for argument in words(command)[1:]:
            if interesting(argument):
                assignments[argument] = Assignment(None, _where(record, text_of))
    elif word == "alias":
        for argument in words(command)[1:]:
            name, is_set, _ = argument.partition("=")
            if is_set and name in ("go", "gofmt"):
                where = _where(record, text_of)
                if where:
                    aliases[name] = where[0]


def _reaches_out(command: str, record: Record) -> bool:
    """Whether a declare sets more than a local variable."""
    in_function = any(frame.function for frame in record.frames[:1])
    return not in_function or any(word.startswith("-") and "g" in word for word in command.split(" ")[1:4])


def _assign(
    text: str,
    record: Record,
    assignments: dict[str, Assignment],
    text_of: TextOf,
    quoted: bool = True,
    exported: bool = False,
) -> None:
    match = NAME.match(text)
    if match and text[match.end() : match.end() + 1] == "=" and interesting(match.group()):
        parsed = words(text) if quoted else [text]
        value = parsed[0][match.end() + 1 :] if parsed else ""
        before = assignments.get(match.group())
        exported = exported or (before is not None and before.exported and before.value is not None)
        assignments[match.group()] = Assignment(value, _where(record, text_of), exported)


ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}


PLAIN = re.compile(r"[^ \t\n'\"$\\]+")


def words(command: str) -> list[str]:
    """Words of a command as a shell prints them in a trace: quotes and backslashes undone. Linear, never raises."""
    found: list[str] = []
    word: list[str] | None = None
    index, end = 0, len(command)
    while index < end:
        char = command[index]
        if char in " \t\n":
            if word is not None:
                found.append("".join(word))
            word = None
            index += 1
            continue
        word = [] if word is None else word
        if char == "'":
            close = command.find("'", index + 1)
            close = end if close < 0 else close
            word.append(command[index + 1 : close])
            index = close + 1
        elif char == "$" and command[index + 1 : index + 2] == "'":
            index = _ansi(command, index + 2, word)
        elif char == '"':
            index = _double(command, index + 1, word)
        elif char == "\\":
            word.append(command[index + 1 : index + 2])
            index += 2
        else:
            plain = PLAIN.match(command, index)
            word.append(plain.group() if plain else char)
            index = plain.end() if plain else index + 1
    if word is not None:
        found.append("".join(word))
    return found


def _double(command: str, index: int, word: list[str]) -> int:
    """Up to the closing double quote; returns the index behind it."""
    end = len(command)
    while index < end and command[index] != '"':
        if command[index] == "\\" and command[index + 1 : index + 2] in ("\\", '"', "$", "`"):
            index += 1
        word.append(command[index : index + 1])
        index += 1
    return index + 1


def _ansi(command: str, index: int, word: list[str]) -> int:
    """Up to the closing quote of $'...'; returns the index behind it."""
    end = len(command)
    while index < end and command[index] != "'":
        if command[index] == "\\":
            octal = re.compile("[0-7]{1,3}").match(command, index + 1)
            if octal:
                word.append(chr(int(octal.group(), 8) & 0xFF))
                index = octal.end()
                continue
            letter = command[index + 1 : index + 2]
            word.append(ESCAPES.get(letter, letter))
            index += 2
            continue
        word.append(command[index])
        index += 1
    return index + 1
