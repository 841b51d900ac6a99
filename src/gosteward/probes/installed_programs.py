"""Programs that `go install` put somewhere, other files named go, and the go1.X.Y programs that GOTOOLCHAIN finds on PATH."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.probes.go_places import HOME_PROGRAM_DIRECTORIES, OTHER_PROGRAM_DIRECTORIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gosteward.probes.binaries import Examiner
    from gosteward.snapshot import Binary, Context

MOST_PROGRAMS = 200
_MOST_NAMES = 10_000
_MOST_DIRECTORIES = 200
VERSIONED = re.compile(r"^go1(?:\.\d{1,4}){1,2}(?:(?:rc|beta)\d{1,3})?$")


def installed_programs(
    examiner: Examiner, contexts: Iterable[Context], directories: tuple[str, ...]
) -> tuple[Binary, ...]:
    """Programs in `directories` (at most 200), then go and go1.X.Y of other places; each path once."""
    home = examiner.user.home.rstrip("/") if examiner.user.home.startswith("/") else ""
    others = (*OTHER_PROGRAM_DIRECTORIES, *((f"{home}/{name}" for name in HOME_PROGRAM_DIRECTORIES) if home else ()))
    paths = [
        *_names_in(examiner, directories),
        *(f"{directory}/go" for directory in others),
        *_versioned(examiner, contexts),
    ]
    found = []
    for path in dict.fromkeys(paths):
        program = examiner.binary(path)
        if program is not None and program.kind not in ("directory", "special"):
            found.append(program)
    return tuple(found)


def _names_in(examiner: Examiner, directories: tuple[str, ...]) -> list[str]:
    """Files of the directories where go installs; those of a GOROOT/bin and hidden ones are left out."""
    found: list[str] = []
    for directory in directories:
        if directory in OTHER_PROGRAM_DIRECTORIES:  # GOBIN=/usr/local/bin: most programs there are none of Go's
            continue
        names = examiner.names(directory, MOST_PROGRAMS)
        found += [f"{directory}/{name}" for name in names if not name.startswith(".")]
    return found[:MOST_PROGRAMS]


def _versioned(examiner: Examiner, contexts: Iterable[Context]) -> Iterator[str]:
    """Paths of programs such as go1.26.8 in directories of any search path."""
    entries = (entry for context in contexts for entry in context.search_path if entry.kind == "directory")
    directories: dict[str, str] = {}
    for entry in entries:
        directories.setdefault(examiner.ways.to(entry.directory).real, entry.directory.rstrip("/"))
    for directory in list(directories.values())[:_MOST_DIRECTORIES]:
        for name in examiner.names(directory or "/", _MOST_NAMES):
            if name.startswith("go1") and VERSIONED.match(name):
                yield f"{directory}/{name}"
