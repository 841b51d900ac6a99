"""Where start-up files lie: every one that some shell, PAM, cron, sudo or systemd reads, with its dialect and its readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.shells import crontab, ksh_start, session, sshd
from gosteward.shells.startup_order import FISH_VENDORS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.host.reading import Host
    from gosteward.snapshot import User

POSIX_LOGIN = ("bash", "sh")
ZSH_NAMES = ("zshenv", "zprofile", "zshrc", "zlogin")
CRON_TABLES = ("/var/spool/cron/crontabs", "/var/spool/cron", "/var/spool/cron/tabs")
LAYERS = ("/etc", "/run", "/usr/local/lib", "/usr/lib")


class Place(NamedTuple):
    """A path where a start-up file may lie.  dialect, scope, shells: see StartupFile.   reader: function of environment_lines, "" for scripts."""

    path: str
    dialect: str
    scope: str
    shells: tuple[str, ...] = ()
    reader: str = ""


def system_places(host: Host, user: User) -> Iterator[Place]:
    """Places that belong to root, whether or not there is a file; the user's crontab lies among them."""
    yield from _system_scripts(host)
    yield from _system_settings(host)
    if user.name:
        for directory in CRON_TABLES:
            yield Place(f"{directory}/{user.name}", "crontab", "user", reader="cron")


def user_places(host: Host, user: User) -> Iterator[Place]:
    """Places in the user's home, to be read with the user's rights."""
    home = user.home.rstrip("/")
    if home.startswith("/"):
        yield from _user_scripts(host, home)
        yield from _user_settings(host, home)


def _names(host: Host, directory: str, suffix: str) -> Iterator[str]:
    for name in host.listdir(directory, 500):
        if name.endswith(suffix) and not name.startswith("."):
            yield f"{directory}/{name}"


def _system_scripts(host: Host) -> Iterator[Place]:
    yield Place("/etc/profile", "posix", "system", POSIX_LOGIN)
    for path in _names(host, "/etc/profile.d", ""):
        # Only *.sh is read by /etc/profile (*.csh by /etc/csh.login): a file with another name is a finding of its own.
        if path.endswith(".csh"):
            yield Place(path, "csh", "system", ("csh",))
        else:
            yield Place(path, "posix", "system", POSIX_LOGIN if path.endswith((".sh", "/sh.local")) else ())
    for path in ("/etc/bash.bashrc", "/etc/bashrc", "/etc/bash/bashrc"):
        yield Place(path, "bash", "system", ("bash",))
    yield Place(ksh_start.SYSTEM_RC, "posix", "system", ("ksh",))
    zsh = "/etc/zsh" if host.is_directory("/etc/zsh") else "/etc"
    for name in ZSH_NAMES:
        yield Place(f"{zsh}/{name}", "zsh", "system", ("zsh",))
    for directory in ("/etc/fish/conf.d", *FISH_VENDORS):
        for path in _names(host, directory, ".fish"):
            yield Place(path, "fish", "system", ("fish",))
    yield Place("/etc/fish/config.fish", "fish", "system", ("fish",))
    for path in ("/etc/csh.cshrc", "/etc/csh.login"):
        yield Place(path, "csh", "system", ("csh",))


def _system_settings(host: Host) -> Iterator[Place]:
    yield Place("/etc/environment", "pam-environment", "system", reader="pam_environment")
    yield Place("/etc/security/pam_env.conf", "pam-environment", "system", reader="pam_rules")
    yield Place("/etc/login.defs", "login.defs", "system", reader="login_definitions")
    for layer in LAYERS:
        for path in _names(host, f"{layer}/environment.d", ".conf"):
            if not host.readlink(path).endswith("/environment"):  # 99-environment.conf is /etc/environment once more
                yield Place(path, "systemd-environment", "system", reader="systemd_environment")
        for name in ("system.conf", "user.conf"):
            for path in (f"{layer}/systemd/{name}", *_names(host, f"{layer}/systemd/{name}.d", ".conf")):
                yield Place(path, "systemd-environment", "system", reader="manager_configuration")
    sudoers = "/etc/sudoers" if host.exists("/etc/sudoers") else "/usr/etc/sudoers"
    yield Place(sudoers, "sudoers", "system", reader="sudoers")
    for path in _names(host, "/etc/sudoers.d", ""):
        name = path.rpartition("/")[2]
        if "." not in name and not name.endswith("~"):
            yield Place(path, "sudoers", "system", reader="sudoers")
    configuration = session.sshd_configuration(host)
    for path in sshd.files(configuration, host.lines, host.listdir) if configuration else ():
        yield Place(path, "sshd_config", "system", reader="sshd_settings")
    yield Place("/etc/crontab", "crontab", "system", reader="cron")
    yield Place("/etc/anacrontab", "crontab", "system", reader="cron")
    for path in _names(host, "/etc/cron.d", ""):
        if crontab.RUN_PARTS_NAME.fullmatch(path.rpartition("/")[2]):
            yield Place(path, "crontab", "system", reader="cron")


def _user_scripts(host: Host, home: str) -> Iterator[Place]:
    yield Place(f"{home}/.bash_profile", "bash", "user", ("bash",))
    yield Place(f"{home}/.bash_login", "bash", "user", ("bash",))
    yield Place(f"{home}/.profile", "posix", "user", POSIX_LOGIN)
    yield Place(f"{home}/.bashrc", "bash", "user", ("bash",))
    for name in (".kshrc", ".mkshrc"):
        yield Place(f"{home}/{name}", "posix", "user", ("ksh",))
    for name in ZSH_NAMES:
        yield Place(f"{home}/.{name}", "zsh", "user", ("zsh",))
    configuration = f"{home}/.config/fish"
    for path in _names(host, f"{configuration}/conf.d", ".fish"):
        yield Place(path, "fish", "user", ("fish",))
    yield Place(f"{configuration}/config.fish", "fish", "user", ("fish",))
    yield Place(f"{configuration}/fish_variables", "fish", "user", ("fish",), reader="fish_variables")
    for name in (".tcshrc", ".cshrc", ".login"):
        yield Place(f"{home}/{name}", "csh", "user", ("csh",))


def _user_settings(host: Host, home: str) -> Iterator[Place]:
    yield Place(f"{home}/.pam_environment", "pam-environment", "user", reader="pam_environment")
    yield Place(f"{home}/.ssh/environment", "pam-environment", "user", reader="ssh_environment")
    for path in _names(host, f"{home}/.config/environment.d", ".conf"):
        yield Place(path, "systemd-environment", "user", reader="systemd_environment")
