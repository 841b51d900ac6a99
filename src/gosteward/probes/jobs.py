"""Contexts that no shell governs: cron jobs, systemd services, sudo, and the first process of a container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.errors import UsageError
from gosteward.host.accounts import user_named
from gosteward.probes import cron_jobs, unit_jobs
from gosteward.probes.cron_jobs import entries_of
from gosteward.shells.session import first_environment, sudoers
from gosteward.shells.trace_attribution import interesting
from gosteward.snapshot import Context, EnvironmentVariable, Gap, Location

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.snapshot import User

SUDO = ("/usr/bin/sudo", "/bin/sudo", "/usr/local/bin/sudo")
CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")
ENVIRON_LIMIT = 1 << 16


def collect(host: Host, user: User) -> tuple[tuple[Context, ...], tuple[Gap, ...]]:
    """Contexts of jobs, of managers, of sudo and of a container; see `Context.name` for what they are called."""
    known: dict[str, User | None] = {user.name: user} if user.name else {}

    def account_of(name: str) -> User | None:
        if name not in known:
            try:
                known[name] = user_named(host, name)
            except UsageError:
                known[name] = None
        return known[name]

    contexts: list[Context] = []
    gaps: list[Gap] = []
    found, missing = sudo_context(host, user)
    contexts += found
    gaps += missing
    if unit_jobs.present(host):
        for name in ("systemd", "systemd-user"):
            contexts.append(
                _session(
                    name,
                    name,
                    first_environment(host, user, name),
                    own=True,
                    run_as="root" if name == "systemd" else user.name,
                )
            )
        contexts += unit_jobs.collect(host, user, account_of)
    elif any(host.is_directory(place) for place in unit_jobs.SYSTEM_DIRECTORIES[:1]):
        contexts += unit_jobs.collect(host, user, account_of)
    host.reading_time.share()
    jobs, missing = cron_jobs.collect(host, user, account_of)
    contexts += jobs
    gaps += missing
    contexts += container_context(host)
    return tuple(contexts), tuple(gaps)


def sudo_context(host: Host, user: User) -> tuple[tuple[Context, ...], tuple[Gap, ...]]:
    """What root's command gets through sudo. Without secure_path the PATH is the caller's: then `search_path` is left empty."""
    if user.uid == 0 or not any(host.exists(path) for path in SUDO):
        return (), ()
    rules = sudoers(host, user)
    if not rules.files:
        if host.exists("/etc/sudoers"):
            return (), (Gap("sudoers", "/etc/sudoers cannot be read without root"),)
        return (), ()
    first = first_environment(host, user, "sudo")
    files = tuple(rules.files)
    return (_session("sudo", "sudo", first, own=rules.may_use, run_as="root")._replace(files_read=files),), ()


def container_context(host: Host) -> tuple[Context, ...]:
    """The environment of process 1 of a container: what the image and `docker run -e` set."""
    if not host.live:
        return ()
    marked = any(host.exists(path) for path in CONTAINER_MARKS)
    try:
        text = host.text("/proc/1/environ", ENVIRON_LIMIT)
    except OSError:
        return ()
    pairs = [pair.partition("=") for pair in text.split("\0") if "=" in pair]
    if not marked and not any(name == "container" for name, _, _ in pairs):
        return ()
    place = Location("/proc/1/environ")
    first = tuple(EnvironmentVariable(name=name, value=value, sources=(place,)) for name, _, value in pairs)
    return (_session("container", "container", first, own=True, run_as="root"),)


def _session(name: str, kind: str, first: tuple[EnvironmentVariable, ...], *, own: bool, run_as: str) -> Context:
    path = next((variable for variable in first if variable.name == "PATH"), None)
    variables = tuple(sorted((variable for variable in first if interesting(variable.name)), key=lambda v: v.name))
    return Context(
        name=name,
        kind=kind,
        own=own,
        search_path=entries_of(path),
        path_unset=path is None and kind != "sudo",
        variables=variables,
        run_as=run_as,
    )
