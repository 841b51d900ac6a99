"""Which shells there are and in which ways they are started: the plan of what is traced."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gosteward.host import accounts
from gosteward.shells import bash_trace, csh_start, fish_profile, ksh_start, login_defs, session
from gosteward.snapshot import EnvironmentVariable, Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.host.reading import Host
    from gosteward.snapshot import User

PLACES = ("/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin")
SUDO = ("/usr/bin/sudo", "/bin/sudo", "/usr/local/bin/sudo")
# Started plainly, not traced, and only where they are the login shell.
UNTRACED = (*ksh_start.NAMES, *csh_start.NAMES)
SHELLS = ("bash", "sh", "zsh", "fish", *UNTRACED)
# name without the shell, kind, login, interactive
WAYS = {
    "bash": (
        ("login", "login", True, False),
        ("interactive", "terminal", False, True),
        ("interactive-login", "ssh-login", True, True),
        ("script", "script", False, False),
        ("ssh-command", "ssh-command", False, False),
    ),
    "sh": (
        ("login", "login", True, False),
        ("script", "script", False, False),
    ),
    "zsh": (
        ("login", "login", True, False),
        ("interactive", "terminal", False, True),
        ("interactive-login", "ssh-login", True, True),
        ("script", "script", False, False),
        ("ssh-command", "ssh-command", False, False),
    ),
    "fish": (
        ("login", "login", True, False),
        ("interactive", "terminal", False, True),
        ("script", "script", False, False),
        ("ssh-command", "ssh-command", False, False),
    ),
    **dict.fromkeys(ksh_start.NAMES, ksh_start.WAYS),
    **dict.fromkeys(csh_start.NAMES, csh_start.WAYS),
}
# They take no command where they have a prompt.
NOT_INTERACTIVE = csh_start.NAMES
NO_LOGIN = ("nologin", "false")
SSH = ("ssh-login", "ssh-command")
SSH_CLIENT = "192.0.2.1 50000 22"
TERMINALS = {
    "terminal": "xterm-256color",
    "ssh-login": "xterm-256color",
    "su": "xterm-256color",
    "sudo-login": "xterm-256color",
    "login": "linux",
}


class Start(NamedTuple):
    """One context to trace.

    Attributes:
        program: path of the shell.   real: name of the file behind it ("dash" for sh on Debian).   helper: a bash, for sh; "" without.
        first: environment before the shell starts.   system_rc, finds_sshd: compile-time choices of a bash.   env: path of env.
        profiles: a fish that can tell how long the commands of its start took.
        unsure: something that may set PATH or a variable of Go depends on where the client of sshd is.
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
    profiles: bool = False
    unsure: bool = False


class _Program(NamedTuple):
    """A shell on this host: see Start."""

    path: str
    real: str
    helper: str
    system_rc: str
    finds_sshd: bool
    profiles: bool


class _Planner:
    """Looks shells and first environments up, each once for the one user that it plans for."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.env = next((path for path in ("/usr/bin/env", "/bin/env") if host.exists(path)), "/usr/bin/env")
        self.known: dict[str, _Program] = {}
        self.first: dict[str, tuple[EnvironmentVariable, ...]] = {}  # by kind

    def start(self, user: User, name: str, way: tuple[str, str, bool, bool], own: bool, account: User) -> Start | None:
        """The start of a context; `user` is whom it is examined for, `account` whom it runs as. None without the shell."""
        shell, kind, login, interactive = way
        program = self._program(account, shell)
        if program is None:
            return None
        first = self.first.get(kind)
        if first is None:
            first = (
                su_environment(self.host, user) if kind == "su" else session.first_environment(self.host, user, kind)
            )
            self.first[kind] = first
        return Start(
            name=name, kind=kind, shell=shell, own=own, login=login, interactive=interactive, program=program.path,
            real=program.real, first=first, env=self.env, helper=program.helper, system_rc=program.system_rc,
            finds_sshd=program.finds_sshd, profiles=program.profiles,
        )  # fmt: skip

    def _program(self, user: User, shell: str) -> _Program | None:
        path = program_of(self.host, user, shell)
        if not path:
            return None
        if path not in self.known:
            real = os.path.basename(self.host.realpath(path)) or shell
            system_rc, finds_sshd = _bash_choices(self.host, path) if real.startswith("bash") else ("", False)
            helper = program_of(self.host, user, "bash") if shell == "sh" and not real.startswith("bash") else ""
            profiles = shell == "fish" and self.host.live and _fish_profiles(self.host, path)
            self.known[path] = _Program(path, real, helper, system_rc, finds_sshd, profiles)
        return self.known[path]


def plan(host: Host, user: User, only: tuple[str, ...]) -> list[tuple[User, tuple[Start, ...]]]:
    """The contexts of `user` in which a shell starts, grouped by the account that they run as."""
    planner = _Planner(host)
    doubtful = session.sshd_settings(host, user).doubtful
    groups: list[tuple[User, tuple[Start, ...]]] = []
    for account, ways in ((user, _sessions(user)), (accounts.user_with_id(host, 0), _sudo_sessions(host, user))):
        starts = []
        for name, way, own in ways:
            start = planner.start(user, name, way, own, account) if not only or name in only else None
            if start is not None:
                starts.append(start._replace(unsure=doubtful and start.kind in SSH))
        if starts:
            groups.append((account, tuple(starts)))
    return groups


def _sessions(user: User) -> Iterator[tuple[str, tuple[str, str, bool, bool], bool]]:
    """(name, (shell, kind, login, interactive), own) of what runs as the user."""
    login_shell = own_shell(user)
    for shell, ways in WAYS.items():
        for way, kind, login, interactive in ways if shell not in UNTRACED or shell == login_shell else ():
            yield f"{shell}-{way}", (shell, kind, login, interactive), shell == login_shell
    if login_shell and login_shell not in NOT_INTERACTIVE and os.path.basename(user.shell) not in NO_LOGIN:
        yield "su", (login_shell, "su", False, True), True


def _sudo_sessions(host: Host, user: User) -> Iterator[tuple[str, tuple[str, str, bool, bool], bool]]:
    """`sudo -i`, where the user may use sudo."""
    if user.uid == 0 or not any(host.exists(path) for path in SUDO):
        return
    shell = own_shell(accounts.user_with_id(host, 0))
    if shell and shell not in NOT_INTERACTIVE and session.sudoers(host, user).may_use:
        yield "sudo-login", (shell, "sudo-login", True, True), True


def own_shell(user: User) -> str:
    """Name in SHELLS of the user's login shell; bash where the login shell lets nobody in; "" for one we do not know."""
    name = os.path.basename(user.shell)
    if name in (*NO_LOGIN, ""):
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


def _fish_profiles(host: Host, program: str) -> bool:
    try:
        return fish_profile.can_profile(host.read(program, 64 << 20))
    except OSError:
        return False


def su_environment(host: Host, user: User) -> tuple[EnvironmentVariable, ...]:
    """What `su user` starts the shell with. Where nothing on disk decides PATH it is the caller's: root's, or for root a user's."""
    first = session.first_environment(host, user, "su")
    if any(variable.name == "PATH" for variable in first):
        return first
    settings = login_defs.values(host.lines("/etc/login.defs"))
    found = login_defs.search_path(settings, root=user.uid != 0)
    if found is None:
        value = session.ROOT_PATH if user.uid else session.SHORT_PATH
        return (*first, EnvironmentVariable(name="PATH", value=value, sources=(Location("built in: login"),)))
    place = Location(path="/etc/login.defs", line=found.line, text=found.text)
    return (*first, EnvironmentVariable(name="PATH", value=found.value, sources=(place,)))


def environment(start: Start, user: User) -> dict[str, str]:
    """What the shell gets: the first environment of its context, completed by what every such session has.

    Args:
        user: the account that the shell runs as.
    """
    values = {"HOME": user.home, "USER": user.name, "LOGNAME": user.name, "SHELL": user.shell}
    if start.kind in TERMINALS:
        values["TERM"] = TERMINALS[start.kind]
    values.update({variable.name: variable.value for variable in start.first})
    if start.kind in SSH:
        values.setdefault("SSH_CLIENT", SSH_CLIENT)
        values.setdefault("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
    if start.kind == "ssh-login":
        values.setdefault("SSH_TTY", "/dev/pts/0")
    if start.kind == "sudo-login":
        values.setdefault("SUDO_COMMAND", user.shell)
    values.pop("SHLVL", None)
    return values if values["HOME"] else {name: value for name, value in values.items() if name != "HOME"}
