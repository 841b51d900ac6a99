"""What make.bash writes: kept in a log, its phases told to the user, its last lines shown where it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Text
from gosteward.golang import build_output

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.host.local import LocalHost
    from gosteward.host.own_directory import Growing, OwnDirectory

    Say = Callable[[Text], None]

MOST_LOGS = 10
LAST_LINES = 20
LONGEST_LINE = 400


class Output:
    """One run of make.bash.  phase: what it is building, "" before it says so."""

    def __init__(self, log: Growing, say: Say) -> None:
        self.phase = ""
        self._log, self._say = log, say
        self._rest = b""
        self._lines: list[str] = []

    def take(self, piece: bytes) -> None:
        """A piece of what it writes; b"" lets the user see that time goes on."""
        self._log.append(piece)
        *lines, rest = (self._rest + piece).split(b"\n")
        self._rest = rest[-LONGEST_LINE:]
        for line in lines:
            text = line[:LONGEST_LINE].decode("utf-8", "replace")
            self._lines = [*self._lines[1 - LAST_LINES :], text]
            self._enter(build_output.phase_of(text))
        self._enter(self.phase)  # for the clock beside it

    def _enter(self, phase: str) -> None:
        if phase:
            self.phase = phase
            self._say(Text("builds {what}", what=phase))

    def last(self) -> tuple[str, ...]:
        """The end of what it wrote."""
        rest = self._rest.decode("utf-8", "replace")
        return (*self._lines, *([rest] if rest else []))[-LAST_LINES:]


def forget_old(host: LocalHost, logs: OwnDirectory) -> None:
    """Let there be room for one more."""
    names = [name for name in host.listdir(logs.path) if name.endswith(".log")]
    for name in sorted(names, key=lambda name: name.rpartition("-")[2])[: max(0, len(names) - MOST_LOGS + 1)]:
        logs.remove(name)
