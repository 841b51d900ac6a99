"""What systemd's managers hand to every service: the built-in PATH, DefaultEnvironment= and environment.d."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.shells import systemd
from gosteward.shells.user_files import as_user
from gosteward.snapshot import EnvironmentVariable, Location

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.shells.assignment import Assignment
    from gosteward.snapshot import User

# From the strongest to the weakest.
LAYERS = ("/etc", "/run", "/usr/local/lib", "/usr/lib")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
SPLIT_SYSTEM_PATH = SYSTEM_PATH + ":/sbin:/bin"
DEBIAN_USER_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"


def built_in_path(host: Host, *, debian: bool) -> str:
    """The compiled-in list: first PATH of system services, and where managers look for a program named without a path."""
    split = debian or not host.readlink("/bin")
    return SPLIT_SYSTEM_PATH if split else SYSTEM_PATH


def system_environment(host: Host, *, debian: bool) -> dict[str, EnvironmentVariable]:
    """Variables that a system service gets when its unit sets nothing."""
    found = {"PATH": built_in("PATH", built_in_path(host, debian=debian))}
    _apply_defaults(host, found, "system.conf", ("DefaultEnvironment",))
    return found


def user_environment(host: Host, user: User, *, debian: bool) -> dict[str, EnvironmentVariable]:
    """Variables that a service of the user's own manager gets when its unit sets nothing."""
    found = {"PATH": built_in("PATH", DEBIAN_USER_PATH if debian else SYSTEM_PATH)}
    for name, value in (("HOME", user.home), ("USER", user.name), ("LOGNAME", user.name), ("SHELL", user.shell)):
        found[name] = built_in(name, value)
    _apply_defaults(host, found, "user.conf", ("ManagerEnvironment", "DefaultEnvironment"))
    _apply_environment_d(host, user, found)
    return found


def built_in(name: str, value: str) -> EnvironmentVariable:
    """A variable that systemd sets by itself."""
    return EnvironmentVariable(name=name, value=value, sources=(Location("built in: systemd"),))


def drop_ins(host: Host, directories: tuple[str, ...]) -> tuple[str, ...]:
    """*.conf files of directories from the strongest to the weakest: sorted by base name, the strongest of a name only."""
    found: dict[str, str] = {}
    for directory in directories:
        for name in host.listdir(directory, 500):
            if name.endswith(".conf") and not name.startswith("."):
                found.setdefault(name, f"{directory}/{name}")
    return tuple(path for _, path in sorted(found.items()) if host.readlink(path) != "/dev/null")


def _apply_defaults(host: Host, found: dict[str, EnvironmentVariable], name: str, keys: tuple[str, ...]) -> None:
    main = next((path for layer in LAYERS if host.exists(path := f"{layer}/systemd/{name}")), "")
    paths = (main, *drop_ins(host, tuple(f"{layer}/systemd/{name}.d" for layer in LAYERS)))
    entries = [entry for path in paths if path for entry in systemd.entries(path, host.lines(path))]
    for key in keys:
        for entry in systemd.values(entries, key, section="Manager"):
            for assignment in systemd.assignments(entry):
                found[assignment.name] = variable(assignment, entry.path)


def variable(assignment: Assignment, path: str) -> EnvironmentVariable:
    """A variable with the line of a file that sets it."""
    place = Location(path=path, line=assignment.line, text=assignment.text)
    return EnvironmentVariable(name=assignment.name, value=assignment.value, sources=(place,))


def _apply_environment_d(host: Host, user: User, found: dict[str, EnvironmentVariable]) -> None:
    home = f"{user.home.rstrip('/')}/.config/environment.d"
    for path in drop_ins(host, (home, *(f"{layer}/environment.d" for layer in LAYERS))):
        with as_user(host, user if path.startswith(home) else None):
            lines, real = host.lines(path), host.realpath(path)
        for assignment in systemd.environment_file(lines):
            known = {name: entry.value for name, entry in found.items()}
            value = systemd.expanded(assignment.value, known)
            place = real if real.startswith("/etc/") else path  # 99-environment.conf is a link to /etc/environment
            found[assignment.name] = variable(assignment._replace(value=value), place)
