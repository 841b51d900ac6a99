"""GS324: so little memory that the kernel kills the compiler or the linker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.room import mib

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Machine, Snapshot

RULE = Rule(
    id="GS324",
    slug="out-of-memory",
    title="too little memory for builds",
    severity="warning",
    needs=("machine",),
    symptoms=("compile: signal: killed", "link: signal: killed", "signal: killed", "Out of memory: Killed process"),
)
SMALL = 512 << 20
TIGHT = 2 << 30


def check(snapshot: Snapshot) -> Iterator[Finding]:
    machine = snapshot.machine
    limited = machine.memory_limit > 0 and not 0 < machine.memory_total < machine.memory_limit
    room = machine.memory_limit if limited else machine.memory_total + machine.swap_total
    killed = machine.oom_kills > 0 and limited and room < TIGHT
    if room <= 0 or (room >= SMALL and not killed):
        return
    yield Finding(
        rule=RULE,
        subject="memory.max" if limited else "memory",
        message=_message(machine, room, limited=limited),
        evidence=("cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory.events" if limited else "free -m",),
        # A kill that was counted is a fact; the size alone says that large packages will not fit.
        severity="error" if killed and room < SMALL else "",
        confidence="high" if killed else "medium",
        risk="manual",
        commands=("go build -p 1 ./...",),
        advice=Text(
            "One package at a time (`-p 1`) needs the least. GOMEMLIMIT makes the compiler collect earlier, but cannot make a large package small: raise the limit, or add swap after asking whoever runs the host."
        ),
    )


def _message(machine: Machine, room: int, *, limited: bool) -> Text:
    if limited and machine.oom_kills:
        return Text(
            "the memory limit of this cgroup is {size}, and the kernel has killed {kills} processes in it for want of memory (oom_kill)",
            size=mib(room),
            kills=str(machine.oom_kills),
        )
    if limited:
        return Text(
            "the memory limit of this cgroup is {size}: the kernel kills compilers and linkers that need more",
            size=mib(room),
        )
    return Text(
        "this machine has {size} of memory and swap together: the kernel kills compilers and linkers that need more",
        size=mib(room),
    )
