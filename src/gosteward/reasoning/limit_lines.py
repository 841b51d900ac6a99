"""Limits that lines of start-up files set, and how to give such a line, or one of limits.conf, a better value. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.reasoning.reach import own_readers
from gosteward.reasoning.remedies import replaced_line
from gosteward.snapshot import Limit

if TYPE_CHECKING:
    from gosteward.actions import Action
    from gosteward.snapshot import Location, Snapshot

IN_KIBIBYTES = ("as", "data", "stack", "fsize")
# A whole line of limits.conf, and one command of a shell, whatever stands around it.
_OF_PAM = re.compile(r"(\s*\S+\s+(?:soft|hard|-)\s+[A-Za-z]+\s+)(\d+)(\s*(?:#.*)?)")
_OF_SHELL = re.compile(r"(.*\bulimit(?:\s+-[A-Za-z]+)+\s+)(\d+)((?![\w.]).*)")


def limits_for(snapshot: Snapshot) -> tuple[Limit, ...]:
    """Limits of this process and of pam_limits, and those that `ulimit` sets in files that the user's own shells read."""
    found = list(snapshot.machine.limits)
    for file in snapshot.startup_files:
        if own_readers(snapshot, file):
            for line in file.lines:
                if line.kind == "limit" and line.value.isdecimal() and len(line.value) < 20:
                    value = int(line.value) * (1024 if line.name in IN_KIBIBYTES else 1)
                    found.append(Limit(name=line.name, soft=value, hard=value, location=line.location))
    return tuple(found)


def raised(snapshot: Snapshot, line: Location | None, value: str) -> tuple[Action, ...]:
    """The line with another number, and nothing else of it changed; () for a line of another form, and where none is known."""
    if line is None:
        return ()
    of_shell = line.text.count("ulimit") == 1
    match = (_OF_SHELL if of_shell else _OF_PAM).fullmatch(line.text)
    if match is None:
        return ()
    return replaced_line(snapshot, line, f"{match[1]}{value}{match[3]}")
