"""What a shell knows while its start-up files are followed on paper: variables, PATH with its owners, and where it stands. Pure."""

from __future__ import annotations

import contextlib
import copy
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gosteward.shells.posix_expansion import UNKNOWN
from gosteward.shells.trace_attribution import Tracker, interesting
from gosteward.snapshot import Alias, EnvironmentVariable, Location, PathEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

STEPS_LIMIT = 12_000
LONG_PATH = 128 * 1024
FILES_LIMIT = 300
SOURCE_DEPTH = 12
LOOP_LIMIT = 400
CALL_DEPTH = 16
# Commands within commands: of functions, blocks, sourced files and substitutions together.
NESTING_LIMIT = 90


class World(Protocol):
    """What the followed shell can learn about its host.

    Attributes:
        uid, user, home: whose shell it is.
    """

    uid: int
    user: str
    home: str

    def file_test(self, test: str, path: str) -> bool | None:
        """`test -d path` and its relatives for that user; None if it cannot be known."""

    def lines(self, path: str) -> list[str] | None:
        """Lines of a file; None if the user cannot read it."""

    def glob(self, pattern: str) -> Sequence[str]:
        """Paths that match, sorted; () if none does."""

    def home_of(self, user: str) -> str:
        """Home directory of a named account, "" if there is none."""


class Value(NamedTuple):
    """A variable.  text: may contain UNKNOWN.   sources: the line that set it, innermost frame first."""

    text: str
    exported: bool = False
    sources: tuple[Location, ...] = ()


class Call(NamedTuple):
    """A program that was called.

    Attributes:
        name: as written: a bare name or a path.   arguments: the words behind it, as far as known.
        entries: PATH at that moment, None where another PATH than the shell's decides (sudo, su).
        directory: current directory, "" if unknown.   location: of the call.   environment: as the program gets it.
    """

    name: str
    arguments: tuple[str, ...]
    entries: tuple[PathEntry, ...] | None
    directory: str
    location: Location | None
    environment: dict[str, Value]


class Ending(NamedTuple):
    """Why a shell did not come to the end of its start-up files.  reason: as in `Context.reason`."""

    reason: str
    location: Location | None


class StoppedError(Exception):
    """The followed shell ended, or the budget did."""


class ReturnedError(Exception):
    """`return`: the function or file ends here."""

    def __init__(self, status: bool | None) -> None:
        super().__init__()
        self.status = status


class ShellState:
    """Variables, PATH and place of one followed shell.

    Args:
        first: the environment that it starts with.
    """

    def __init__(self, world: World, first: Iterable[EnvironmentVariable], texts: dict[str, list[str]]) -> None:
        self.world = world
        self.texts = texts
        self.variables: dict[str, Value] = {}
        path = None
        for variable in first:
            if variable.name == "PATH":
                path = variable
            self.variables[variable.name] = Value(variable.value, variable.exported, variable.sources)
        self.tracker = Tracker(path.value if path else None, path.sources if path else (), self.text_of)
        self.frames: list[tuple[str, int]] = []
        self.files: dict[str, None] = {}
        self.aliases: dict[str, Alias] = {}
        self.calls: list[Call] = []
        self.steps = STEPS_LIMIT
        self.doubt = 0
        self.nesting = 0
        self.may_have_returned = 0  # the rest of this file may not be read at all
        self.unsure = False
        self.ending: Ending | None = None
        self.export_all = False
        self.unique_path = False
        self.directory = ""

    def text_of(self, path: str, line: int) -> str:
        """A line of a file that was read, "" if there is none."""
        lines = self.texts.get(path) or ()
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def lines(self, path: str) -> list[str] | None:
        """Lines of a file, each file read once."""
        if path not in self.texts:
            found = self.world.lines(path)
            if found is None:
                return None
            self.texts[path] = found
        return self.texts[path]

    def at(self, line: int) -> None:
        """Move on to a line of the file or function that is read; counts as one step."""
        self.steps -= 1
        if self.steps < 0:
            self.unsure = True
            raise StoppedError
        if self.frames and line:
            self.frames[-1] = (self.frames[-1][0], line)

    def spend(self, texts: Sequence[str]) -> None:
        """Count what is looked at, where it is long or much, as steps, too: a loop around a word of a megabyte would take hours."""
        self.steps -= max(0, sum(map(len, texts)) + 16 * len(texts) - 256) >> 6

    def sources(self) -> tuple[Location, ...]:
        """The call stack, innermost frame first, each place once."""
        found = dict.fromkeys(reversed(self.frames[-12:]))
        return tuple(
            Location(path=path, line=line, text=self.text_of(path, line)[:300].rstrip("\r")) for path, line in found
        )

    def end(self, reason: str) -> None:
        """The shell ends here."""
        places = self.sources()
        self.ending = Ending(reason, places[0] if places else None)
        raise StoppedError

    @contextlib.contextmanager
    def doubting(self, *, in_function: bool) -> Iterator[None]:
        """Inside the `with` block runs what may not run; it ends neither the file nor the shell."""
        self.doubt += 1
        try:
            yield
        except ReturnedError:
            self.may_have_returned += not in_function
        except StoppedError:
            if self.ending is None:
                raise
            self.ending, self.unsure = None, True
        finally:
            self.doubt -= 1

    def note_alias(self, name: str, value: str, kind: str = "alias") -> None:
        """A name that stands for something else than a program from here on."""
        places = self.sources()
        self.aliases[name] = Alias(name=name, value=value, kind=kind, source=places[0] if places else None)

    def home_of(self, user: str) -> str:
        """What `~user` stands for, "" if there is no such account; "" as the user is the shell's own."""
        return (self.get("HOME") or self.world.home) if not user else self.world.home_of(user)

    def get(self, name: str) -> str | None:
        """Text of a variable, None if it is unset."""
        if name == "PATH":
            return self.tracker.value
        value = self.variables.get(name)
        return None if value is None else value.text

    def assign(self, name: str, text: str, *, exported: bool | None = None) -> None:
        """Set a variable; `exported` None leaves that as it is."""
        self.steps -= len(text) >> 6
        if name == "PATH":
            self.set_path(text)
        before = self.variables.get(name)
        if exported is None:
            exported = self.export_all or (before.exported if before else name == "PATH")
        if (self.doubt or self.may_have_returned) and interesting(name):
            self.unsure = True
        self.variables[name] = Value(text[:LONG_PATH], exported, self.sources())

    def export(self, name: str, exported: bool = True) -> None:
        """Mark a variable for child processes, or take the mark away."""
        before = self.variables.get(name)
        if before is not None:
            self.variables[name] = before._replace(exported=exported)

    def unset(self, name: str) -> None:
        """Forget a variable."""
        if name == "PATH":
            self.tracker.change(None, -1, self.sources())
        self.variables.pop(name, None)

    def set_path(self, text: str) -> None:
        """PATH becomes `text`; entries that cannot be known are left out."""
        entries = text.split(":")
        self.steps -= len(entries) >> 2
        if UNKNOWN in text:
            entries = [entry for entry in entries if UNKNOWN not in entry]
            self.unsure = True
        if self.unique_path:
            entries = list(dict.fromkeys(entries))
        if self.doubt or self.may_have_returned:
            self.unsure = True
        value = ":".join(entries)
        self.tracker.change(value, len(value), self.sources())
        if len(value) > LONG_PATH:
            self.end("path-too-long")

    def entries(self) -> tuple[PathEntry, ...]:
        """PATH as it stands."""
        return tuple(PathEntry(directory=owned.directory, sources=owned.sources) for owned in self.tracker.owned)

    def environment(self) -> dict[str, Value]:
        """The variables that a child process gets."""
        return {name: value for name, value in self.variables.items() if value.exported}

    def saved(self) -> tuple[dict[str, Value], Tracker, str]:
        """State that a subshell may change without effect on this shell."""
        tracker = copy.copy(self.tracker)
        tracker.owned, tracker.lost = list(self.tracker.owned), list(self.tracker.lost)
        return dict(self.variables), tracker, self.directory

    def restore(self, saved: tuple[dict[str, Value], Tracker, str]) -> None:
        """Back to a saved state."""
        self.variables, self.tracker, self.directory = saved

    def interesting_variables(self) -> tuple[EnvironmentVariable, ...]:
        """What a context records, sorted by name; values that cannot be known are left out."""
        return tuple(
            EnvironmentVariable(name=name, value=value.text, sources=value.sources, exported=value.exported)
            for name, value in sorted(self.variables.items())
            if interesting(name) and UNKNOWN not in value.text
        )
