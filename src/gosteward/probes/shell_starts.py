"""Which shells there are, in which ways they are started, and the two command lines for each: plain and traced."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gosteward.host.commands import Job
from gosteward.shells import bash_trace, xtrace
from gosteward.snapshot import EnvironmentVariable, User

if TYPE_CHECKING:
    from gosteward.host.reading import Host

PLACES = ("/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin")
SHELLS = ("bash", "sh", "zsh", "fish")
# name without the shell, kind, login, interactive
WAYS = {
    "bash": (
        ("login", "login", True, False),
        ("interactive", "terminal", False, True),
        ("interactive-login", "ssh-login", True, True),
        ("script", "script", False, False),
        ("ssh-command", "ssh-command", False, False),
    ),
}
SSH_CLIENT = "192.0.2.1 50000 22"
TERMINALS = {"terminal": "xterm-256color", "ssh-login": "xterm-256color", "login": "linux", "sudo-login": "linux"}


class Start(NamedTuple):
    """One context to trace.

    Attributes:
        program: path of the shell.   real: name of the file behind it ("dash" for sh on Debian).   helper: a bash, for sh.
        first: environment before the shell starts.   system_rc, finds_sshd: compile-time choices of a bash.   env: path of env.
    """

    name: str
    kind: str
    shell: str
    own: bool
    login: bool
    interactive: bool
    program: str
    real: str
    first: tuple[EnvironmentVariable, ...]
    env: str = "/usr/bin/env"
    helper: str = ""
    system_rc: str = ""
    finds_sshd: bool = False


def plan(host: Host, user: User, only: tuple[str, ...]) -> list[tuple[User, tuple[Start, ...]]]:
    """The contexts to trace, grouped by the account that they run as."""
    from gosteward.shells.session import first_environment

    login_shell = own_shell(user)
    env = next((path for path in ("/usr/bin/env", "/bin/env") if host.exists(path)), "/usr/bin/env")
    starts = []
    for shell in WAYS:
        program = program_of(host, user, shell)
        if not program:
            continue
        real = os.path.basename(host.realpath(program)) or shell
        system_rc, finds_sshd = _bash_choices(host, program) if real.startswith("bash") else ("", False)
        for way, kind, login, interactive in WAYS[shell]:
            name = f"{shell}-{way}"
            if only and name not in only:
                continue
            starts.append(
                Start(
                    name=name, kind=kind, shell=shell, own=shell == login_shell, login=login, interactive=interactive,
                    program=program, real=real, first=first_environment(host, user, kind), env=env,
                    system_rc=system_rc, finds_sshd=finds_sshd,
                )
            )  # fmt: skip
    return [(user, tuple(starts))] if starts else []


def own_shell(user: User) -> str:
    """Name in SHELLS of the user's login shell; bash where the login shell lets nobody in; "" for one we do not know."""
    name = os.path.basename(user.shell)
    if name in ("nologin", "false", ""):
        return "bash"
    if name in ("dash", "sh", "ash", "busybox"):
        return "sh"
    return name if name in SHELLS else ""


def program_of(host: Host, user: User, shell: str) -> str:
    """Path of a shell: the user's own one, else the first in the usual places; "" if there is none."""
    places = [f"{place}/{shell}" for place in (PLACES if shell != "sh" else ("/bin", "/usr/bin"))]
    if os.path.basename(user.shell) == shell and shell != "sh":
        places.insert(0, user.shell)
    for path in places:
        status = host.stat(path)
        if status is not None and status.st_mode & 0o111:
            return path
    return ""


def _bash_choices(host: Host, program: str) -> tuple[str, bool]:
    try:
        return bash_trace.system_rc_of(host.read(program, 4 << 20))
    except OSError:
        return "", False


def environment(start: Start, user: User) -> dict[str, str]:
    """What the shell gets: the first environment of its context, completed by what every session has."""
    values = {"HOME": user.home, "USER": user.name, "LOGNAME": user.name, "SHELL": user.shell}
    if start.kind in TERMINALS:
        values["TERM"] = TERMINALS[start.kind]
    values.update({variable.name: variable.value for variable in start.first})
    if start.kind in ("ssh-login", "ssh-command"):
        values.setdefault("SSH_CLIENT", SSH_CLIENT)
        values.setdefault("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
    values.pop("SHLVL", None)
    return values


def jobs(start: Start, user: User, nonce: str, seconds: float) -> tuple[Job, Job]:
    """The plain and the traced run of a context."""
    values = environment(start, user)
    return _bash_jobs(start, user, nonce, seconds, values)


def _flags(start: Start) -> tuple[str, ...]:
    return (("-l",) if start.login else ()) + (("-i",) if start.interactive else ())


def _job(start: Start, run: str, argv: tuple[str, ...], values: dict[str, str], seconds: float) -> Job:
    return Job(
        name=f"{start.name}:{run}", program=start.program, argv=argv, environment=tuple(values.items()), seconds=seconds
    )


def _bash_jobs(start: Start, user: User, nonce: str, seconds: float, values: dict[str, str]) -> tuple[Job, Job]:
    flags = _flags(start)
    plain = _job(start, "plain", ("bash", *flags, "-c", bash_trace.plain_command(nonce, start.env)), values, seconds)
    end = bash_trace.traced_command(nonce, start.env)
    if user.uid:
        traced_values = {**values, "PS4": bash_trace.PS4, "BASH_XTRACEFD": "9"}
        return plain, _job(start, "traced", ("bash", *flags, "-x", "-c", end), traced_values, seconds)
    replay = bash_trace.replay(
        start.login,
        start.interactive,
        start.kind == "ssh-command" and start.finds_sshd,
        start.system_rc,
        values.pop("BASH_ENV", ""),
    )
    return plain, _job(start, "traced", ("bash", "--noprofile", "--norc", *flags, "-c", replay + end), values, seconds)


def records(start: Start, user: User, log: str) -> list[xtrace.Record]:
    """The records in the log of the traced run."""
    return xtrace.parse(log)
