"""Which start-up files a shell reads, in which order: followed on paper. Pure.

Sources: bash(1) INVOCATION, zsh(1) STARTUP/SHUTDOWN FILES, dash(1) Invocation, fish(1) and its share/config.fish, ksh(1), mksh(1), tcsh(1);
measured with strace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.shells import csh_start, ksh_start
from gosteward.shells.csh_run import CshRun
from gosteward.shells.fish_run import FishRun
from gosteward.shells.posix_expansion import expand
from gosteward.shells.posix_run import PosixRun

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.shells.shell_state import ShellState, World
    from gosteward.snapshot import EnvironmentVariable

BASH_PROFILES = (".bash_profile", ".bash_login", ".profile")
FISH_VENDORS = ("/usr/share/fish/vendor_conf.d", "/usr/local/share/fish/vendor_conf.d")


class Invocation(NamedTuple):
    """How a shell is started.

    Attributes:
        shell: "bash", "sh", "zsh", "fish", or a name of a Korn or C shell.   real: name of the program behind it ("dash", "bash" for sh).
        ssh_command: bash that sshd starts for a command, built to read ~/.bashrc then.
        system_rc: the bashrc of the system that this bash was built with, "" for none.
        collecting: note every program that is called.
    """

    shell: str
    real: str = ""
    login: bool = False
    interactive: bool = False
    ssh_command: bool = False
    system_rc: str = ""
    collecting: bool = False


def started(
    how: Invocation, world: World, first: Iterable[EnvironmentVariable], texts: dict[str, list[str]]
) -> FishRun | PosixRun | CshRun:
    """A shell with its first environment, before any file is read."""
    if how.shell in csh_start.NAMES:
        return CshRun(world, first, texts)
    if how.shell == "fish":
        return FishRun(world, first, texts, interactive=how.interactive, login=how.login)
    run = PosixRun(
        world, first, texts, shell=how.shell, interactive=how.interactive, login=how.login, collecting=how.collecting
    )
    if how.shell == "sh" and how.real.startswith("bash") and not how.interactive:
        run.variables.pop("PS1", None)
    return run


def read_files(how: Invocation, run: FishRun | PosixRun | CshRun) -> None:
    """Let a shell read its start-up files. May raise StoppedError: then `run.ending` says where it ended."""
    if isinstance(run, FishRun):
        _fish(run)
    elif isinstance(run, CshRun):
        _csh(how, run)
    elif how.shell in ksh_start.NAMES:
        _ksh(how, run)
    elif how.shell == "zsh":
        _zsh(how, run)
    elif how.shell == "bash":
        _bash(how, run)
    else:
        _sh(how, run)


def _home(run: ShellState) -> str:
    return (run.get("HOME") or run.world.home).rstrip("/")


def _bash(how: Invocation, run: PosixRun) -> None:
    home = _home(run)
    if how.login:
        run.source("/etc/profile")
        # The first that is there, readable or not: an unreadable ~/.bash_profile keeps ~/.profile from being read.
        found = next((name for name in BASH_PROFILES if run.world.file_test("-e", f"{home}/{name}")), "")
        if found:
            run.source(f"{home}/{found}")
    elif how.interactive or how.ssh_command:
        if how.system_rc:
            run.source(how.system_rc)
        run.source(f"{home}/.bashrc")
    else:
        _named(run, "BASH_ENV")


def _sh(how: Invocation, run: PosixRun) -> None:
    if how.login:
        run.source("/etc/profile")
        run.source(f"{_home(run)}/.profile")
    if how.interactive:
        _named(run, "ENV")


def _ksh(how: Invocation, run: PosixRun) -> None:
    if how.login:
        run.source("/etc/profile")
        run.source(f"{_home(run)}/.profile")
    if how.interactive:
        own = ksh_start.own_rc(how.real or how.shell)
        if own == ".kshrc":
            run.source(ksh_start.SYSTEM_RC)
        if run.get("ENV"):
            _named(run, "ENV")
        else:
            run.source(f"{_home(run)}/{own}")


def _csh(how: Invocation, run: CshRun) -> None:
    home = _home(run)
    there = bool(run.world.file_test("-e", f"{home}/.tcshrc"))
    for path in csh_start.files(home, login=how.login, tcsh=how.real.startswith("tcsh"), has_tcshrc=there):
        run.source(path)


def _named(run: PosixRun, name: str) -> None:
    """Read the file that a variable names."""
    path = expand(run.get(name) or "", run)
    if path.startswith("/"):
        run.source(path)


def zsh_directory(world: World) -> str:
    """Where the system's files of zsh lie: Debian and Arch have /etc/zsh, others /etc."""
    return "/etc/zsh" if world.file_test("-d", "/etc/zsh") else "/etc"


def _zsh(how: Invocation, run: PosixRun) -> None:
    system = zsh_directory(run.world)
    names = ["zshenv"]
    names += ["zprofile"] if how.login else []
    names += ["zshrc"] if how.interactive else []
    names += ["zlogin"] if how.login else []
    for name in names:
        run.source(f"{system}/{name}")
        directory = run.get("ZDOTDIR") or _home(run)
        run.source(f"{directory.rstrip('/')}/.{name}")


def fish_files(world: World, configuration: str) -> tuple[str, ...]:
    """conf.d files and the two config.fish, in order; of several with one name the user's wins, then the administrator's.

    Args:
        configuration: the user's fish directory, usually ~/.config/fish.
    """
    chosen: dict[str, str] = {}
    for directory in (f"{configuration}/conf.d", "/etc/fish/conf.d", *FISH_VENDORS):
        for path in world.glob(f"{directory}/*.fish"):
            chosen.setdefault(path.rpartition("/")[2], path)
    return (*chosen.values(), "/etc/fish/config.fish", f"{configuration}/config.fish")


def _fish(run: FishRun) -> None:
    base = run.get("XDG_CONFIG_HOME") or f"{_home(run)}/.config"
    configuration = f"{base.rstrip('/')}/fish"
    run.universal_variables(f"{configuration}/fish_variables")
    for path in fish_files(run.world, configuration):
        run.source(path)
