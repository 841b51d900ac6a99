"""What dash, or another plain sh, says at the end, and how its start-up files are traced.

Debian's dash has no LINENO. For the lines the same files are played in `bash --posix` with BASH and BASH_VERSION unset; where there
is no bash, the shell's own trace gives the commands, and their places are found by their text (busybox tells the lines).
"""

from __future__ import annotations

import re
from typing import Callable

from gosteward.shells.xtrace import RS, US, Frame, Record, environment_command

# Special built-in commands come before functions, `unset` among them.
OPENING = "\\unset -f unset set printf exec command kill 2>/dev/null\n\\set +xvue\n\\printf '' >&9 || \\exec 9>&2\n"
PS4 = "+" + US + "${LINENO-}" + US + "${PATH-}" + RS + " "
HEAD = re.compile("(?<!\\+)\\++\x1f([^\x1e\x1f]*)\x1f([^\x1e\x1f]*)\x1e ")
ASSIGNS = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_]*=\S*\s+)*PATH=")
RECORDS_LIMIT = 20_000
COMPARISONS_LIMIT = 300_000
STACK_LIMIT = 16
LOOP_LIMIT = 40
LOOP = re.compile(r"\s*(?:for|while|until)\s")


def plain_command(nonce: str, env: str) -> str:
    """Print PATH and the environment, and be gone without running exit traps."""
    return (
        OPENING
        + f'\\printf \'\\036{nonce} path\\036%s%s\' "${{PATH+=}}" "${{PATH-}}" >&9\n'
        + f"\\printf '\\036{nonce} environment\\036' >&9\n{environment_command(env)}\\kill -9 $$\n"
    )


def records(log: str, first_files: tuple[str, ...], lines_of: Callable[[str], list[str]]) -> list[Record]:
    """Records of dash's own trace, placed by their text.

    Args:
        first_files: files that the shell reads by itself, in order.
        lines_of: lines of a file.
    """
    matches = list(HEAD.finditer(log))[:RECORDS_LIMIT]
    place = _Places(first_files, lines_of)
    found = []
    before: str | None = None
    for index, match in enumerate(matches):
        end = matches[index + 1].start() if index + 1 < len(matches) else len(log)
        command = log[match.end() : min(end, match.end() + 4096)].partition("\n")[0]
        line, path = match.groups()
        frame = place.of(command, int(line) if line.isdecimal() and len(line) < 9 else 0)
        if ASSIGNS.match(command):  # dash assigns first and then traces
            path, after = before, path
        else:
            after = path
        found.append(
            Record(
                nested=False,
                depth=1,
                frames=(frame,) if frame else (),
                time=0.0,
                path=path,
                path_length=-1 if path is None else len(path),
                command=command,
            )
        )
        before = after
    return found


class _Places:
    """Where commands stand. busybox tells the line, and the file is the one that has the command there.

    dash tells nothing: each search goes on behind the line of the command before, in the file that was sourced last.
    """

    def __init__(self, first_files: tuple[str, ...], lines_of: Callable[[str], list[str]]) -> None:
        self.lines_of = lines_of
        self.waiting = list(first_files)
        self.stack: list[tuple[str, int]] = []
        self.budget = COMPARISONS_LIMIT
        self.heads: set[str] = set()  # of commands found on the current line

    def of(self, command: str, line: int) -> Frame | None:
        """The place of a command.  line: 0 if unknown."""
        words = command.split(None, 2)
        first = words[0].strip("'") if words else ""
        head = (first.split("=", 1)[0] + ("=" if "=" in first else ""))[:200]
        begins = re.compile(r"(?:^|[\s;&|({!])" + re.escape(head) + ("" if head.endswith("=") else r"(?:[\s;&|)]|$)"))
        frame = None
        if head:
            frame = self._told(begins, line) if line else self._search(begins, head)
        if len(words) > 1 and first in (".", "source"):
            self.stack = [*self.stack[-STACK_LIMIT:], (words[1].strip("'\""), 0)]
        return frame

    def _told(self, begins: re.Pattern[str], line: int) -> Frame | None:
        for depth in range(len(self.stack) - 1, -1, -1):
            path = self.stack[depth][0]
            if self._line(begins, path, line - 1, 1):
                del self.stack[depth + 1 :]
                return Frame(path=path, line=line)
        for index, path in enumerate(self.waiting):
            if self._line(begins, path, line - 1, 1):
                del self.waiting[: index + 1]
                self.stack.append((path, line))
                return Frame(path=path, line=line)
        return None

    def _search(self, begins: re.Pattern[str], head: str) -> Frame | None:
        while True:
            for depth in range(len(self.stack) - 1, -1, -1):
                path, current = self.stack[depth]
                # A line holds several commands, but rarely the same one twice.
                after = current if depth == len(self.stack) - 1 and head in self.heads else max(current - 1, 0)
                number = self._line(begins, path, after) or self._again(begins, path, current)
                if number:
                    self.heads = self.heads | {head} if number == current else {head}
                    self.stack[depth:] = [(path, number)]
                    return Frame(path=path, line=number)
            if not self.waiting:
                return None
            self.stack.append((self.waiting.pop(0), 0))

    def _again(self, begins: re.Pattern[str], path: str, current: int) -> int:
        """The line in the loop around `current`; 0 if there is no loop."""
        lines = self.lines_of(path)
        for number in range(min(current, len(lines)), max(current - LOOP_LIMIT, 0), -1):
            self.budget -= 1
            if LOOP.match(lines[number - 1]):
                return self._line(begins, path, number - 1, current - number + 1)
        return 0

    def _line(self, begins: re.Pattern[str], path: str, after: int, many: int = 400) -> int:
        """The first of `many` lines behind `after` in which the command begins; 0 for none."""
        for number, line in enumerate(self.lines_of(path)[after : after + many], after + 1):
            self.budget -= 1
            if self.budget < 0:
                return 0
            if begins.search(line[:2000]) and not line.lstrip().startswith("#"):
                return number
        return 0
