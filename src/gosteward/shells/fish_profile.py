r"""How long the lines of fish's start-up files take: fish's own profile of its start, joined with its trace. Pure.

`fish --profile-startup=FILE` (3.2 and newer) writes every command that the start-up ran, as the source has it, in the order in which
they began; a dash more is one level deeper. A block shows only its first line:

    Time   Sum      Command
    242    254334   -> source $more
    254092 254092   --> sleep 0.25

The profile names neither files nor lines. The trace tells which file each `source` read; the line is that of the statement in the
file with the same words. What a function or a command substitution does counts for the line that calls it.

Source: src/parser.cpp and src/parser.rs of fish, `print_profile`; measured with fish 3.6.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, NamedTuple

from gosteward.shells import fish_tree
from gosteward.shells.fish_trace import OWN_FILES
from gosteward.shells.trace_attribution import SLOW, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gosteward.shells.fish_tree import Statement

FLAG = "--profile-startup=/dev/fd/2"
# In the program as bytes, or as the 32 bits per character of wide strings.
NAMES_OPTION = tuple("profile-startup".encode(code) for code in ("utf-8", "utf-32-le", "utf-32-be"))
_HEADER = re.compile(r"^ *Time\b[^\n]{0,20}\bSum\b[^\n]{0,20}\bCommand$", re.MULTILINE)
_NODE = re.compile(r"^ *-?\d{1,12}[\t ]+(\d{1,12})[\t ]+(-{0,1000})> (.+)$", re.MULTILINE)
_SOURCED = re.compile(r"^-*> (?:source|\.) (.+)$", re.MULTILINE)
_EXPANDED = re.compile(r"[$*?()\[\]{}\\'\"]")
_DEPTH_LIMIT = 40
_NODES_LIMIT = 100_000
_TEXTS_LIMIT = 5_000

Place = tuple[str, int]
Key = tuple[str, ...]


class _Node(NamedTuple):
    """A command of the profile.  seconds: with all that it ran.  end: index of the first node that is not below this one."""

    depth: int
    seconds: float
    text: str
    end: int = 0


class _Statement(NamedTuple):
    """A statement of a file.  end: index behind the last statement inside this one."""

    line: int
    end: int
    block: bool


def can_profile(program: bytes) -> bool:
    """Whether a fish has the option."""
    return any(name in program for name in NAMES_OPTION)


def seconds(log: str, home: str, lines_of: Callable[[str], list[str]]) -> dict[Place, float]:
    """Seconds that lines of start-up files took, by file and line.

    Args:
        log: what a traced and profiled fish wrote to its standard error.   lines_of: lines of a file.

    Returns:
        {} without a profile. Only files that took 0.1 s or more are looked into.
    """
    headers = list(_HEADER.finditer(log))
    if not headers:
        return {}
    header = headers[-1]
    nodes = _nodes(log, header.end())
    charge = _Charge(nodes, _Sourced(log[: header.start()], home), lines_of)
    charge.unplaced(0, len(nodes), 0)
    return charge.found


def _nodes(log: str, start: int) -> list[_Node]:
    nodes: list[_Node] = []
    under_way: list[int] = []
    matches = list(islice(_NODE.finditer(log, start), _NODES_LIMIT))
    for match, following in zip_longest(matches, matches[1:]):
        depth = len(match[2])
        while under_way and nodes[under_way[-1]].depth >= depth:
            _close(nodes, under_way.pop())
        under_way.append(len(nodes))
        # A command may go on in the next lines. Behind the last one the trace goes on.
        end = following.start() if following else match.end()
        nodes.append(_Node(depth, int(match[1]) / 1e6, log[match.start(3) : min(end, match.start(3) + 2000)].rstrip()))
    while under_way:
        _close(nodes, under_way.pop())
    return nodes


def _close(nodes: list[_Node], index: int) -> None:
    nodes[index] = nodes[index]._replace(end=len(nodes))


class _Sourced:
    """The files that the trace saw sourced, in order."""

    def __init__(self, trace: str, home: str) -> None:
        self.home = home
        self.paths = [self._full((words(match[1][:4096]) or [""])[0]) for match in _SOURCED.finditer(trace)]
        self.places: dict[str, list[int]] = {}
        for index, path in enumerate(self.paths):
            self.places.setdefault(path, []).append(index)
        self.next = 0

    def path(self, argument: str) -> str:
        """What the next `source` with this argument reads, "" if that is not known."""
        literal = self._full(argument)
        if literal.startswith("/") and not _EXPANDED.search(literal):
            later = self.places.get(literal, [])
            place = bisect_left(later, self.next)
            self.next = later[place] + 1 if place < len(later) else self.next
            return literal
        name = argument.rpartition("/")[2]
        if self.next >= len(self.paths) or (
            "/" in argument and not _EXPANDED.search(name) and self.paths[self.next].rpartition("/")[2] != name
        ):
            return ""
        self.next += 1
        return self.paths[self.next - 1]

    def _full(self, path: str) -> str:
        return self.home + path[1:] if path.startswith("~/") else path


class _File:
    """Statements of a file in the order of their text. Bodies of functions are left out: they run elsewhere."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.statements: list[_Statement] = []
        self.places: dict[Key, list[int]] = {}
        for statement in fish_tree.parse("\n".join(lines)):
            self._add(statement)

    def _add(self, statement: Statement) -> None:
        index = len(self.statements)
        self.places.setdefault(_key(statement), []).append(index)
        block = isinstance(statement, fish_tree.Block)
        self.statements.append(_Statement(statement.line, index + 1, block))
        if isinstance(statement, fish_tree.Block) and statement.kind != "function":
            for condition, body in statement.arms:
                for inner in (*(condition if statement.kind != "switch" else ()), *body):
                    self._add(inner)
            self.statements[index] = _Statement(statement.line, len(self.statements), block)

    def find(self, key: Key, low: int, cursor: int, high: int) -> int:
        """The statement between `low` and `high` that runs next: the first from `cursor` on, else (a loop) from `low` on. -1 for none."""
        places = self.places.get(key, [])
        for start in (cursor, low):
            place = bisect_left(places, start)
            if place < len(places) and places[place] < high:
                return places[place]
        return -1


def _key(statement: Statement) -> Key:
    if isinstance(statement, fish_tree.Command):
        return statement.words
    first = statement.arms[0][0] if statement.arms and statement.kind in ("if", "while") else ()
    return (statement.kind, *statement.words, *(_key(first[0]) if first else ()))


class _Charge:
    """Adds the time of every command to the line that it stands in, or to that of its caller."""

    def __init__(self, nodes: list[_Node], sourced: _Sourced, lines_of: Callable[[str], list[str]]) -> None:
        self.nodes = nodes
        self.sourced = sourced
        self.lines_of = lines_of
        self.files: dict[str, _File] = {}
        self.keys: dict[str, tuple[Key, bool]] = {}
        self.found: dict[Place, float] = {}

    def unplaced(self, start: int, end: int, depth: int) -> None:
        """Commands that stand in no file of interest (fish's own start-up): look for what they source."""
        while start < end:
            node = self.nodes[start]
            path = self._sourced(node)
            if path and not OWN_FILES.search(path) and depth < _DEPTH_LIMIT:
                if node.seconds >= SLOW:
                    file = self._file(path)
                    self._placed(start + 1, node.end, path, None, (0, len(file.statements)), depth + 1)
                else:
                    self._skip(start + 1, node.end)
                start = node.end
            else:
                start += 1

    def _placed(
        self, start: int, end: int, path: str, caller: Place | None, within: tuple[int, int], depth: int
    ) -> float:
        """Charge the commands of a file or a block; what has no line there counts for the caller. Returns what was charged."""
        file, (low, high) = self._file(path), within
        cursor = low
        charged = 0.0
        while start < end:
            node = self.nodes[start]
            key, alone = self._key(node.text)
            index = file.find(key, low, cursor, high)
            place = caller if index < 0 else (path, file.statements[index].line)
            below = 0.0
            if index >= 0:
                cursor = index + 1
            sourced = self._sourced(node)
            if node.seconds < SLOW or depth >= _DEPTH_LIMIT or index < 0:
                self._skip(start + 1, node.end)
            elif sourced and alone:
                whole = (0, len(self._file(sourced).statements))
                below = self._placed(start + 1, node.end, sourced, place, whole, depth + 1)
            elif file.statements[index].block:
                inside = (index + 1, file.statements[index].end)
                below = self._placed(start + 1, node.end, path, place, inside, depth + 1)
            else:
                self._skip(start + 1, node.end)
            if place is not None:
                self.found[place] = self.found.get(place, 0.0) + max(0.0, node.seconds - below)
                charged += node.seconds
            start = node.end
        return charged

    def _skip(self, start: int, end: int) -> None:
        """Keep step with the trace over commands that are not looked into."""
        for node in self.nodes[start:end]:
            self._sourced(node)

    def _sourced(self, node: _Node) -> str:
        """The file that a `source` command reads, "" for other commands."""
        if "source " not in node.text[:40] and ". " not in node.text[:40]:
            return ""
        arguments = [word for word in words(node.text[:4096]) if word not in ("builtin", "not", "!", "time")]
        if len(arguments) < 2 or arguments[0] not in ("source", ".") or arguments[1] in ("-", "|"):
            return ""
        return self.sourced.path(arguments[1])

    def _file(self, path: str) -> _File:
        if path not in self.files:
            self.files[path] = _File(self.lines_of(path)[:20_000])
        return self.files[path]

    def _key(self, text: str) -> tuple[Key, bool]:
        """The words of a command, and whether it is no pipeline."""
        known = self.keys.get(text)
        if known is None:
            source = text[:-3] if text.endswith("...") else text
            statements = fish_tree.parse(source[:2000]) if len(self.keys) < _TEXTS_LIMIT else ()
            known = self.keys[text] = (_key(statements[0]) if statements else (), len(statements) == 1)
        return known
