"""How a PATH entry is written, and what its writer meant: literal tildes and dollars, quotes, carriage returns. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.reasoning.reach import WANTED, holding_go, installed_programs, line_behind, plain
from gosteward.reasoning.viewpoint import first_go

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gosteward.snapshot import Context, Location, Snapshot

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HOME = re.compile(r"\$(?:HOME\b|\{HOME\})")
_NO_SHELL = re.compile(
    r"/etc/(?:environment|sudoers|cron|security/|systemd/|login\.defs)|/cron/|environment\.d/|\.(?:service|conf)$|/\.pam_environment$|/\.ssh/environment$"
)
QUOTES = "\"'`\u201c\u201d\u2018\u2019"
_ASSIGNMENT = re.compile(r"(\s*(?:export\s+|Environment=)?PATH=)(.*?)\s*")
_PLAIN_PATH = re.compile(r"\bPATH\s*=\s*[\"']?([^\"'\s#;$\\]+)(?=[\"'\s]|$)")
_PLAIN_DIRECTORIES = re.compile(r"[\w./+@%,:-]+", re.ASCII)
_RESETS = (
    (re.compile(r"(?:^|(?<=\s))PATH=([\"']?)([^\"'\s;#]{1,2000})\1(?=[\s;]|$)"), ":$PATH"),
    (re.compile(r"(?:^|(?<=\s))path=(\(\s*)([^()]{1,2000}?)\s*\)"), " $path"),
    (re.compile(r"^\s*set((?:\s+-[\w-]+)*)\s+PATH\s+([^;#|&()]{1,2000}?)\s*$"), " $PATH"),
)
# No-break and other blanks that no shell takes for one become blanks, marks without any width go.
_SEEN = {
    **dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\u3000"), " "),
    **dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"), ""),
}


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


def expanded_line(text: str, home: str, values: Mapping[str, str] | None = None) -> str:
    """The line for a file that expands nothing: the system's directories for `$PATH`, the home directory for `$HOME` and `~`.

    Args:
        values: of further variables.
    """
    text = re.sub(r"\$(?:PATH\b|\{PATH\})", SYSTEM_PATH, text)
    text = _HOME.sub(lambda _: home, text)
    for name, value in (values or {}).items():
        text = re.sub(rf"\$(?:{name}\b|\{{{name}\}})", lambda _, value=value: value, text)  # type: ignore[misc]
    return re.sub(r"(?<=[:=\"'])~(?=/)", lambda _: home, text)


def with_entry(text: str, directory: str) -> str:
    """A line `PATH=...` that expands nothing, with one more directory (or several, with colons between them) behind the others.

    Returns:
        "" for a line that is not as plain as that.
    """
    found = tuple(_PLAIN_PATH.finditer(text))
    if len(found) != 1 or not _PLAIN_DIRECTORIES.fullmatch(directory) or "#" in text:
        return ""
    end = found[0].end(1)
    return f"{text[:end]}:{directory}{text[end:]}"


def without_entry(text: str, entry: str) -> str:
    """A line `PATH=...` without one of several entries, as it is written there; "" for a line that is not as plain as that."""
    match = re.search(
        rf"(?<=:){re.escape(entry)}:|:{re.escape(entry)}(?=[\"'\s]|$)|(?<=[=\"']){re.escape(entry)}:", text
    )
    return text[: match.start()] + text[match.end() :] if match and text.count(entry) == 1 else ""


def keeping_old(text: str) -> str:
    """A line of a shell that gives PATH another value, with the old value behind it; "" for a line that is not as plain as that."""
    for pattern, old in _RESETS:
        match = pattern.search(text)
        if match is not None and len(pattern.findall(text)) == 1:
            end = match.end() if match[1] == "'" else match.end(2)
            return "" if re.search(r"\$\{?(?:PATH|path)\b", match[2]) else f"{text[:end]}{old}{text[end:]}"
    return ""


def plainly_quoted(text: str, *, for_shell: bool) -> str:
    """An assignment to PATH in which quotes became part of the value, with one plain pair around it (none where no shell reads it).

    Returns:
        "" for a line that does more, or whose value has blanks.
    """
    match = _ASSIGNMENT.fullmatch(text)
    if match is None:
        return ""
    value = re.sub(rf"\\?[{QUOTES}]", "", match[2])
    if not value or re.search(r"[\s;&|`#()<>\\]", value):
        return ""
    if not for_shell:
        return f"{match[1]}{value}"
    return f'{match[1]}"{re.sub(r"(^|:)~/", _home_for_tilde, value)}"'


def _home_for_tilde(match: re.Match[str]) -> str:
    return f"{match[1]}$HOME/"


def doubly_quoted(text: str) -> str:
    """A shell's line with `"` for its one pair of `'`, so that variables are expanded; "" where that would change more."""
    start, *rest = text.split("'")
    return f'{start}"{rest[0]}"{rest[1]}' if len(rest) == 2 and not re.search(r'["`\\!]', text) else ""


def visible(text: str) -> str:
    """The text with blanks for what looks like one, and without marks that have no width."""
    return text.translate(_SEEN)


def unseen(text: str) -> str:
    """The first character that nobody sees, for a sentence."""
    found = next((c for c in text if ord(c) in _SEEN), "\u00a0")
    name = {"\ufeff": ", a byte order mark", "\u00a0": ", a no-break space", "\u200b": ", a zero-width space"}.get(
        found, ""
    )
    return f"U+{ord(found):04X}{name}"
