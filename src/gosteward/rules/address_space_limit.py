"""GS322: a limit of the address space (RLIMIT_AS, `ulimit -v`) is below what every Go program reserves at its start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS
from gosteward.reasoning.limit_lines import limits_for, raised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Limit, Snapshot

RULE = Rule(
    id="GS322",
    slug="address-space-limit",
    title="the address space is limited below what Go reserves",
    severity="error",
    needs=("machine",),
    symptoms=(
        "fatal error: failed to reserve page summary memory",
        "runtime: failed to create new OS thread",
        "cannot allocate memory",
    ),
)
# The runtime reserves about 600 MB of addresses that it never touches (golang/go#38010); the compiler and linker need more.
NEEDED = 1 << 30
AMPLE = "4194304"  # KiB


def check(snapshot: Snapshot) -> Iterator[Finding]:
    tight = tuple(limit for limit in limits_for(snapshot) if limit.name == "as" and 0 <= effective(limit) < NEEDED)
    configured = tuple(limit for limit in tight if limit.location is not None)
    # Without a line it is this very process that inherited the limit, mostly from the line that is found besides.
    for limit in configured or tight[:1]:
        yield _finding(snapshot, limit)


def effective(limit: Limit) -> int:
    """What counts: the lower one of soft and hard limit; -1 for none."""
    return min((value for value in (limit.soft, limit.hard) if value >= 0), default=-1)


def _finding(snapshot: Snapshot, limit: Limit) -> Finding:
    place = limit.location
    actions = raised(snapshot, place, AMPLE)
    if 0 <= limit.hard < NEEDED:
        actions += raised(snapshot, limit.hard_location, AMPLE)
    size = f"{effective(limit) / (1 << 20):.0f}"
    return Finding(
        rule=RULE,
        subject=f"{place.path}:as" if place else "ulimit -v",
        message=Text(
            "the address space (RLIMIT_AS, `ulimit -v`) is limited to {size} MiB by {place}; a Go program reserves about 600 MiB at its start",
            size=size,
            place=f"{place.path}:{place.line}",
        )
        if place
        else Text(
            "the address space (RLIMIT_AS, `ulimit -v`) of this session is limited to {size} MiB; a Go program reserves about 600 MiB at its start",
            size=size,
        ),
        locations=(place,) if place else (),
        evidence=("ulimit -v",),
        explains=(*NO_GO_RUNS, Explains("GS323")),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "Raise the limit to 4 GiB (4194304 in limits.conf, which counts KiB), or limit real memory through a cgroup instead: reserved addresses cost no memory, and GOMEMLIMIT does not make the reservation smaller."
        ),
    )
