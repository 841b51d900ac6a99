"""The two command lines for each start of a shell, plain and traced, and how the trace is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.host.commands import Job
from gosteward.probes.shell_starts import UNTRACED, environment
from gosteward.shells import bash_trace, csh_start, dash_trace, fish_profile, fish_trace, ksh_start, xtrace, zsh_trace

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.probes.shell_starts import Start
    from gosteward.snapshot import User


def jobs(start: Start, user: User, nonce: str, seconds: float) -> tuple[Job, Job]:
    """The traced and the plain run of a context; for a shell that is not traced twice the same.

    Args:
        user: the account that it runs as.   nonce: marks the answer, so that no start-up file can give it.
        seconds: limit of each run.
    """
    values = environment(start, user)
    if start.shell in UNTRACED:
        job = Job(f"{start.name}:plain", start.program, _untraced(start, nonce), (*values.items(),), seconds)
        return job, job
    make = {"zsh": _zsh, "fish": _fish, "sh": _sh}.get(start.shell, _bash)
    plain, (program, argv, changes) = make(start, user, nonce, values)
    traced_values = {name: value for name, value in {**values, **changes}.items() if value is not None}
    plain_argv = (start.shell, *_flags(start), "-c", plain)
    return (
        Job(f"{start.name}:traced", program, argv, (*traced_values.items(),), seconds),
        Job(f"{start.name}:plain", start.program, plain_argv, (*values.items(),), seconds),
    )


# program, argv, and what changes in the environment (None: removed)
_Traced = tuple[str, tuple[str, ...], "dict[str, str | None]"]


def _flags(start: Start) -> tuple[str, ...]:
    return (("-l",) if start.login else ()) + (("-i",) if start.interactive else ())


def _untraced(start: Start, nonce: str) -> tuple[str, ...]:
    """A dash in front of its name makes a login shell of each of them."""
    speak = csh_start.command if start.shell in csh_start.NAMES else ksh_start.command
    name = f"-{start.shell}" if start.login else start.shell
    return (name, *(("-i",) if start.interactive else ()), "-c", speak(nonce, start.env))


def _bash(start: Start, user: User, nonce: str, values: dict[str, str]) -> tuple[str, _Traced]:
    plain = bash_trace.plain_command(nonce, start.env)
    end = bash_trace.traced_command(nonce, start.env)
    if user.uid:
        changes: dict[str, str | None] = {"PS4": bash_trace.PS4, "BASH_XTRACEFD": "9"}
        return plain, (start.program, (start.shell, *_flags(start), "-x", "-c", end), changes)
    remote = start.kind == "ssh-command" and start.finds_sshd
    bash_env = values.get("BASH_ENV", "")
    replay = bash_trace.replay(start.login, start.interactive, remote, start.system_rc, bash_env)
    argv = ("bash", "--noprofile", "--norc", *_flags(start), "-c", replay + end)
    return plain, (start.program, argv, {"BASH_ENV": None})


def _sh(start: Start, user: User, nonce: str, values: dict[str, str]) -> tuple[str, _Traced]:
    """A bash named sh traces itself, except root's; other shells are played by a bash, or trace what they can."""
    is_bash = start.real.startswith("bash")
    plain = bash_trace.plain_command(nonce, start.env) if is_bash else dash_trace.plain_command(nonce, start.env)
    if is_bash and user.uid:
        return plain, _bash(start, user, nonce, values)[1]
    player = start.program if is_bash else start.helper
    if not player:
        changes: dict[str, str | None] = {"PS4": dash_trace.PS4}
        return plain, (start.program, ("sh", "-x", *_flags(start), "-c", plain), changes)
    env_file = values.get("ENV", "") if start.interactive else ""
    replay = bash_trace.posix_replay(start.login, env_file, own_name=is_bash, prompt=start.real == "dash")
    end = bash_trace.traced_command(nonce, start.env)
    interactive = ("-i",) if start.interactive else ()
    argv = ("bash", "--posix", "--noprofile", "--norc", *interactive, "-c", replay + end, "sh")
    return plain, (player, argv, {"ENV": None, "BASH_ENV": None})


def _zsh(start: Start, user: User, nonce: str, values: dict[str, str]) -> tuple[str, _Traced]:
    del user, values
    end = zsh_trace.traced_command(nonce, start.env)
    argv = ("zsh", "-o", "promptsubst", "-x", *_flags(start), "-c", end)
    return zsh_trace.plain_command(nonce, start.env), (start.program, argv, {"PS4": zsh_trace.PS4})


def _fish(start: Start, user: User, nonce: str, values: dict[str, str]) -> tuple[str, _Traced]:
    del user, values
    profile = (fish_profile.FLAG,) if start.profiles else ()
    argv = ("fish", *profile, *_flags(start), "-c", fish_trace.traced_command(nonce, start.env))
    changes: dict[str, str | None] = {"fish_trace": "1", fish_trace.HOOK_SWITCH: "1"}
    return fish_trace.plain_command(nonce, start.env), (start.program, argv, changes)


def files(starts: tuple[Start, ...], user: User) -> tuple[tuple[str, str], ...]:
    """Path and text of files that the shells have to find: fish's hook."""
    directories = {fish_directory(start, user) for start in starts if start.shell == "fish"}
    return tuple((f"{directory}/conf.d/{fish_trace.HOOK_NAME}", fish_trace.hook()) for directory in sorted(directories))


def fish_directory(start: Start, user: User) -> str:
    """Where fish keeps this user's configuration."""
    values = environment(start, user)
    configuration = values.get("XDG_CONFIG_HOME") or f"{values.get('HOME', '').rstrip('/')}/.config"
    return f"{configuration.rstrip('/')}/fish"


def records(start: Start, user: User, log: str, lines_of: Callable[[str], list[str]]) -> list[xtrace.Record]:
    """The records in the log of the traced run.

    Args:
        lines_of: lines of a file, read with the user's rights.
    """
    if start.shell == "fish":
        return fish_trace.records(log, user.home, fish_directory(start, user), lines_of)
    if start.shell == "sh" and not start.helper and not start.real.startswith("bash"):
        read = ("/etc/profile", f"{user.home}/.profile") if start.login else ()
        return dash_trace.records(log, read, lines_of)
    return xtrace.parse(log)


def seconds(start: Start, user: User, log: str, lines_of: Callable[[str], list[str]]) -> dict[tuple[str, int], float]:
    """Seconds that lines took, by file and line, for a shell whose records have no clock; {} for the others."""
    return fish_profile.seconds(log, user.home, lines_of) if start.shell == "fish" else {}
