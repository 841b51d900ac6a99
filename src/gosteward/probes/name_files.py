"""What the files of the name resolver have to do with a server that is not reached: the line of /etc/hosts that names it, and files that do not serve.

Go reads these files itself, as the user who builds; what root sees in them says nothing about that user.
Source: net/hosts.go, net/dnsconfig_unix.go (`dnsReadConfig`: without a name server that can be read it is 127.0.0.1:53).
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from gosteward.snapshot import Location

if TYPE_CHECKING:
    import os

    from gosteward.host.reading import Host
    from gosteward.snapshot import NetworkCheck, User

HOSTS, SERVERS = "/etc/hosts", "/etc/resolv.conf"
MOST_LINES = 20_000
_KINDS = ("goproxy", "sumdb", "http-proxy", "origin")
_UNREACHED = ("unresolvable", "refused", "unreachable", "timeout", "")


def explained(host: Host, user: User, checks: tuple[NetworkCheck, ...]) -> tuple[NetworkCheck, ...]:
    """The checks with the line and the file that matter; a name that only root can look up is none to the user."""
    named = _named(host, {c.host for c in checks if _asks_by_name(c)}) if checks else {}
    return tuple(_explained(host, user, check, named) if _asks_by_name(check) else check for check in checks)


def _asks_by_name(check: NetworkCheck) -> bool:
    looked_up = check.kind in _KINDS and not check.via and bool(check.host) and check.reason in _UNREACHED
    return looked_up and check.step in ("", "resolve", "connect") and check.host != "localhost"


def _explained(host: Host, user: User, check: NetworkCheck, named: dict[str, Location]) -> NetworkCheck:
    line = named.get(check.host)
    file = HOSTS if line is not None else SERVERS
    closed = _closed(host, user, file)
    if closed is not None and not _is_address(check.host):
        unresolved = check._replace(ok=False, step="resolve", reason="unresolvable", detail="permission denied")
        return unresolved._replace(
            name_file=file, name_problem="unreadable", uid=closed.st_uid, mode=stat.S_IMODE(closed.st_mode)
        )
    if not check.ok and line is not None and check.step == "connect":
        return check._replace(name_file=HOSTS, name_line=line)
    if check.reason == "unresolvable" and line is None:
        problem = _problem(host)
        return check._replace(name_file=SERVERS, name_problem=problem) if problem else check
    return check


def _closed(host: Host, user: User, path: str) -> os.stat_result | None:
    """The status of a file that is there and closed to the user."""
    status = host.stat(path)
    return status if status is not None and user.uid and not host.may(path, "r", user) else None


def _problem(host: Host) -> str:
    """Why /etc/resolv.conf names no server: "dangling", "missing", "no-server"; "" where it names one."""
    if not host.exists(SERVERS):
        return "dangling" if host.readlink(SERVERS) else "missing"
    words = (line.split() for line in host.lines(SERVERS)[:MOST_LINES])
    return "" if any(found[:1] == ["nameserver"] and len(found) > 1 for found in words) else "no-server"


def _named(host: Host, names: set[str]) -> dict[str, Location]:
    """The first line of /etc/hosts for each of these names."""
    found: dict[str, Location] = {}
    for number, text in enumerate(host.lines(HOSTS)[:MOST_LINES], 1):
        for name in text.partition("#")[0].split()[1:]:
            if name.lower().rstrip(".") in names:
                found.setdefault(name.lower().rstrip("."), Location(HOSTS, number, text[:300]))
    return found


def _is_address(name: str) -> bool:
    return name.startswith("[") or name.replace(".", "").isdigit()
