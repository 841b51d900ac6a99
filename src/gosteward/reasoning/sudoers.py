"""A drop-in of sudoers that gives secure_path another value: the one way to change it that `visudo -c` can check first. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.actions import WriteFile

if TYPE_CHECKING:
    from gosteward.actions import Action
    from gosteward.snapshot import Location, Snapshot

DIRECTORY = "/etc/sudoers.d"
_PLAIN = re.compile(r"/[\w./:+@-]+", re.ASCII)


def drop_in(snapshot: Snapshot, source: Location, value: str) -> tuple[Action, ...]:
    """A file that sets secure_path anew behind the line that sets it now.

    Args:
        source: that line.   value: what secure_path shall be.
    Returns:
        () where sudoers does not read the directory behind that line, and for a value that would need quoting.
    """
    if not _PLAIN.fullmatch(value) or not _read_behind(snapshot, source):
        return ()
    # The last line wins, and files are read in the order of their names.
    path = f"{source.path}-go-path" if source.path.startswith(f"{DIRECTORY}/") else f"{DIRECTORY}/go-path"
    if any(f.path == path for f in snapshot.startup_files):
        return ()
    return (WriteFile(path, f'Defaults secure_path="{value}"\n', 0o440, "sudoers"),)


def _read_behind(snapshot: Snapshot, source: Location) -> bool:
    if source.path.startswith(f"{DIRECTORY}/"):
        return True
    return any(
        line.kind == "source" and line.name.rstrip("/") == DIRECTORY and line.location.line > source.line
        for file in snapshot.startup_files
        if file.path == source.path
        for line in file.lines
    )
