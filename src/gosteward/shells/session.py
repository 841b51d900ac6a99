"""What PAM, login, sshd, sudo, cron, systemd and the desktop hand to the first process of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.shells import login_defs, pam, sshd, sudo, systemd_manager
from gosteward.shells.assignment import shown
from gosteward.shells.user_files import as_user
from gosteward.snapshot import EnvironmentVariable, Location

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.shells.assignment import Assignment
    from gosteward.snapshot import User

    Environment = dict[str, EnvironmentVariable]

DISPLAY_MANAGERS = ("gdm-password", "gdm", "lightdm", "sddm", "lxdm", "xdm", "login")
SERVICES = {
    "login": ("su-l", "login"),
    "ssh-login": ("sshd",),
    "ssh-command": ("sshd",),
    "terminal": DISPLAY_MANAGERS,
    "script": DISPLAY_MANAGERS,
    "su": ("su",),
    "sudo": ("sudo",),
    "sudo-login": ("sudo-i", "sudo"),
    "cron": ("cron", "crond"),
    "systemd-user": ("systemd-user",),
}
SSHD_CONFIGURATIONS = ("/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config", "/usr/share/openssh/sshd_config")
SHORT_PATH = "/usr/local/bin:/usr/bin:/bin"
GAMES_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/games"
ROOT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CRON_PATH = "/usr/bin:/bin"


def first_environment(host: Host, user: User, kind: str) -> tuple[EnvironmentVariable, ...]:
    """The environment that the first process of a session starts with, before any shell file is read.

    Args:
        kind: "login" (`su -`, a console), "ssh-login", "ssh-command", "terminal" (a desktop session), "script", "su", "sudo",
            "sudo-login", "cron", "systemd", "systemd-user".

    Returns:
        PATH, HOME, USER, LOGNAME, SHELL and what /etc/environment and its relatives add; each with the line that set it, or
        `built in: PROGRAM`. PATH is missing only where it is the caller's own and nothing on disk decides it ("su", and "sudo"
        without secure_path).
    """
    if kind in ("systemd", "systemd-user"):
        debian = is_debian(host)
        if kind == "systemd":
            return tuple(systemd_manager.system_environment(host, debian=debian).values())
        return tuple(systemd_manager.user_environment(host, user, debian=debian).values())
    if kind in ("sudo", "sudo-login"):
        return tuple(_sudo(host, user, kind).values())
    found = _account(host, user)
    path = _first_path(host, user, kind)
    if path is not None:
        found["PATH"] = path
    uses_pam = True
    settings = None
    if kind in ("ssh-login", "ssh-command"):
        settings = sshd_settings(host, user)
        uses_pam = settings.use_pam
    if settings is not None and settings.user_environment:
        own = f"{user.home.rstrip('/')}/.ssh/environment"
        with as_user(host, user):
            lines = host.lines(own)
        _apply(found, own, sshd.environment_file(lines))
    if uses_pam:
        by_pam = pam_environment(host, user, kind)
        if kind == "cron":  # crond's own values win: Debian's jobs never see the PATH of /etc/environment
            by_pam = {name: entry for name, entry in by_pam.items() if name not in found}
        found.update(by_pam)
    for place, assignment in settings.set_env if settings is not None else ():
        found[assignment.name] = systemd_manager.variable(assignment, place)
    return tuple(found.values())


def is_debian(host: Host) -> bool:
    """Debian or a distribution built from it: their compiled-in search paths differ from upstream's."""
    return host.exists("/etc/debian_version")


def pam_environment(host: Host, user: User, kind: str) -> Environment:
    """What pam_env sets in a session of this kind."""
    service = next((name for name in SERVICES.get(kind, ()) if _has_service(host, name)), "")
    if not service:
        return {}
    found: Environment = {}
    items = {"HOME": user.home, "SHELL": user.shell, "PAM_USER": user.name}
    for call in pam.calls(service, host.lines):
        _apply_rules(found, items, call.conffile, host.lines(call.conffile))
        if call.read_environment:
            _apply(found, call.envfile, pam.environment(host.lines(call.envfile)))
        if call.read_user:
            path = f"{user.home.rstrip('/')}/.pam_environment"
            with as_user(host, user):
                lines = host.lines(path)
            _apply_rules(found, items, path, lines)
            _apply(found, path, pam.environment(lines))
    return found


def sshd_settings(host: Host, user: User) -> sshd.SshdSettings:
    """The server's configuration as it stands for this user; with PAM where no such file can be read."""
    path = sshd_configuration(host)
    if not host.lines(path):  # none, or one that only root may read
        return sshd.SshdSettings(use_pam=True)
    return sshd.settings(path, host.lines, host.listdir, user.name, group_names(host, user))


def sshd_configuration(host: Host) -> str:
    """Path of the server's configuration, "" if there is none."""
    return next((path for path in SSHD_CONFIGURATIONS if host.exists(path)), "")


def sudoers(host: Host, user: User) -> sudo.Sudoers:
    """The rules of sudo as they stand for this user; without any file nobody may use sudo."""
    path = next((p for p in ("/etc/sudoers", "/usr/etc/sudoers") if host.exists(p)), "")
    if not path:
        return sudo.Sudoers()
    groups = group_names(host, user)
    return sudo.evaluate(sudo.lines_of(path, host.lines, host.listdir), user.name, user.uid, groups)


def group_names(host: Host, user: User) -> tuple[str, ...]:
    """Names of the user's groups, from /etc/group."""
    names = []
    for line in host.lines("/etc/group"):
        fields = line.split(":")
        if len(fields) < 4 or not fields[2].isdecimal() or len(fields[2]) > 10:
            continue
        if int(fields[2]) in (user.gid, *user.groups) or user.name in fields[3].split(","):
            names.append(fields[0])
    return tuple(names)


def _has_service(host: Host, name: str) -> bool:
    return any(host.exists(f"{directory}/{name}") for directory in pam.DIRECTORIES)


def _account(host: Host, user: User) -> Environment:
    """HOME, USER, LOGNAME and SHELL with their line in the account database."""
    place = Location("built in: login")
    for number, line in enumerate(host.lines("/etc/passwd"), 1):
        if line.startswith(f"{user.name}:"):
            place = Location("/etc/passwd", number, shown(line))
            break
    pairs = (("HOME", user.home), ("USER", user.name), ("LOGNAME", user.name), ("SHELL", user.shell or "/bin/sh"))
    return {name: EnvironmentVariable(name=name, value=value, sources=(place,)) for name, value in pairs}


def _first_path(host: Host, user: User, kind: str) -> EnvironmentVariable | None:
    """PATH before PAM has its say."""
    if kind == "cron":
        return _built_in("cron", CRON_PATH)
    if kind in ("ssh-login", "ssh-command"):
        return _built_in("sshd", _sshd_path(host, user))
    if kind in ("terminal", "script"):
        if is_debian(host):
            return _built_in("display manager", GAMES_PATH)
        return _built_in("display manager", "/usr/local/bin:/usr/bin:/usr/local/sbin:/usr/sbin")
    settings = login_defs.values(host.lines("/etc/login.defs"))
    always = settings.get("ALWAYS_SET_PATH")
    if kind == "su" and (always is None or always.value.lower() != "yes"):
        return None
    entry = login_defs.search_path(settings, root=user.uid == 0)
    if entry is None:
        return _built_in("login", ROOT_PATH if user.uid == 0 else SHORT_PATH)
    return systemd_manager.variable(entry, "/etc/login.defs")


def _sshd_path(host: Host, user: User) -> str:
    if is_debian(host):
        return ROOT_PATH if user.uid == 0 else GAMES_PATH
    if host.exists("/etc/redhat-release") or host.exists("/etc/fedora-release"):
        return "/usr/local/bin:/usr/bin:/usr/local/sbin:/usr/sbin" if user.uid == 0 else "/usr/local/bin:/usr/bin"
    return ROOT_PATH if user.uid == 0 else SHORT_PATH


def _built_in(program: str, value: str) -> EnvironmentVariable:
    return EnvironmentVariable(name="PATH", value=value, sources=(Location(f"built in: {program}"),))


def _apply(found: Environment, path: str, assignments: tuple[Assignment, ...]) -> None:
    for assignment in assignments:
        found[assignment.name] = systemd_manager.variable(assignment, path)


def _apply_rules(found: Environment, items: dict[str, str], path: str, lines: list[str]) -> None:
    for rule in pam.rules(lines):
        if not (rule.default or rule.override):
            continue
        value = pam.apply(rule, {name: entry.value for name, entry in found.items()}, items)
        if value is not None:
            place = Location(path=path, line=rule.line, text=rule.text)
            found[rule.name] = EnvironmentVariable(name=rule.name, value=value, sources=(place,))


def _sudo(host: Host, user: User, kind: str) -> Environment:
    """What root's command gets through sudo, or what `sudo -i` starts root's shell with."""
    rules = sudoers(host, user)
    found: Environment = {}
    home, shell = _root_account(host)
    keeps_home = rules.keeps("HOME") and not rules.always_set_home and kind == "sudo"
    values = {"HOME": user.home if keeps_home else home, "USER": "root", "LOGNAME": "root", "SHELL": shell}
    for name, value in values.items():
        found[name] = EnvironmentVariable(name=name, value=value, sources=(Location("built in: sudo"),))
    for name, entry in pam_environment(host, user, kind).items():
        if name not in found and name != "PATH":
            found[name] = entry
    if rules.secure_path and rules.secure_path_at is not None:
        found["PATH"] = EnvironmentVariable(name="PATH", value=rules.secure_path, sources=(rules.secure_path_at,))
    elif kind == "sudo-login":
        found["PATH"] = _built_in("sudo", ROOT_PATH)
    return found


def _root_account(host: Host) -> tuple[str, str]:
    for line in host.lines("/etc/passwd"):
        fields = line.split(":")
        if len(fields) >= 7 and fields[2] == "0":
            return fields[5] or "/root", fields[6] or "/bin/sh"
    return "/root", "/bin/sh"
