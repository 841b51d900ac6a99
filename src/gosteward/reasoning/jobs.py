"""Cron jobs and services that run go: what they look for, and how to give them a PATH. Pure."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import FIRST, EditLines, LineEdit, WriteFile
from gosteward.reasoning.path_text import with_entry
from gosteward.reasoning.reach import go_directories
from gosteward.reasoning.remedies import Repair, is_private, line_edits, links, literal_path, real_path, replaced_line
from gosteward.reasoning.viewpoint import first_go

if TYPE_CHECKING:
    from gosteward.snapshot import Context, Location, Snapshot

GO_PROGRAMS = ("go", "gofmt")
_PLAIN_UNIT = re.compile(r"[\w@.:-]+\.service", re.ASCII)
_PLAIN_VALUE = re.compile(r"[\w./:+@,=-]+", re.ASCII)


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


def crontab_repair(snapshot: Snapshot, group: tuple[Context, ...], directory: str, *, by_links: bool = True) -> Repair:
    """A PATH for the jobs of one crontab that get theirs from one line: links where they look already, else that line, else a new one.

    cron expands nothing, so the directories are literal. A new line stands right above the first of the jobs.
    """
    linked = links(snapshot, group) if by_links and not is_private(snapshot, directory) else ()
    if linked:
        return Repair(linked)
    first = min(group, key=lambda job: job.location.line if job.location else 0)
    source, where = path_source(first), first.location
    if where is None:
        return Repair()
    if source is not None and source.line and source.path in (where.path, *_scripts(snapshot, source)):
        new = with_entry(source.text, directory)
        return Repair(replaced_line(snapshot, source, new) if new else ())
    line = f"PATH={literal_path(first, directory)}"
    if not _PLAIN_VALUE.fullmatch(line):
        return Repair()
    edits = line_edits(where, line, where.text) or (LineEdit(FIRST, after=(line,)),)
    return Repair((EditLines(real_path(snapshot, where.path), edits),))


def _scripts(snapshot: Snapshot, source: Location) -> tuple[str, ...]:
    """The script of a job that sets PATH itself; a start-up file is none."""
    started = {f.path for f in snapshot.startup_files}
    return (source.path,) if source.path not in started and source.path.startswith(_own_places(snapshot)) else ()


def unit_repair(snapshot: Snapshot, context: Context, directory: str, *, by_links: bool = True) -> Repair:
    """A PATH for a unit: links where it looks already, else the line of the administrator's that gives it one, else a drop-in."""
    linked = links(snapshot, (context,)) if by_links and not is_private(snapshot, directory) else ()
    if linked:
        return Repair(linked)
    name = unit_name(context)
    commands = reload_unit(context)
    source = path_source(context)
    if source is not None and source.line and not context.direct and source.path.startswith(_own_places(snapshot)):
        new = with_entry(source.text, directory)
        edited = replaced_line(snapshot, source, new) if new else ()
        return Repair(edited, commands if edited else ())
    # systemd seeks the program of ExecStart= itself, and PATH= does not tell it where; ExecSearchPath= (from 250 on) does.
    value = literal_path(context, directory)
    if not _PLAIN_UNIT.fullmatch(name) or not _PLAIN_VALUE.fullmatch(value):
        return Repair()
    setting = f"{'ExecSearchPath=' if context.direct else 'Environment=PATH='}{value}"
    top = f"{snapshot.user.home}/.config/systemd/user" if context.kind == "systemd-user" else "/etc/systemd/system"
    return Repair((WriteFile(f"{top}/{name}.d/go-path.conf", f"[Service]\n{setting}\n"),), commands)


def reload_unit(context: Context) -> tuple[str, ...]:
    """Commands by which a running manager takes note of a changed unit."""
    manager = "systemctl --user" if context.kind == "systemd-user" else "systemctl"
    return (f"{manager} daemon-reload", f"{manager} restart {quote(unit_name(context))}")


def _own_places(snapshot: Snapshot) -> tuple[str, ...]:
    """Where files of the administrator or of the user lie, and none that an upgrade of a package brings back."""
    home = snapshot.user.home
    return ("/etc/", "/srv/", "/opt/", *((f"{home}/",) if len(home) > 1 else ()))
