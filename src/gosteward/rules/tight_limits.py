"""GS323: a limit of open files, processes or file size is so low that builds fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.limit_lines import limits_for, raised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Limit, Snapshot

RULE = Rule(
    id="GS323",
    slug="tight-limits",
    title="a resource limit is too low for builds",
    severity="warning",
    needs=("machine",),
    symptoms=(
        "too many open files",
        "resource temporarily unavailable",
        "runtime: failed to create new OS thread",
        "file size limit exceeded",
    ),
)


class _Need(NamedTuple):
    """What a build needs.  stops: below this hardly any build works.  flag: of ulimit.  ample: value for limits.conf."""

    wanted: int
    stops: int
    flag: str
    ample: str


NEEDS = {
    "nofile": _Need(256, 32, "n", "4096"),
    "nproc": _Need(64, 16, "u", "4096"),
    "fsize": _Need(64 << 20, 4 << 20, "f", "unlimited"),
    "data": _Need(256 << 20, 64 << 20, "d", "unlimited"),
}


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for name, need in NEEDS.items():
        # root is not counted.
        if name == "nproc" and snapshot.user.uid == 0:
            continue
        low = tuple(x for x in limits_for(snapshot) if x.name == name and 0 <= _counting(x) < need.wanted)
        configured = tuple(x for x in low if x.location is not None)
        for limit in configured or low[:1]:
            yield _finding(snapshot, limit, need)


def _counting(limit: Limit) -> int:
    """The value that counts: go raises its own soft limit of open files to the hard one."""
    values = (limit.hard,) if limit.name == "nofile" else (limit.soft, limit.hard)
    return min((value for value in values if value >= 0), default=-1)


def _finding(snapshot: Snapshot, limit: Limit, need: _Need) -> Finding:
    place = limit.location
    actions = raised(snapshot, place, need.ample)
    if 0 <= limit.hard < need.wanted:
        actions += raised(snapshot, limit.hard_location, need.ample)
    value = _counting(limit)
    return Finding(
        rule=RULE,
        subject=f"{place.path}:{limit.name}" if place else f"ulimit -{need.flag}",
        message=Text(
            "{name} is limited to {value} by {place}; builds need {wanted} or more",
            name=limit.name,
            value=str(value),
            place=f"{place.path}:{place.line}",
            wanted=str(need.wanted),
        )
        if place
        else Text(
            "{name} of this session is limited to {value}; builds need {wanted} or more",
            name=limit.name,
            value=str(value),
            wanted=str(need.wanted),
        ),
        locations=(place,) if place else (),
        evidence=(f"ulimit -H{need.flag}",),
        severity="error" if value < need.stops else "",
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "Raise the limit in that line, or in a file of /etc/security/limits.d; it takes effect at the next login."
        ),
    )
