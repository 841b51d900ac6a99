"""Whether a shell that was started traced has to be started once more, plainly, to know what its start-up files do without a trace.

The second start is spared only for a bash, which traces to a descriptor of its own (the others write into their standard error, which
start-up files may read), only where it takes long, and only if the first one came to its end, left nothing behind, was traced to the
last command, and neither ran nor read anything that could notice the trace.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.probes.shell_starts import UNTRACED
from gosteward.shells import trace_notice, xtrace
from gosteward.shells.trace_attribution import LONG_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gosteward.host.commands import Run
    from gosteward.probes.shell_answers import Answer
    from gosteward.probes.shell_starts import Start
    from gosteward.shells.trace_attribution import Attribution
    from gosteward.shells.xtrace import Record

# Seconds. Below that the second start costs next to nothing, so it is not spared.
COSTLY = 0.05
LOG_LIMIT = 4 << 20
# Orders to a bash, which a replay of root's start-up does not obey in the same way.
ORDERS = re.compile(r"(?:BASH\w*|ENV|POSIXLY_CORRECT|SHELLOPTS|PS4|IFS)(?:%%|\(\))?")
# `bash: cd: ...`, `/home/dev/.bashrc: line 3: ...`, in any language.
COMPLAINT = re.compile(rb"^(?:-?bash|/[^:\n]{1,1000}): ", re.MULTILINE)
# Without a terminal each interactive bash says that it cannot set the process group, and that it has no job control.
USUAL_COMPLAINTS = 2


class Trace(NamedTuple):
    """A traced run, its records, and what follows from them."""

    answer: Answer
    records: list[Record]
    told: Attribution


def may_be_spared(start: Start, environment: Mapping[str, str]) -> bool:
    """Whether a first start can be enough.  environment: what the plain start begins with."""
    if start.shell in UNTRACED:
        return True  # the first start is plain
    return start.shell == "bash" and start.real.startswith("bash") and not any(map(ORDERS.fullmatch, environment))


def reason(start: Start, run: Run, read: Callable[[], Trace], notice: Callable[[str], str | None]) -> str:
    """Why the plain start is needed, although it may be spared; "" if it is not.

    Args:
        run: the traced start.   read: reads its trace.
        notice: what in a file could notice a trace, "" for nothing, None for a file that cannot be read.
    """
    if start.shell in UNTRACED:
        return ""
    if run.ended != "exited" or run.status != 0:
        return "it did not come to its end"
    if run.seconds < COSTLY:
        return "it costs nothing"
    if run.left:
        return "it left processes running"
    if len(COMPLAINT.findall(run.errors)) > (USUAL_COMPLAINTS if start.interactive else 0):
        return "it met an error"
    answer, records, told = read()
    if not answer.complete or answer.astray:
        return "it did not come to its end"
    if told.went_dark or told.too_long is not None or len(answer.path or "") > LONG_PATH:
        return "its trace is not complete"
    if not _explained(records, answer):
        return "its trace does not lead to its PATH"
    return _noticed(records, answer.log, notice)


def _explained(records: list[Record], answer: Answer) -> bool:
    """The trace goes on into the commands that answer, which stand in no file, and PATH is there what the answer says."""
    last = records[-1] if records else None
    if last is None or last.nested or any(frame.path.startswith("/") for frame in last.frames):
        return False
    return last.path_length == -1 if answer.path is None else last.cut or last.path == answer.path


def _noticed(records: list[Record], log: str, notice: Callable[[str], str | None]) -> str:
    """What was run or read and could notice a trace."""
    if len(log) > LOG_LIMIT:
        return "its trace is too long to look through"
    places = {frame.path for record in records for frame in record.frames}
    for path in sorted(places - {"", "main"}):
        found = notice(path) if path.startswith("/") else None
        if found is None:
            return f"what it ran from {path} cannot be read"
        if found:
            return f"{path} could notice the trace: {found}"
    found = trace_notice.in_commands(_commands(records, log))
    return f"a command could notice the trace: {found}" if found else ""


def _commands(records: list[Record], log: str) -> str:
    """The commands of the start-up files in full, each behind a 0x1e; those that stand in no file are our own."""
    heads = [*xtrace.HEAD.finditer(log)]
    ends = [head.start() for head in heads[1:]] + [len(log)]
    return "".join(
        f"{xtrace.RS}{log[head.end() : end]}" for record, head, end in zip(records, heads, ends) if record.frames
    )
