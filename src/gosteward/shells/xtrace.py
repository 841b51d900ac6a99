r"""Records that a shell writes before each command when tracing is on, and the answer that it gives at its end.

A record is what PS4 expands to, followed by the command. US is 0x1f, RS is 0x1e; bash repeats the first character for every level
of nesting:

    +US subshell US depth US file file ... US line line ... US function function ... US time US length US head US tail RS command \n

`depth` counts all call frames, the lists hold the innermost FRAMES of them. `length` is that of PATH ("" if it is unset). A long
PATH is not written whole into every record, which would make the trace quadratic: then `head` and `tail` are its two ends.

The answer at the end is a row of sections, each `RS nonce name RS text`; the section "environment" is what `env -0` prints.
"""

from __future__ import annotations

import re
from typing import NamedTuple

GS, RS, US = "\x1d", "\x1e", "\x1f"
FRAMES = 12
# A PATH of up to WHOLE characters is written whole, of a longer one ENDS characters at both ends.
WHOLE, ENDS = 3072, 256
# Variables of the dynamic loader, which decide whether any program starts, and how their names begin where they must not.
LOADER, _HELD = ("LD_LIBRARY_PATH", "LD_PRELOAD"), "GOSTEWARD_HELD_"
RECORDS_LIMIT = 200_000
COMMAND_LIMIT = 4096
_CLOCK = re.compile(r"[0-9]{1,12}(?:[.,][0-9]{0,12})?")
FIELD = "\x1f([^\x1f\x1e]*)"
# Only where the run of + begins: a start at each of them would be quadratic.
HEAD = re.compile(r"(?<!\+)\++" + FIELD * 9 + "\x1e ?")
LATE_RECORD = re.compile(HEAD.pattern + r"[^\n]*\n")


class Frame(NamedTuple):
    """A call frame.  function: "" at the top of a file, else the function's name."""

    path: str
    line: int
    function: str = ""


class Record(NamedTuple):
    """One traced command.

    Attributes:
        nested: it ran in a subshell, whose variables are lost.   depth: number of call frames.
        frames: innermost first, at most FRAMES.   time: seconds since the epoch, 0.0 if the shell has no clock.
        path: PATH before the command, None if unset or if the shell did not expand PS4.   path_length: of the whole value, -1 if unset.
        command: after expansion, quoted as the shell quotes.
    """

    nested: bool
    depth: int
    frames: tuple[Frame, ...]
    time: float
    path: str | None
    path_length: int
    command: str

    @property
    def cut(self) -> bool:
        """`path` holds only the ends of a long PATH."""
        return self.path is not None and self.path_length > len(self.path)


def parse(text: str) -> list[Record]:
    """All records in `text`; what stands between them is their commands, and garbage before the first is skipped. Linear."""
    records = []
    previous = None
    for match in HEAD.finditer(text):
        if previous is not None:
            records.append(_record(previous, text[previous.end() : min(match.start(), previous.end() + COMMAND_LIMIT)]))
            if len(records) >= RECORDS_LIMIT:
                return records
        previous = match
    if previous is not None:
        records.append(_record(previous, text[previous.end() : previous.end() + COMMAND_LIMIT].partition("\n" + RS)[0]))
    return records


def _record(match: re.Match[str], command: str) -> Record:
    subshell, depth, files, lines, functions, clock, length, head, tail = match.groups()
    expanded = length.isdecimal() and len(length) < 12
    path = head + tail
    # The shell counts bytes or characters, as its locale says; what it wrote whole is as long as it is here.
    size = int(length) if expanded else -1
    size = len(path) if 0 <= size <= WHOLE else size
    return Record(
        nested=subshell not in ("", "0"),
        depth=int(depth) if depth.isdecimal() and len(depth) < 9 else 0,
        frames=_frames(files, lines, functions),
        time=_seconds(clock),
        path=path if expanded else None,
        path_length=size,
        command=command.rstrip("\n"),
    )


def _seconds(clock: str) -> float:
    return float(clock.replace(",", ".")) if _CLOCK.fullmatch(clock) else 0.0


def _frames(files: str, lines: str, functions: str) -> tuple[Frame, ...]:
    if not files:
        return ()
    if GS in files:
        return _places(files, functions)
    names = _names(files)
    numbers = lines.split(" ")
    calls = functions.split(" ")
    frames = []
    for index, name in enumerate(names[:FRAMES]):
        number = numbers[index] if index < len(numbers) else ""
        call = calls[index] if index < len(calls) else ""
        frames.append(
            Frame(
                path=name,
                line=int(number) if number.isdecimal() and len(number) < 9 else 0,
                function="" if call in ("source", "main") else call,
            )
        )
    return tuple(frames)


def _places(files: str, functions: str) -> tuple[Frame, ...]:
    """The form of zsh: `file:line` everywhere, separated by GS. A function's frame has its name, a file's frame the name of the file."""
    calls = functions.split(GS)
    frames = []
    for index, place in enumerate(files.split(GS)[:FRAMES]):
        path, _, number = place.rpartition(":")
        call = calls[index] if index < len(calls) else ""
        if path.startswith("/") and number.isdecimal() and len(number) < 9:
            frames.append(Frame(path=path, line=int(number), function="" if "/" in call else call))
    return tuple(frames)


def _names(files: str) -> list[str]:
    """File names joined by spaces; a word that does not look like the start of a name belongs to the one before it."""
    words = files.split(" ")
    if len(words) == 1:
        return words
    names: list[str] = []
    for word in words:
        if names and not word.startswith(("/", "./", "~", "environment", "main")):
            names[-1] += " " + word
        else:
            names.append(word)
    return names


def sections(text: str, nonce: str) -> dict[str, str]:
    """The sections of an answer by name; {} if the shell never came to its end.

    A record of a process that runs on in the background (`sleep 60 &`) may come in between, and is left out.
    """
    mark = RS + nonce
    found: dict[str, str] = {}
    for part in text.split(mark)[1:]:
        name, _, body = part.partition(RS)
        if name.strip() and len(name) < 40:
            found.setdefault(name.strip(), LATE_RECORD.sub("", body) if "+" + US in body else body)
    return found


def environment_command(env: str) -> str:
    """Lines for a POSIX shell that become `env -0` on descriptor 9. Where the loader's variables keep `env` from starting, they go under other names."""
    renamed = " ".join(f'{_HELD}{name}="${{{name}-}}" {name}=' for name in LOADER)
    set_at_all = "".join(f"${{{name}-}}" for name in LOADER)
    return (
        f'case "{set_at_all}" in ?*) {env} >/dev/null 2>&1 || {renamed} \\exec {env} -0 >&9 ;; esac\n'
        f"\\exec {env} -0 >&9\n"
    )


def environment(section: str) -> dict[str, str]:
    """What `env -0` printed, the loader's variables under their own names."""
    pairs = (part.partition("=") for part in section.split("\0"))
    values = {name: value for name, found, value in pairs if found}
    for name in LOADER:
        held = values.pop(f"{_HELD}{name}", None)
        if held:
            values[name] = held
        elif held is not None:
            values.pop(name, None)
    return values


def before_answer(text: str, nonce: str) -> str:
    """The part of the log that comes before the answer."""
    return text.partition(RS + nonce)[0]
