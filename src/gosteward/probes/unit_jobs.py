"""systemd services that run go: one context for each, with the environment that systemd gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.probes.cron_jobs import entries_of, installed_directories, recorded
from gosteward.probes.host_world import HostWorld
from gosteward.probes.job_calls import Findings, Follower
from gosteward.shells import systemd, systemd_manager, unit_file
from gosteward.shells.session import is_debian
from gosteward.shells.shell_state import Value
from gosteward.shells.user_files import as_user
from gosteward.snapshot import Context, EnvironmentVariable, Location, User

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.host.reading import Host
    from gosteward.probes.cron_jobs import AccountOf
    from gosteward.shells.unit_file import CommandLine, Unit
    from gosteward.snapshot import PathEntry

    Environment = dict[str, EnvironmentVariable]

SYSTEM_DIRECTORIES = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
)
USER_DIRECTORIES = ("/etc/systemd/user", "/run/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user")
# Units of packages: looked into only where they mention go.
PACKAGED = ("/usr/lib/", "/lib/")
UNITS_LIMIT = 2000
CONTEXTS_LIMIT = 50
# Of a unit and its drop-ins together; nobody writes such a unit.
LINES_LIMIT = 20_000
MANAGERS = ("/usr/lib/systemd/systemd", "/lib/systemd/systemd")


class _File(NamedTuple):
    """A unit by name, with its drop-ins in the order in which they are read."""

    name: str
    path: str
    drop_ins: tuple[str, ...]


def present(host: Host) -> bool:
    """Whether systemd is installed."""
    return any(host.exists(path) for path in MANAGERS)


def collect(host: Host, user: User, account_of: AccountOf) -> tuple[Context, ...]:
    """Services that run go or a program that go installed, of the system's manager and of the user's own."""
    debian = is_debian(host)
    root = account_of("root") or User(name="root", home="/root")
    system = _Manager(host, user, root, account_of, SYSTEM_DIRECTORIES, own=False)
    system.defaults = systemd_manager.system_environment(host, debian=debian)
    contexts = list(system.contexts())
    home = user.home.rstrip("/")
    if home.startswith("/"):
        own = _Manager(host, user, user, account_of, (f"{home}/.config/systemd/user", *USER_DIRECTORIES), own=True)
        own.defaults = systemd_manager.user_environment(host, user, debian=debian)
        taken = {context.name for context in contexts}
        for context in own.contexts():
            name = context.name if context.name not in taken else f"systemd-user:{context.name.partition(':')[2]}"
            contexts.append(context._replace(name=name))
    return tuple(contexts[:CONTEXTS_LIMIT])


def _drop_in_directories(name: str) -> Iterator[str]:
    """Names of directories with drop-ins for a service, the strongest first: its own, of those that begin alike, of all services.

    Source: systemd.unit(5), "foo-bar-baz.service": foo-bar-baz.service.d, foo-bar-.service.d, foo-.service.d, service.d.
    """
    stem = name[: -len(".service")]
    yield f"{name}.d"
    if "@" in stem:
        yield f"{stem.partition('@')[0]}@.service.d"
    parts = stem.split("-")
    yield from ("-".join((*parts[:count], ".service.d")) for count in range(len(parts) - 1, 0, -1))
    yield "service.d"


class _Manager:
    """The units of one manager.

    Args:
        account: whom its services run as where they do not say.   own: it is the user's manager.
    """

    def __init__(
        self, host: Host, user: User, account: User, account_of: AccountOf, directories: tuple[str, ...], *, own: bool
    ) -> None:
        self.host = host
        self.user = user
        self.account = account
        self.account_of = account_of
        self.directories = directories
        self.own = own
        self.defaults: Environment = {}
        self.followers: dict[str, Follower] = {}

    def contexts(self) -> Iterator[Context]:
        for file in self.files():
            context = self.context(file)
            if self.host.reading_time.is_up("units"):  # this one may not have been followed to its end
                return
            if context is not None:
                yield context

    def in_home(self, path: str) -> User | None:
        return self.user if self.own and path.startswith(f"{self.user.home.rstrip('/')}/") else None

    def lines(self, path: str) -> list[str]:
        with as_user(self.host, self.in_home(path)):
            return self.host.lines(path)

    def names(self, directory: str) -> list[str]:
        with as_user(self.host, self.in_home(directory)):
            return self.host.listdir(directory, UNITS_LIMIT)

    def files(self) -> Iterator[_File]:
        """Each service once, from the strongest directory; aliases and masked units are left out."""
        chosen: dict[str, str] = {}
        directories: dict[str, list[str]] = {}
        for directory in self.directories:
            for name in self.names(directory):
                path = f"{directory}/{name}"
                if name == "service.d" or name.endswith(".service.d"):
                    directories.setdefault(name, []).append(path)
                elif name.endswith(".service"):
                    chosen.setdefault(name, path)
        for name, path in sorted(chosen.items()):
            with as_user(self.host, self.in_home(path)):
                target = self.host.readlink(path)
            if target == "/dev/null" or (target and target.rpartition("/")[2] != name):
                continue
            places = [place for owner in _drop_in_directories(name) for place in directories.get(owner, ())]
            yield _File(name, path, self.drop_ins(places))

    def drop_ins(self, places: list[str]) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for directory in places:
            for name in self.names(directory):
                if name.endswith(".conf") and not name.startswith("."):
                    found.setdefault(name, f"{directory}/{name}")
        return tuple(path for _, path in sorted(found.items()))

    def context(self, file: _File) -> Context | None:
        texts: dict[str, list[str]] = {}
        for path in (file.path, *file.drop_ins):
            texts[path] = self.lines(path)
            if sum(map(len, texts.values())) > LINES_LIMIT or self.host.reading_time.is_up("units"):
                return None
        packaged = file.path.startswith(PACKAGED)
        if packaged and not any(unit_file.mentions_go("\n".join(lines)) for lines in texts.values()):
            return None
        entries = [entry for path, lines in texts.items() for entry in systemd.entries(path, lines)]
        unit = unit_file.unit(entries, self.specifiers(file.name))
        account = self.run_as(unit)
        if account is None or not unit.commands:
            return None
        environment = self.environment(unit, account)
        found, command, direct = self.calls(unit, account, environment)
        if command is None:
            return None
        search = entries_of(environment.get("PATH"))
        if direct:
            search = self.built_in(unit)
        elif found.entries is not None:
            search = found.entries
        return Context(
            name=f"systemd:{file.name}",
            kind="systemd-user" if self.own else "systemd",
            own=self.own or account.uid in (0, self.user.uid),
            search_path=search,
            path_unset="PATH" not in environment,
            variables=recorded(environment, found),
            files_read=tuple(texts),
            command=command.shown[:1000],
            location=Location(command.entry.path, command.entry.line, command.entry.text),
            directory=found.directory or self.directory(unit, account),
            run_as=account.name,
            calls=found.calls,
            uses_go=found.uses_go,
            direct=direct,
        )

    def specifiers(self, name: str) -> dict[str, str]:
        stem = name[: -len(".service")]
        prefix, _, instance = stem.partition("@")
        runtime = f"/run/user/{self.user.uid}" if self.own else "/run"
        home = self.account.home.rstrip("/")
        places = {
            "t": runtime, "S": f"{home}/.local/state" if self.own else "/var/lib", "C": f"{home}/.cache" if self.own else "/var/cache",
            "L": f"{home}/.local/state/log" if self.own else "/var/log", "E": f"{home}/.config" if self.own else "/etc",
        }  # fmt: skip
        return {
            "n": name, "N": stem, "p": prefix, "i": instance, "I": instance, "h": self.account.home, "u": self.account.name,
            "U": str(self.account.uid), "s": self.account.shell, "T": "/tmp", "V": "/var/tmp", **places,
        }  # fmt: skip

    def run_as(self, unit: Unit) -> User | None:
        if self.own or not unit.user:
            return self.account
        return self.account_of(unit.user)

    def directory(self, unit: Unit, account: User) -> str:
        if unit.directory == "~":
            return account.home
        return unit.directory or (account.home if self.own else "/")

    def environment(self, unit: Unit, account: User) -> Environment:
        """What systemd hands to the service, in its order: defaults, account, PassEnvironment, Environment, files, unset.

        Source: systemd.exec(5) "ENVIRONMENT VARIABLES IN SPAWNED PROCESSES". HOME comes only with User=, or in a user's manager.
        """
        found = dict(self.defaults)
        if unit.search is not None:
            entry = unit.search[1]
            found["PATH"] = EnvironmentVariable("PATH", unit.search[0], (Location(entry.path, entry.line, entry.text),))
        explicit = bool(unit.user) or unit.sets_login in ("yes", "true", "1", "on")
        if explicit and not self.own and not unit.dynamic and unit.sets_login not in ("no", "false", "0", "off"):
            place = Location("built in: systemd")
            pairs = (
                ("HOME", account.home),
                ("USER", account.name),
                ("LOGNAME", account.name),
                ("SHELL", account.shell),
            )
            found.update({name: EnvironmentVariable(name, value, (place,)) for name, value in pairs})
        for entry in unit.environment:
            for assignment in systemd.assignments(entry):
                found[assignment.name] = systemd_manager.variable(assignment, entry.path)
        for path, _, _ in unit.environment_files:
            if path.startswith("/"):
                for assignment in systemd.environment_file(self.lines(path)):
                    found[assignment.name] = systemd_manager.variable(assignment, path)
        for name in unit.unset:
            variable, is_set, value = name.partition("=")
            if variable in found and (not is_set or found[variable].value == value):
                del found[variable]
        return found

    def built_in(self, unit: Unit) -> tuple[PathEntry, ...]:
        """Where systemd seeks a program that is named without a path."""
        if unit.search is not None:
            entry = unit.search[1]
            path = EnvironmentVariable("PATH", unit.search[0], (Location(entry.path, entry.line, entry.text),))
        else:
            value = systemd_manager.built_in_path(self.host, debian=is_debian(self.host))
            path = systemd_manager.built_in("PATH", value)
        return entries_of(path)

    def calls(self, unit: Unit, account: User, environment: Environment) -> tuple[Findings, CommandLine | None, bool]:
        """The first command that has to do with go, what it calls, and whether systemd itself seeks the program."""
        follower = self.follower(account)
        values = {name: entry.value for name, entry in environment.items()}
        held = {name: Value(entry.value, exported=True, sources=entry.sources) for name, entry in environment.items()}
        path = entries_of(environment.get("PATH"))
        directory = self.directory(unit, account)
        for command in unit.commands:
            words = unit_file.argv(command, values)
            if not words:
                continue
            place = Location(command.entry.path, command.entry.line, command.entry.text)
            with as_user(self.host, account):
                if command.by_shell:
                    shell = account.shell.rpartition("/")[2]
                    found = follower.command_line(shell, " ".join(words), place, tuple(environment.values()), directory)
                else:
                    found = follower.program(words, place, held, path, directory)
            if found.uses_go or found.runs_installed:
                direct = not command.by_shell and "/" not in words[0] and found.calls[:1] == (words[0],)
                return found, command, direct
        return Findings(), None, False

    def follower(self, account: User) -> Follower:
        if account.name not in self.followers:
            with as_user(self.host, account):
                self.followers[account.name] = Follower(
                    HostWorld(self.host, account), installed_directories(account), {}, "units"
                )
        return self.followers[account.name]
