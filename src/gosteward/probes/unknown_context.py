"""What to say about a context that was asked for and is not there: why, and which ones there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.errors import UsageError
from gosteward.probes import jobs, shell_starts
from gosteward.shells import session

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.snapshot import User

SHOWN = 30


def error(host: Host, user: User, name: str) -> UsageError:
    """The error for the name of a context that the user does not have on this host."""
    shells = [start.name for _, starts in shell_starts.plan(host, user, ()) for start in starts]
    others, _ = jobs.collect(host, user)
    names = list(dict.fromkeys((*shells, *(context.name for context in others))))
    more = " ... (`gosteward path` shows all)" if len(names) > SHOWN else ""
    hint = f"contexts of {user.name} here: {', '.join(names[:SHOWN])}{more}" if names else ""
    reason = _without_sudo(host, user) if name in ("sudo", "sudo-login") else ""
    return UsageError("there is no such context", subject=name, hint="; ".join(part for part in (reason, hint) if part))


def _without_sudo(host: Host, user: User) -> str:
    if user.uid == 0:
        return "root's commands need no sudo, `--user NAME` shows what sudo does for somebody else"
    if not any(host.exists(path) for path in shell_starts.SUDO):
        return "sudo is not installed"
    if not session.sudoers(host, user).files:
        return "/etc/sudoers is not there, or cannot be read without root"
    return f"sudoers does not let {user.name} use sudo"
