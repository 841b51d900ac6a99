"""csh's start-up files followed on paper: the lines that set PATH and variables, one after the other. Pure.

There is no model of csh's conditions and loops: what stands in one, or comes out of a program, counts and leaves a doubt.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.shells import csh_lines
from gosteward.shells.posix_expansion import UNKNOWN
from gosteward.shells.shell_state import FILES_LIMIT, SOURCE_DEPTH, ShellState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.shells.shell_state import World
    from gosteward.snapshot import EnvironmentVariable, StartupLine

_OPENS = re.compile(r"\s*(?:if\b.*\bthen|switch\b|foreach\b|while\b)")
_CLOSES = re.compile(r"\s*(?:endif|endsw|end)\s*(?:#.*)?$")
_INLINE = re.compile(r"\s*(?:else\s+)?if\s*\(")
_LEAVES = re.compile(r"\s*(?:exit|exec|logout|eval|goto)\b")
_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")


class CshRun(ShellState):
    """One followed csh without a prompt."""

    def __init__(self, world: World, first: Iterable[EnvironmentVariable], texts: dict[str, list[str]]) -> None:
        super().__init__(world, first, texts)
        self.known: dict[str, tuple[tuple[StartupLine, ...], frozenset[int]]] = {}

    def source(self, path: str) -> bool:
        """Read a file; False if it cannot be read."""
        if len(self.frames) >= SOURCE_DEPTH or len(self.files) >= FILES_LIMIT:
            self.unsure = True
            return False
        lines = self.lines(path)
        if lines is None:
            return False
        if path not in self.known:
            facts = csh_lines.read(path, lines, home=self.get("HOME") or self.world.home)
            self.known[path] = (facts.lines, self._doubtful(lines))
        self.files[path] = None
        self.frames.append((path, 1))
        try:
            for line in self.known[path][0]:
                if line.reached:
                    self.at(line.location.line)
                    self._follow(line, doubtful=line.location.line in self.known[path][1])
        finally:
            self.frames.pop()
        return True

    def _doubtful(self, lines: list[str]) -> frozenset[int]:
        """Numbers of lines that may not run. A file that may end early, or that runs what a program says, is in doubt as a whole."""
        found: set[int] = set()
        depth = 0
        for number, line in enumerate(lines, 1):
            depth = max(0, depth - 1) if _CLOSES.match(line) else depth
            if depth or _INLINE.match(line):
                found.add(number)
            depth += 1 if _OPENS.match(line) else 0
            self.unsure = self.unsure or _LEAVES.match(line) is not None
        return frozenset(found)

    def _follow(self, line: StartupLine, *, doubtful: bool) -> None:
        self.doubt += doubtful
        if line.kind == "path":
            self._add(line)
        elif line.kind == "variable":
            value = line.value.strip()
            quoted = len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]
            text = value[1:-1] if quoted else value
            self.assign(line.name, text if value.startswith("'") else self._expanded(text), exported=True)
        elif line.kind == "source" and not self.source(line.name) and "$" in line.name:
            self.unsure = True
        self.doubt -= doubtful

    def _add(self, line: StartupLine) -> None:
        old = (self.get("PATH") or "").split(":") if self.get("PATH") else []
        adds = [self._expanded(entry) for entry in line.adds]
        if line.guarded and line.keeps and all(entry in old for entry in adds):
            return
        kept = old if line.keeps else []
        self.assign("PATH", ":".join([*kept, *adds] if line.at_end else [*adds, *kept]))
        if line.location.text.rstrip().endswith("\\"):
            self.unsure = True

    def _expanded(self, text: str) -> str:
        if "`" in text:
            return UNKNOWN
        return _REFERENCE.sub(lambda match: self.get(match[1]) or UNKNOWN, text)
