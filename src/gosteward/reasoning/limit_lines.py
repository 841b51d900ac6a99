"""Limits that lines of start-up files set, and how to give such a line, or one of limits.conf, a better value. Pure."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.reasoning.reach import own_readers
from gosteward.snapshot import Limit

if TYPE_CHECKING:
    from gosteward.snapshot import Location, Snapshot

IN_KIBIBYTES = ("as", "data", "stack", "fsize")


def limits_for(snapshot: Snapshot) -> tuple[Limit, ...]:
    """Limits of this process and of pam_limits, and those that `ulimit` sets in files that the user's own shells read."""
    found = list(snapshot.machine.limits)
    for file in snapshot.startup_files:
        if own_readers(snapshot, file):
            for line in file.lines:
                if line.kind == "limit" and line.value.isdigit():
                    value = int(line.value) * (1024 if line.name in IN_KIBIBYTES else 1)
                    found.append(Limit(name=line.name, soft=value, hard=value, location=line.location))
    return tuple(found)


def raising(line: Location | None, value: str) -> tuple[str, ...]:
    """A command that replaces the number at the end of a line `WHO KIND ITEM NUMBER` or `ulimit -X NUMBER`; () for another form."""
    words = line.text.split() if line is not None else []
    known = len(words) == 4 or (len(words) == 3 and words[0] == "ulimit")
    if line is None or not line.line or not known or not words[-1].isdigit():
        return ()
    return (f"sed -i '{line.line}s/{words[-1]}[[:space:]]*$/{value}/' {quote(line.path)}",)
