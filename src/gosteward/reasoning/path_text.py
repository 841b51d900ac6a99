"""How a PATH entry is written, and what its writer meant: literal tildes and dollars, quotes, carriage returns. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.reasoning.reach import WANTED, holding_go, installed_programs, line_behind, plain
from gosteward.reasoning.viewpoint import first_go

if TYPE_CHECKING:
    from gosteward.snapshot import Context, Location, Snapshot

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HOME = re.compile(r"\$(?:HOME\b|\{HOME\})")
_NO_SHELL = re.compile(
    r"/etc/(?:environment|sudoers|cron|security/|systemd/|login\.defs)|/cron/|environment\.d/|\.(?:service|conf)$|/\.pam_environment$|/\.ssh/environment$"
)
QUOTES = "\"'`\u201c\u201d\u2018\u2019"


class Written(NamedTuple):
    """Entries of one line that cannot be what their writer meant.

    Attributes:
        location: the line.   entries: as they stand.   meant: the same as absolute directories ("" where nobody can tell).
        contexts: own contexts with such an entry.   lacking: those of them that find no go because of it.
        jobs: names of jobs that run go and find none because of it.
    """

    location: Location
    entries: tuple[str, ...]
    meant: tuple[str, ...]
    contexts: tuple[Context, ...]
    lacking: tuple[str, ...]
    jobs: tuple[str, ...] = ()


def defect(directory: str) -> str:
    """What is wrong with the text of an entry: "carriage-return", "quote", "dollar", "tilde", "relative", or ""."""
    if "\r" in directory:
        return "carriage-return"
    if any(quote in directory for quote in QUOTES):
        return "quote"
    if "$" in directory:
        return "dollar"
    if directory.startswith("~"):
        return "tilde"
    return "" if directory.startswith("/") else "relative"


def meant(directory: str, home: str) -> str:
    """The absolute directory that an entry was to be; "" if that depends on something unknown."""
    text = directory.replace("\r", "").strip(QUOTES)
    if text == "~" or text.startswith("~/"):
        text = home + text[1:]
    text = _HOME.sub(lambda _: home, text)
    return plain(text) if text.startswith("/") and "$" not in text else ""


def badly_written(snapshot: Snapshot, kind: str) -> tuple[Written, ...]:
    """Lines that put entries with this defect on the PATH of the user's own contexts; an entry that does exist is in order."""
    directories = holding_go(snapshot)
    found: dict[tuple[str, int], Written] = {}
    for context in snapshot.contexts:
        if not context.own or context.status != "complete":
            continue
        for entry in context.search_path:
            if defect(entry.directory) != kind or entry.kind == "directory":
                continue
            where = line_behind(snapshot, context, entry)
            if where is None:
                continue
            intended = meant(entry.directory, snapshot.user.home)
            hit = intended in directories and first_go(context) is None
            old = found.get((where.path, where.line), Written(where, (), (), (), ()))
            found[where.path, where.line] = Written(
                location=where,
                entries=_with(old.entries, entry.directory),
                meant=_with(old.meant, intended),
                contexts=old.contexts if context in old.contexts else (*old.contexts, context),
                lacking=_with(old.lacking, context.name) if hit and context.kind in WANTED else old.lacking,
                jobs=_with(old.jobs, context.name) if hit and context.uses_go else old.jobs,
            )
    return tuple(found.values())


def _with(values: tuple[str, ...], new: str) -> tuple[str, ...]:
    return values if new in values else (*values, new)


def needed(snapshot: Snapshot, written: Written) -> bool:
    """Whether the directories that were meant hold go, or programs that go installed."""
    wanted = holding_go(snapshot) | installed_programs(snapshot).keys()
    return any(directory in wanted for directory in written.meant)


def is_shell_file(snapshot: Snapshot, path: str) -> bool:
    """Whether a shell reads the file, so that `$HOME` means something in it; by its facts, else by its place."""
    for file in snapshot.startup_files:
        if file.path == path:
            return file.dialect in ("posix", "bash", "zsh", "fish", "csh")
    return not _NO_SHELL.search(path)


def expanded_line(text: str, home: str) -> str:
    """The line with the system's directories for `$PATH` and the home directory for `$HOME` and `~`, for a file that expands nothing."""
    text = re.sub(r"\$(?:PATH\b|\{PATH\})", SYSTEM_PATH, text)
    text = _HOME.sub(lambda _: home, text)
    return re.sub(r"(?<=[:=\"'])~(?=/)", lambda _: home, text)
