"""Memory of the machine, and what control groups leave of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.host.reading import Host
    from gosteward.snapshot import User

UNIFIED = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
LEGACY = "/sys/fs/cgroup/memory"
# The first version writes its "no limit" as the largest number of whole pages.
NO_LIMIT = 1 << 60


class Memory(NamedTuple):
    """In bytes.  limit: the tightest of all control groups above this process, -1 without one.  oom_kills: see `Machine`."""

    total: int = 0
    available: int = 0
    swap: int = 0
    limit: int = -1
    oom_kills: int = 0


def collect(host: Host, user: User) -> Memory:
    """Memory of this machine as this process, and the sessions of `user`, may use it."""
    table = meminfo(host.lines("/proc/meminfo"))
    unified, legacy = control_groups(host.lines("/proc/self/cgroup"))
    limits = [number for number in _limits(host, unified, legacy) if 0 <= number < NO_LIMIT]
    return Memory(
        total=table.get("MemTotal", 0),
        available=table.get("MemAvailable", 0),
        swap=table.get("SwapTotal", 0),
        limit=min(limits, default=-1),
        oom_kills=_oom_kills(host, unified, legacy, user),
    )


def meminfo(lines: Iterable[str]) -> dict[str, int]:
    """Bytes by name. Source: proc(5), /proc/meminfo."""
    found = {}
    for line in lines:
        name, _, value = line.partition(":")
        words = value.split()
        number = _number(words[0]) if words else -1
        if number >= 0:
            found[name] = number * (1024 if words[1:] == ["kB"] else 1)
    return found


def control_groups(lines: Iterable[str]) -> tuple[str, str]:
    """Path of the process in the unified hierarchy and in that of the memory controller; "" where there is none.

    Source:
        cgroups(7), /proc/PID/cgroup: "0::/user.slice", "9:memory:/docker/0123".
    """
    unified = legacy = ""
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not path.startswith("/") or ".." in path:  # a group above our name space: its files are not here
            continue
        if number == "0" and not controllers:
            unified = path
        elif "memory" in controllers.split(","):
            legacy = path
    return unified, legacy


def _upwards(path: str) -> list[str]:
    """A group and all above it, the root ("") last; a deep one is cut off."""
    groups = [path.rstrip("/")]
    while groups[-1] and len(groups) < 32:
        groups.append(groups[-1].rpartition("/")[0])
    return groups


def _limits(host: Host, unified: str, legacy: str) -> Iterable[int]:
    for group in _upwards(unified):
        for top in UNIFIED:
            yield _number(_first(host, f"{top}{group}/memory.max"))
    for group in _upwards(legacy) if legacy else ():
        yield _number(_first(host, f"{LEGACY}{group}/memory.limit_in_bytes"))


def _oom_kills(host: Host, unified: str, legacy: str, user: User) -> int:
    """Counts of the nearest group that has one, and of all sessions of the user: a new login has a new group."""
    files = [f"{top}/user.slice/user-{user.uid}.slice/memory.events" for top in UNIFIED]
    nearest = [f"{top}{group}/memory.events" for group in _upwards(unified) for top in UNIFIED]
    nearest += [f"{LEGACY}{group}/memory.oom_control" for group in _upwards(legacy)] if legacy else []
    files += [path for path in nearest if host.exists(path)][:1]
    return max((_kills(host.lines(path)) for path in files), default=0)


def _kills(lines: Iterable[str]) -> int:
    for line in lines:
        name, _, value = line.partition(" ")
        if name == "oom_kill":
            return max(0, _number(value))
    return 0


def _first(host: Host, path: str) -> str:
    lines = host.lines(path)
    return lines[0] if lines else ""


def _number(text: str) -> int:
    """Of plain digits; -1 for anything else ("max")."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
