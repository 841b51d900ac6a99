"""Crontabs: the variables and the jobs, as cron takes them. Pure, linear time.

Sources: crontab(5) of vixie-cron, Debian's cron 3.0pl1 `env.c` and `entry.c`, cronie.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Optional

from gosteward.shells.assignment import Assignment, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

_VARIABLE = re.compile(r"""\s*(?:"([^"=]{1,100})"|'([^'=]{1,100})'|([^\s"'=#]{1,100}))[ \t]*=[ \t]*(.*)$""")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NICKNAME = re.compile(
    r"@(?:reboot|yearly|annually|monthly|weekly|daily|midnight|hourly|every_minute|[0-9]+)\b", re.IGNORECASE
)
_FIELD = re.compile(r"[-0-9*/,A-Za-z~?#L]+$")
# cron.d and the directories of run-parts: other names (`job.sh`, `go.bak`) are passed over without a word.
RUN_PARTS_NAME = re.compile(r"[A-Za-z0-9_-]+")


class Job(NamedTuple):
    r"""A job.

    Attributes:
        schedule: as written.   user: whom it runs as, "" in a user's own crontab.
        command: up to the first `%` that is not escaped, `\%` as `%`: what the shell gets.
    """

    schedule: str
    user: str
    command: str


class Entry(NamedTuple):
    """A line of a crontab: either an assignment or a job.  line, text: where it stands."""

    line: int
    text: str
    assignment: Optional[Assignment] = None
    job: Optional[Job] = None


def entries(lines: Iterable[str], *, system: bool) -> tuple[Entry, ...]:
    """Every variable and job, in order: a job sees the variables above it.

    Args:
        system: /etc/crontab or a file in /etc/cron.d, whose jobs name a user.
    """
    found = []
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\r").strip(" \t")
        if not text or text.startswith("#"):
            continue
        assignment = _assignment(number, line, text)
        if assignment is not None:
            found.append(Entry(number, shown(line), assignment=assignment))
            continue
        job = _job(text, system)
        if job is not None:
            found.append(Entry(number, shown(line), job=job))
    return tuple(found)


def _assignment(number: int, line: str, text: str) -> Assignment | None:
    match = _VARIABLE.match(text)
    name = (match[1] or match[2] or match[3]) if match else ""
    if match is None or not _NAME.fullmatch(name):
        return None
    value = match[4].rstrip()
    if len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]:
        value = value[1:-1]
    return Assignment(name=name, value=value, line=number, text=shown(line))


def _job(text: str, system: bool) -> Job | None:
    text = text.removeprefix("-")  # SUSE and Gentoo: no log entry
    nickname = _NICKNAME.match(text)
    if nickname:
        schedule, rest = nickname[0], text[nickname.end() :].strip(" \t")
    else:
        fields = text.split(None, 5)
        if len(fields) < 6 or not all(_FIELD.match(field) for field in fields[:5]):
            return None
        schedule, rest = " ".join(fields[:5]), fields[5]
    user = ""
    if system:
        user, _, rest = rest.partition(" ") if " " in rest.split("\t", 1)[0] else rest.partition("\t")
        rest = rest.strip(" \t")
    return Job(schedule, user, _command(rest)) if rest else None


def _command(text: str) -> str:
    found = []
    for part in re.split(r"(\\%|%)", text):
        if part == "%":
            break
        found.append("%" if part == "\\%" else part)
    return "".join(found)
