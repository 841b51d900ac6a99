"""Entries of PATH that cannot be what their writer meant, written as they were meant. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.reasoning import remedies, sudoers
from gosteward.reasoning.jobs import reload_unit
from gosteward.reasoning.path_text import (
    SYSTEM_PATH,
    defect,
    doubly_quoted,
    expanded_line,
    is_shell_file,
    meant,
    plainly_quoted,
    without_entry,
)
from gosteward.reasoning.reach import WANTED, holding_go, installed_programs
from gosteward.reasoning.remedies import Repair

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gosteward.actions import Action
    from gosteward.reasoning.path_text import Written
    from gosteward.snapshot import Snapshot

# Files that count for all users; no home directory belongs into them.
_SHARED = re.compile(r"/etc/(?:environment|login\.defs|security/|ssh/|systemd/(?:system|user)\.conf)|/environment\.d/")
_OF_HOME = re.compile(r"(?<=[=:\"'])(?:~|\$HOME|\$\{HOME\})(?:/[^:\"'\s]{0,250})?(?=[:\"'\s]|$)")
_PACKAGED = ("/usr/lib/", "/lib/")
_LEFT = re.compile(r"\$|(?<=[:=\"'])~")
_TILDE = re.compile(r"(?<=[:=\"'])~/")


def spelt_out(snapshot: Snapshot, written: Written) -> Repair:
    """The line with what was meant in place of what nothing expands; nothing where that cannot be told from the line alone."""
    line = written.location
    if not line.line or line.path.startswith(_PACKAGED):
        return Repair()
    if line.path.startswith("/etc/sudoers") or line.path == "/usr/etc/sudoers":
        return Repair(_for_sudo(snapshot, written))
    # A file that only jobs read may be an EnvironmentFile=: the directories written out are right in a script as well.
    of_jobs = all(c.command for c in written.contexts) and all(f.path != line.path for f in snapshot.startup_files)
    if is_shell_file(snapshot, line.path) and not of_jobs:
        new = _for_shell(line.text, defect(written.entries[0]))
        return Repair(remedies.replaced_line(snapshot, line, new) if new else ())
    new, of_user = _literal(snapshot, written)
    actions = remedies.replaced_line(snapshot, line, new) if new else ()
    units = tuple(c for c in written.contexts if c.kind.startswith("systemd") and c.command)
    reloads = tuple(dict.fromkeys(command for unit in units for command in reload_unit(unit)))
    return (
        Repair((*actions, *of_user), (*remedies.reload_commands(snapshot, line.path), *reloads))
        if actions
        else Repair()
    )


def _for_shell(text: str, kind: str) -> str:
    if kind == "quote":
        return plainly_quoted(text, for_shell=True)
    if kind == "dollar":
        unescaped = re.sub(r"\\(?=\$\{?[A-Z])", "", text)
        return unescaped if unescaped != text else doubly_quoted(text)
    return _TILDE.sub("$HOME/", doubly_quoted(text) if "'" in text else text)


def _literal(snapshot: Snapshot, written: Written) -> tuple[str, tuple[Action, ...]]:
    """The line for a file that expands nothing, and where it counts for all users, a line of this user's own for their directories."""
    text, home = written.location.text, snapshot.user.home
    of_user: tuple[Action, ...] = ()
    if _SHARED.search(written.location.path) and home != "/root":
        for entry in dict.fromkeys(_OF_HOME.findall(text)):
            text = without_entry(text, entry)
            of_user += _for_user(snapshot, written, meant(entry, home))
    if defect(written.entries[0]) == "quote":
        text = plainly_quoted(text, for_shell=False)
    new = expanded_line(text, home, values_of(snapshot, written.location.path))
    if written.location.path == "/etc/environment":
        new = re.sub(r"^\s*export\s+", "", new)
    return ("", ()) if _LEFT.search(new.partition("=")[2]) else (new, of_user)


def _for_user(snapshot: Snapshot, written: Written, directory: str) -> tuple[Action, ...]:
    needed = directory in holding_go(snapshot) or directory in installed_programs(snapshot)
    sessions = tuple(c for c in written.contexts if c.kind in WANTED)
    return remedies.line(snapshot, sessions, directory) if needed and sessions else ()


def values_of(snapshot: Snapshot, path: str) -> Mapping[str, str]:
    """GOROOT and GOPATH as a file gives them, else as they are where nothing sets them."""
    tree = remedies.best_tree(snapshot)
    values = {"GOPATH": f"{snapshot.user.home}/go", **({"GOROOT": tree.path} if tree else {})}
    for file in snapshot.startup_files:
        for line in file.lines if file.path == path else ():
            if line.kind == "variable" and line.name in ("GOPATH", "GOROOT") and line.value.startswith("/"):
                values[line.name] = line.value
    return {name: value for name, value in values.items() if "$" not in value}


def _for_sudo(snapshot: Snapshot, written: Written) -> tuple[Action, ...]:
    """secure_path without the entries that lead nowhere; root's own PATH has no place for a home directory."""
    context = written.contexts[0]
    found: dict[str, None] = {}
    for entry in context.search_path:
        directory = meant(entry.directory, snapshot.user.home) if defect(entry.directory) else entry.directory
        if re.fullmatch(r"\$(?:PATH|\{PATH\})", entry.directory):
            found.update(dict.fromkeys(SYSTEM_PATH.split(":")))
        elif directory and not remedies.is_private(snapshot, directory):
            found[directory] = None
    return sudoers.drop_in(snapshot, written.location, ":".join(found)) if found else ()
