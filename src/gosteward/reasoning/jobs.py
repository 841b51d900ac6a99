"""Cron jobs and services that run go: what they look for, and how to give them a PATH. Pure."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.reasoning.reach import go_directories
from gosteward.reasoning.remedies import is_private, link_commands, literal_path, replace_line
from gosteward.reasoning.viewpoint import first_go

if TYPE_CHECKING:
    from gosteward.snapshot import Context, Location, Snapshot

GO_PROGRAMS = ("go", "gofmt")


def jobs(snapshot: Snapshot, *kinds: str) -> tuple[Context, ...]:
    """Contexts of jobs (they have a command), of these kinds."""
    return tuple(c for c in snapshot.contexts if c.kind in kinds and c.command and c.location is not None)


def without_go(snapshot: Snapshot, *kinds: str) -> tuple[Context, ...]:
    """Jobs that call go or gofmt by name and find no go, although there is one on the host."""
    if not go_directories(snapshot):
        return ()
    return tuple(c for c in jobs(snapshot, *kinds) if set(c.calls) & set(GO_PROGRAMS) and first_go(c) is None)


def grouped(found: tuple[Context, ...]) -> tuple[tuple[Context, ...], ...]:
    """Jobs that are written in one file and get their PATH from one line."""
    groups: dict[tuple[str, str], tuple[Context, ...]] = {}
    for context in found:
        key = (context.location.path if context.location else "", place_of(path_source(context)))
        groups[key] = (*groups.get(key, ()), context)
    return tuple(groups.values())


def job_lines(found: tuple[Context, ...], source: Location | None) -> tuple[Location, ...]:
    """Lines of the jobs, then the line that their PATH comes from."""
    lines = (*(context.location for context in found), source)
    return tuple(line for line in lines if line is not None and line.line)


def path_source(context: Context) -> Location | None:
    """The line that PATH comes from, None if it has no entry."""
    return next((e.sources[0] for e in context.search_path if e.sources), None)


def place_of(location: Location | None) -> str:
    """A location as text: "/etc/crontab:8", "built in: cron"."""
    if location is None:
        return "nowhere"
    return f"{location.path}:{location.line}" if location.line else location.path


def unit_name(context: Context) -> str:
    """Name of the unit: what stands behind the colon of "systemd:site.service"."""
    return context.name.partition(":")[2].rpartition("/")[2]


def crontab_commands(snapshot: Snapshot, context: Context, directory: str) -> tuple[str, ...]:
    """Give a crontab a PATH line with literal directories; a line that is there is replaced."""
    path = context.location.path if context.location else ""
    line = f"PATH={literal_path(context, directory)}"
    source = path_source(context)
    has_line = source is not None and source.path == path and source.line > 0
    if path.startswith("/var/spool/"):
        owner = quote(context.run_as or path.rpartition("/")[2])
        listing = f"crontab -u {owner} -l"
        if has_line:
            return (f"{listing} | sed {quote(f's#^PATH=.*#{line}#')} | crontab -u {owner} -",)
        return (f"{{ echo {quote(line)}; {listing}; }} | crontab -u {owner} -",)
    if has_line and source is not None:
        return (replace_line(snapshot, source, line),)
    return (f"sed -i {quote(f'1i {line}')} {quote(path)}",)


def unit_commands(snapshot: Snapshot, context: Context, directory: str, *, links: bool = True) -> tuple[str, ...]:
    """Links to go where the unit looks already, else (or without `links`) a drop-in with its search path."""
    linked = link_commands(snapshot, (context,)) if links and not is_private(snapshot, directory) else ()
    if linked:
        return linked
    name = unit_name(context)
    user_unit = context.kind == "systemd-user"
    top = f"{snapshot.user.home}/.config/systemd/user" if user_unit else "/etc/systemd/system"
    folder = f"{top}/{name}.d"
    # systemd seeks the program of ExecStart= itself, and PATH= does not tell it where; ExecSearchPath= (from 250 on) does.
    variable = "ExecSearchPath=" if context.direct else "Environment=PATH="
    setting = f"{variable}{literal_path(context, directory)}"
    manager = "systemctl --user" if user_unit else "systemctl"
    return (
        f"mkdir -p {quote(folder)}",
        f"printf '%s\\n' '[Service]' {quote(setting)} > {quote(f'{folder}/go-path.conf')}",
        f"{manager} daemon-reload",
        f"{manager} restart {quote(name)}",
    )
