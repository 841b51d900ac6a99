"""Which go programs a job really calls, and with which PATH: through `sh -c`, wrappers, scripts and login shells."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.shells import startup_order
from gosteward.shells.command_words import shell_call, started
from gosteward.shells.posix_expansion import UNKNOWN
from gosteward.shells.posix_run import PosixRun
from gosteward.shells.shell_state import Call, StoppedError, Value
from gosteward.snapshot import EnvironmentVariable

if TYPE_CHECKING:
    from gosteward.probes.host_world import HostWorld
    from gosteward.shells.command_words import ShellCall
    from gosteward.snapshot import Location, PathEntry

GO_NAMES = ("go", "gofmt")
DEPTH_LIMIT = 4
CALLS_LIMIT = 2000
SCRIPTS_LIMIT = 20
NAMES_LIMIT = 10
SYSTEM_RCS = ("/etc/bash.bashrc", "/etc/bashrc", "/etc/bash/bashrc")
SHEBANG_SHELLS = ("sh", "bash", "dash", "zsh", "ash")
# Programs of packages are not looked into: they are many, and do not call the user's go.
PACKAGED = ("/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/", "/usr/lib/", "/lib/", "/usr/share/", "/usr/libexec/")


class Findings(NamedTuple):
    """What a job calls.

    Attributes:
        calls: bare names of go, gofmt and programs installed by go, each once.
        uses_go: go itself is called, by name or path.   runs_installed: a program installed by go is.
        entries: PATH at the first bare call, None if there is none.   environment: at the first of these calls.
        directory: current directory then, "" if unknown.
    """

    calls: tuple[str, ...] = ()
    uses_go: bool = False
    runs_installed: bool = False
    entries: tuple[PathEntry, ...] | None = None
    environment: dict[str, Value] | None = None
    directory: str = ""


class Follower:
    """Follows the commands of jobs on paper, for one account.

    Args:
        world: the host as that account sees it.   installed: directories into which go installs programs.
        texts: lines of the files that jobs are written in, by path.
        field: of the gap that is left where the time for reading is up.
    """

    def __init__(self, world: HostWorld, installed: tuple[str, ...], texts: dict[str, list[str]], field: str) -> None:
        self.field = field
        self.world = world
        self.installed = installed
        self.names = frozenset(name for directory in installed for name in world.host.listdir(directory, 500))
        self.texts = texts
        self.system_rc = next((path for path in SYSTEM_RCS if world.file_test("-e", path)), "")
        self.scripts = 0
        self.found: list[Call] = []

    def command_line(
        self, shell: str, text: str, place: Location, first: tuple[EnvironmentVariable, ...], directory: str
    ) -> Findings:
        """A line that cron or `sh -c` hands to a shell."""
        self.scripts, self.found = 0, []
        self._shell(startup_order.Invocation(shell=shell, collecting=True), first, directory, 0, text, place)
        return self._findings()

    def program(
        self,
        words: tuple[str, ...],
        place: Location,
        environment: dict[str, Value],
        entries: tuple[PathEntry, ...],
        directory: str,
    ) -> Findings:
        """A program that systemd starts."""
        self.scripts, self.found = 0, []
        run = started(words)
        if run.name:
            inner = {} if run.clean else dict(environment)
            inner.update({name: Value(text, exported=True, sources=(place,)) for name, text in run.assignments})
            self._call(Call(run.name, run.arguments, None if run.elsewhere else entries, directory, place, inner), 0)
        return self._findings()

    def _shell(
        self,
        how: startup_order.Invocation,
        first: tuple[EnvironmentVariable, ...],
        directory: str,
        depth: int,
        text: str,
        place: Location | None,
        script: str = "",
    ) -> None:
        """Follow a shell and then what it calls."""
        shell = how.shell if how.shell in ("bash", "zsh") else "sh"
        how = how._replace(shell=shell, system_rc=self.system_rc if shell == "bash" else "")
        run = startup_order.started(how, self.world, first, self.texts)
        if not isinstance(run, PosixRun):
            return
        run.directory = directory
        try:
            startup_order.read_files(how, run)
            run.calls = []  # what start-up files call is not the job's
            if script:
                run.source(script)
            elif place is not None:
                run.text(text, place.path, place.line)
        except StoppedError:
            pass
        for call in run.calls[:CALLS_LIMIT]:
            self._call(call, depth)

    def _call(self, call: Call, depth: int) -> None:
        if len(self.found) >= CALLS_LIMIT or UNKNOWN in call.name or self.world.host.reading_time.is_up(self.field):
            return
        base = call.name.rpartition("/")[2]
        if self.is_go(call.name) or self.is_installed(call.name):
            self.found.append(call)
            return
        if depth >= DEPTH_LIMIT:
            return
        inner = shell_call(call.name, call.arguments)
        if inner is not None:
            self._inner_shell(inner, call, depth)
        elif base == "run-parts":
            directories = [argument for argument in call.arguments if argument.startswith("/")]
            for directory in directories[-1:]:
                for name in self.world.host.listdir(directory, 100):
                    if "." not in name:
                        self._script(f"{directory.rstrip('/')}/{name}", call, depth)
        else:
            path = self.path_of(call)
            if path and not path.startswith(PACKAGED):
                self._script(path, call, depth)

    def is_go(self, name: str) -> bool:
        """Whether it is go or gofmt, by a bare name or by a path."""
        return name.rpartition("/")[2] in GO_NAMES

    def is_installed(self, name: str) -> bool:
        """A program that go installed, by a bare name or by a path."""
        return name in self.names or name.rpartition("/")[0] in self.installed

    def path_of(self, call: Call) -> str:
        """Where a program lies, "" if it is not found."""
        if call.name.startswith("/"):
            return call.name
        if "/" in call.name:
            return f"{call.directory.rstrip('/')}/{call.name.removeprefix('./')}" if call.directory else ""
        for entry in call.entries or ():
            path = f"{entry.directory}/{call.name}"
            if entry.directory.startswith("/") and self.world.file_test("-f", path):
                return path
        return ""

    def _inner_shell(self, inner: ShellCall, call: Call, depth: int) -> None:
        if inner.script:
            script = call._replace(name=inner.script)
            path = (
                self.path_of(script)
                if "/" in inner.script or not call.directory
                else f"{call.directory}/{inner.script}"
            )
            self._script(path, call, depth, shell=inner.shell)
            return
        how = startup_order.Invocation(
            shell=inner.shell, login=inner.login, interactive=inner.interactive, collecting=True
        )
        before = len(self.found)
        self._shell(how, self._environment(call), call.directory, depth + 1, inner.text, call.location)
        if call.entries is None:  # under another account the PATH is another one
            self.found[before:] = [found._replace(entries=None) for found in self.found[before:]]

    def _environment(self, call: Call) -> tuple[EnvironmentVariable, ...]:
        found = [
            EnvironmentVariable(name=name, value=value.text, sources=value.sources)
            for name, value in call.environment.items()
            if UNKNOWN not in value.text and name != "PATH"
        ]
        path = call.environment.get("PATH")
        if path is not None and UNKNOWN not in path.text:
            found.append(EnvironmentVariable(name="PATH", value=path.text, sources=path.sources))
        return tuple(found)

    def _script(self, path: str, call: Call, depth: int, shell: str = "") -> None:
        """Follow a script of a shell; other programs and other languages are not looked into."""
        if not path.startswith("/") or self.scripts >= SCRIPTS_LIMIT or depth >= DEPTH_LIMIT:
            return
        lines = self.world.lines(path)
        first = lines[0] if lines else ""
        if not shell:
            words = first[2:].split() if first.startswith("#!") else []
            program = words[0].rpartition("/")[2] if words else ""
            program = next((w for w in words[1:] if not w.startswith("-")), "") if program == "env" else program
            shell = program
        if shell not in SHEBANG_SHELLS or not lines:
            return
        self.scripts += 1
        how = startup_order.Invocation(
            shell=shell, login=" -l" in first[:80] and first.startswith("#!"), collecting=True
        )
        before = len(self.found)
        self._shell(how, self._environment(call), call.directory, depth + 1, "", call.location, script=path)
        if call.entries is None:
            self.found[before:] = [found._replace(entries=None) for found in self.found[before:]]

    def _findings(self) -> Findings:
        bare = [call for call in self.found if "/" not in call.name and call.entries is not None]
        first = next(iter(bare), None)
        # A call of go tells more than one of a program that go installed.
        first = next((call for call in bare if call.name in GO_NAMES), first)
        any_call = first if first is not None else next(iter(self.found), None)
        return Findings(
            calls=tuple(dict.fromkeys(call.name for call in bare))[:NAMES_LIMIT],
            uses_go=any(self.is_go(call.name) for call in self.found),
            runs_installed=any(self.is_installed(call.name) for call in self.found),
            entries=first.entries if first is not None else None,
            environment=any_call.environment if any_call is not None else None,
            directory=any_call.directory if any_call is not None else "",
        )
