"""Jobs of cron: one context for each, with the PATH and the variables that are in force at its line."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Callable, NamedTuple, Optional

from gosteward.probes.host_world import HostWorld
from gosteward.probes.job_calls import Findings, Follower
from gosteward.probes.startup_places import CRON_TABLES
from gosteward.shells import crontab
from gosteward.shells.session import first_environment
from gosteward.shells.systemd_manager import variable
from gosteward.shells.trace_attribution import interesting
from gosteward.shells.user_files import as_user
from gosteward.snapshot import Context, EnvironmentVariable, Gap, Location, PathEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gosteward.host.reading import Host
    from gosteward.shells.shell_state import Value
    from gosteward.snapshot import User

    AccountOf = Callable[[str], Optional[User]]

JOBS_LIMIT = 50
JOBS_LOOKED_AT = 500
TEXT_LIMIT = 300
_ANACRON = re.compile(r"(?:\d{1,6}|@[a-z]+)\s+\d{1,6}\s+\S+\s+(\S.*)")


class _Job(NamedTuple):
    path: str
    line: int
    text: str
    user: str
    command: str
    variables: dict[str, EnvironmentVariable]


def collect(host: Host, user: User, account_of: AccountOf) -> tuple[tuple[Context, ...], tuple[Gap, ...]]:
    """Contexts of cron jobs: those of the user, and whatever else calls go; those that call go come first.

    Args:
        account_of: looks an account up by its name.
    """
    gaps = [
        Gap("crontabs", f"{directory} cannot be read without root")
        for directory in CRON_TABLES[:1]
        if host.is_directory(directory) and not host.listdir(directory) and not _readable(host, directory)
    ]
    contexts: list[Context] = []
    followers: dict[str, tuple[Follower, tuple[EnvironmentVariable, ...]]] = {}
    texts: dict[str, list[str]] = {}
    for job in _jobs(host, user, texts):
        if len(contexts) >= JOBS_LOOKED_AT or host.reading_time.is_up("crontabs"):
            break
        account = account_of(job.user)
        if account is None:
            continue
        if job.user not in followers:
            with as_user(host, account):
                followers[job.user] = (
                    Follower(HostWorld(host, account), installed_directories(account), texts, "crontabs"),
                    first_environment(host, account, "cron"),
                )
        context = _context(host, user, account, job, *followers[job.user])
        if host.reading_time.is_up("crontabs"):  # it may not have been followed to its end
            break
        if context.uses_go or context.calls or account.uid == user.uid:
            contexts.append(context)
    contexts.sort(key=lambda context: not (context.uses_go or context.calls))
    return tuple(contexts[:JOBS_LIMIT]), tuple(gaps)


def _readable(host: Host, directory: str) -> bool:
    """Whether an empty listing means an empty directory."""
    status = host.stat(directory)
    return not host.live or os.geteuid() == 0 or (status is not None and bool(status.st_mode & 0o004))


def installed_directories(account: User) -> tuple[str, ...]:
    """Where go installs programs of an account that sets nothing."""
    return (f"{account.home.rstrip('/')}/go/bin",) if account.home.startswith("/") else ()


def _jobs(host: Host, user: User, texts: dict[str, list[str]]) -> Iterator[_Job]:
    for directory in CRON_TABLES:
        path = f"{directory}/{user.name}"
        if user.name and host.exists(path):
            yield from _jobs_of(host, path, user.name, texts)
    yield from _jobs_of(host, "/etc/crontab", "", texts)
    for name in host.listdir("/etc/cron.d", 200):
        if crontab.RUN_PARTS_NAME.fullmatch(name):
            yield from _jobs_of(host, f"/etc/cron.d/{name}", "", texts)
    yield from _anacron(host, texts)
    if user.uid:
        for directory in CRON_TABLES:
            yield from _jobs_of(host, f"{directory}/root", "root", texts)


def _jobs_of(host: Host, path: str, owner: str, texts: dict[str, list[str]]) -> Iterator[_Job]:
    """owner: whose crontab it is, "" where each line names a user."""
    lines = texts[path] = host.lines(path)
    variables: dict[str, EnvironmentVariable] = {}
    for entry in crontab.entries(lines, system=not owner):
        if entry.assignment is not None:
            variables[entry.assignment.name] = variable(entry.assignment, path)
        elif entry.job is not None:
            yield _Job(path, entry.line, entry.text, entry.job.user or owner, entry.job.command, dict(variables))


def _anacron(host: Host, texts: dict[str, list[str]]) -> Iterator[_Job]:
    path = "/etc/anacrontab"
    lines = texts[path] = host.lines(path)
    variables: dict[str, EnvironmentVariable] = {}
    for number, line in enumerate(lines, 1):
        match = _ANACRON.match(line.strip())
        if match:
            yield _Job(path, number, line[:TEXT_LIMIT], "root", match[1], dict(variables))
            continue
        for entry in crontab.entries((line,), system=True):
            if entry.assignment is not None:
                variables[entry.assignment.name] = variable(entry.assignment._replace(line=number), path)


def _context(
    host: Host, user: User, account: User, job: _Job, follower: Follower, first: tuple[EnvironmentVariable, ...]
) -> Context:
    values = {entry.name: entry for entry in first}
    # cron sets these itself, whatever the crontab says; LOGNAME and USER cannot be changed.
    values.update({name: entry for name, entry in job.variables.items() if name not in ("LOGNAME", "USER")})
    values["SHELL"] = job.variables.get("SHELL", EnvironmentVariable("SHELL", "/bin/sh", (Location("built in: cron"),)))
    place = Location(job.path, job.line, job.text)
    home = values["HOME"].value if "HOME" in values else account.home
    shell = values["SHELL"].value.rpartition("/")[2]
    with as_user(host, account):
        found = follower.command_line(shell, job.command, place, tuple(values.values()), home)
    path = values.get("PATH")
    entries = entries_of(path) if found.entries is None else found.entries
    return Context(
        name=f"cron:{job.path}:{job.line}",
        kind="cron",
        own=account.uid in (0, user.uid),
        search_path=entries,
        path_unset=path is None,
        variables=recorded(values, found),
        files_read=(job.path,),
        command=job.command[:1000],
        location=place,
        directory=found.directory or home,
        run_as=account.name,
        calls=found.calls,
        uses_go=found.uses_go,
    )


def entries_of(path: EnvironmentVariable | None) -> tuple[PathEntry, ...]:
    """The entries of a literal PATH, all from its one line."""
    return tuple(PathEntry(directory=d, sources=path.sources) for d in path.value.split(":")[:4096]) if path else ()


def recorded(values: Mapping[str, EnvironmentVariable], found: Findings) -> tuple[EnvironmentVariable, ...]:
    """The variables that a context records: as go gets them where go is called, else as the job starts."""
    at_call: Mapping[str, Value] | None = found.environment
    if at_call is None:
        return tuple(values[name] for name in sorted(values) if interesting(name))
    return tuple(
        EnvironmentVariable(name=name, value=value.text, sources=value.sources)
        for name, value in sorted(at_call.items())
        if interesting(name) and "\0" not in value.text
    )
