"""systemd service units: what they run, as whom, where, and with which variables. Pure.

Sources: systemd.unit(5), systemd.service(5) "COMMAND LINES", systemd.exec(5).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.shells import systemd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EXEC_KEYS = ("ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost")
_PREFIX = re.compile(r"[-@:+!|]*")
_SPECIFIER = re.compile(r"%([%a-zA-Z])")
_REFERENCE = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$([A-Za-z_][A-Za-z0-9_]*)")
COMMANDS_LIMIT = 100


class CommandLine(NamedTuple):
    """One command of a unit.

    Attributes:
        key: "ExecStart" and so on.   words: program and arguments, specifiers expanded, variables not.   entry: where it stands.
        shown: as written.   literal: the `:` prefix: variables are not expanded.   argv0: the `@` prefix.
        by_shell: the `|` prefix: the user's login shell runs it.
    """

    key: str
    words: tuple[str, ...]
    entry: systemd.Entry
    shown: str
    literal: bool = False
    argv0: bool = False
    by_shell: bool = False


class Unit(NamedTuple):
    """What matters of a service.

    Attributes:
        commands: of all Exec*= lines, ExecStart first.   environment: Environment= entries that hold.
        environment_files: (path, may be absent, entry).   passed, unset: names of PassEnvironment= and UnsetEnvironment=.
        user, directory: "" where not given.   sets_login: SetLoginEnvironment= as written, "" where not given.
        search: ExecSearchPath= joined, with the entry that set it.   dynamic: DynamicUser=yes.
    """

    commands: tuple[CommandLine, ...]
    environment: tuple[systemd.Entry, ...] = ()
    environment_files: tuple[tuple[str, bool, systemd.Entry], ...] = ()
    passed: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    user: str = ""
    directory: str = ""
    sets_login: str = ""
    search: tuple[str, systemd.Entry] | None = None
    dynamic: bool = False


def unit(entries: Iterable[systemd.Entry], specifiers: Mapping[str, str]) -> Unit:
    """Read a service from the entries of its file and its drop-ins, in the order in which systemd reads them.

    Args:
        specifiers: letter to text, for `%h` and its relatives; others stay as written.
    """
    found = tuple(entries)

    def last(key: str) -> str:
        values = [entry.value for entry in found if entry.key == key and entry.section == "Service"]
        return specified(values[-1], specifiers) if values else ""

    files = []
    for entry in systemd.values(found, "EnvironmentFile"):
        path = specified(entry.value, specifiers).strip("\"'")
        files.append((path.removeprefix("-"), path.startswith("-"), entry))
    search = systemd.values(found, "ExecSearchPath")
    return Unit(
        commands=_commands(found, specifiers),
        environment=tuple(
            entry._replace(value=specified(entry.value, specifiers)) for entry in systemd.values(found, "Environment")
        ),
        environment_files=tuple(files[:50]),
        passed=_names(found, "PassEnvironment"),
        unset=_names(found, "UnsetEnvironment"),
        user=last("User"),
        directory=last("WorkingDirectory").removeprefix("-"),
        sets_login=last("SetLoginEnvironment").lower(),
        search=(":".join(specified(entry.value, specifiers) for entry in search), search[-1]) if search else None,
        dynamic=last("DynamicUser").lower() in ("yes", "true", "1", "on"),
    )


def specified(text: str, specifiers: Mapping[str, str]) -> str:
    """`%h` and other specifiers replaced; `%%` is `%`."""
    return _SPECIFIER.sub(lambda m: "%" if m[1] == "%" else specifiers.get(m[1], m[0]), text)


def _names(found: tuple[systemd.Entry, ...], key: str) -> tuple[str, ...]:
    return tuple(name for entry in systemd.values(found, key) for name in systemd.words(entry.value))


def _commands(found: tuple[systemd.Entry, ...], specifiers: Mapping[str, str]) -> tuple[CommandLine, ...]:
    commands = []
    for key in ("ExecStart", *(key for key in EXEC_KEYS if key != "ExecStart")):
        for entry in systemd.values(found, key):
            prefix = _PREFIX.match(entry.value)
            flags = prefix[0] if prefix else ""
            text = specified(entry.value[len(flags) :].strip(), specifiers)
            commands += [
                CommandLine(key, words, entry, entry.value, ":" in flags, "@" in flags, by_shell="|" in flags)
                for words in _split(systemd.words(text))
            ]
    return tuple(commands[:COMMANDS_LIMIT])


def _split(words: list[str]) -> list[tuple[str, ...]]:
    """Several commands of a oneshot unit are separated by a lone `;`."""
    commands: list[list[str]] = [[]]
    for word in words:
        if word == ";":
            commands.append([])
        else:
            commands[-1].append(";" if word == "\\;" else word)
    return [tuple(command) for command in commands if command]


def argv(command: CommandLine, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Program and arguments as they are started: `${NAME}` within words, `$NAME` as a word of its own (split at blanks)."""
    words = command.words[:1] + command.words[2:] if command.argv0 else command.words
    if command.literal:
        return words
    found: list[str] = list(words[:1])
    for word in words[1:]:
        whole = re.fullmatch(r"\$([A-Za-z_][A-Za-z0-9_]*)", word)
        if whole:
            found += variables.get(whole[1], "").split()
        else:
            found.append(_REFERENCE.sub(lambda match: _referenced(match, variables), word))
    return tuple(found)


def _referenced(match: re.Match[str], variables: Mapping[str, str]) -> str:
    if match[0] == "$$":
        return "$"
    return variables.get(match[1], "") if match[1] else match[0]


def mentions_go(text: str) -> bool:
    """A quick look whether a unit could have to do with go at all."""
    return "go" in text.lower() and (
        re.search(r"(?<![A-Za-z0-9_.-])go(?:fmt)?(?![A-Za-z0-9_-])|/go/|gopath|goroot|golang", text, re.IGNORECASE)
        is not None
    )
