"""sudoers: secure_path, the environment settings, and whether a user may use sudo at all. Pure.

Source: sudoers(5). The last matching Defaults line wins; in an included directory names with a dot or a trailing `~` are skipped.
"""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.shells.assignment import shown
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INCLUDE_DEPTH = 16
# Of all files together.
FILES_LIMIT, LINES_LIMIT = 200, 20_000
ALIAS_DEPTH = 20
_DEFAULTS = re.compile(r"Defaults(?:([@:!>])\s*(\S+))?(?:\s+(.*))?$", re.DOTALL)
_LEAD = re.compile(r"[!\s,]*")
_PARAMETER = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)(?:\s*([+-]?=)\s*("(?:[^"\\]|\\.)*"?|(?:[^,\\\s]|\\.)*))?', re.DOTALL)
_INCLUDE = re.compile(r"[@#](include|includedir)\s+(.*)")


class Sudoers(NamedTuple):
    """What sudoers does to the environment of one user.

    Attributes:
        secure_path: "" when there is none (the caller's PATH passes).   secure_path_at: the line that sets or unsets it.
        env_keep: names and patterns that pass, beyond the built-in ones.   env_reset; always_set_home; set_home: flags.
        may_use: a rule names the user, one of their groups, or ALL.   files: every file read, in order.
    """

    secure_path: str = ""
    secure_path_at: Location | None = None
    env_keep: tuple[str, ...] = ()
    env_reset: bool = True
    always_set_home: bool = False
    set_home: bool = False
    may_use: bool = False
    files: tuple[str, ...] = ()

    def keeps(self, name: str) -> bool:
        """Whether a variable of the caller passes."""
        return not self.env_reset or any(fnmatch.fnmatchcase(name, pattern) for pattern in self.env_keep)


class _Parameter(NamedTuple):
    """One setting of a Defaults line.  operator: "", "=", "+=", "-="."""

    negated: bool
    name: str
    operator: str
    value: str


class _Who(NamedTuple):
    """The user that rules are asked about, with the aliases read so far and what is known of them."""

    user: str
    uid: int
    groups: tuple[str, ...]
    aliases: dict[str, str]
    resolved: dict[str, bool]


class SudoersLine(NamedTuple):
    """A logical line: continuations joined, comments gone."""

    path: str
    number: int
    text: str
    first: str


def lines_of(path: str, read: Callable[[str], list[str]], listdir: Callable[[str], list[str]]) -> Iterator[SudoersLine]:
    """All logical lines of sudoers with included files in place."""
    yield from _lines(path, read, listdir, 0, [FILES_LIMIT, LINES_LIMIT])


def _lines(
    path: str, read: Callable[[str], list[str]], listdir: Callable[[str], list[str]], depth: int, budget: list[int]
) -> Iterator[SudoersLine]:
    budget[0] -= 1
    if depth > INCLUDE_DEPTH or min(budget) < 0:
        return
    lines = read(path)
    budget[1] -= len(lines)
    for line in _logical(path, lines):
        include = _INCLUDE.match(line.text)
        if not include:
            if not line.text.startswith("#"):
                yield line
            continue
        target = _target(path, include[2])
        if include[1] == "include":
            yield from _lines(target, read, listdir, depth + 1, budget)
            continue
        for name in sorted(listdir(target)):
            if "." not in name and not name.endswith("~"):
                yield from _lines(f"{target.rstrip('/')}/{name}", read, listdir, depth + 1, budget)


def _target(path: str, written: str) -> str:
    """Absolute path of what a file includes."""
    target = written.strip().strip('"').replace("\\ ", " ").replace("%h", "localhost")
    return target if target.startswith("/") else f"{path.rpartition('/')[0]}/{target}"


def _logical(path: str, lines: list[str]) -> Iterator[SudoersLine]:
    parts: list[str] = []
    start, first = 0, ""
    for number, line in enumerate(lines, 1):
        if not parts:
            start, first = number, line
        stripped = line.rstrip("\r")
        if stripped.endswith("\\") and not stripped.lstrip().startswith("#"):
            parts.append(stripped[:-1])
            continue
        text = "".join([*parts, stripped]).strip()
        parts = []
        if text:
            yield SudoersLine(path=path, number=start, text=_uncommented(text), first=first)


def _uncommented(text: str) -> str:
    """Without a comment; `#1000` is a user id, `#include` a directive."""
    if _INCLUDE.match(text) or re.match(r"#-?\d", text):
        return text
    quoted = False
    for index, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character == "#" and not quoted and not text[index + 1 : index + 2].isdigit():
            return text[:index].rstrip() or "#"
    return text


def evaluate(lines: Iterator[SudoersLine], user: str, uid: int, groups: tuple[str, ...]) -> Sudoers:
    """Settings for a user who runs a command as root.

    Args:
        groups: names of the user's groups.
    """
    result = Sudoers()
    who = _Who(user=user, uid=uid, groups=groups, aliases={}, resolved={})
    specifications = []
    files: dict[str, None] = {}
    deferred: list[tuple[SudoersLine, str, str, str]] = []
    for line in lines:
        files[line.path] = None
        match = _DEFAULTS.match(line.text)
        if match:
            deferred.append((line, match[1] or "", match[2] or "", match[3] or ""))
        elif line.text.startswith("User_Alias"):
            who.aliases.update(_aliases(line.text))
        elif not re.match(r"(Host|Cmnd|Cmd|Runas)_Alias\b", line.text) and "=" in line.text:
            specifications.append(line.text.split("=", 1)[0])
    for line, sign, subject, parameters in deferred:
        if _applies(sign, subject, who):
            result = _with_parameters(result, line, parameters)
    may_use = any(_user_in(_users_of(text), who) for text in specifications)
    return result._replace(may_use=may_use, files=tuple(files))


def _users_of(specification: str) -> str:
    """`%sudo, dev ALL` without the host list, which is the last word."""
    words = re.sub(r" ?, ?", ",", " ".join(specification.split())).split(" ", 1)
    return words[0]


def _aliases(text: str) -> dict[str, str]:
    found = {}
    for part in text[len("User_Alias") :].split(":"):
        name, equals, members = part.partition("=")
        if equals:
            found[name.strip()] = members.replace(" ", "").replace("\t", "")
    return found


def _applies(sign: str, subject: str, who: _Who) -> bool:
    if not sign:
        return True
    if sign == ":":
        return _user_in(subject, who)
    if sign == ">":
        return _user_in(subject, who._replace(user="root", uid=0, groups=("root",), resolved={}))
    return sign == "@" and subject == "ALL"  # Defaults for one host or one command are not general


def _user_in(users: str, who: _Who, depth: int = 0) -> bool:
    hit = False
    for word in users.split(",")[:1000]:
        name = word.lstrip("!").strip('"')
        match = name in ("ALL", who.user, f"#{who.uid}") or (name.startswith("%") and name[1:] in who.groups)
        if match or _in_alias(name, who, depth):
            hit = not word.startswith("!")
    return hit


def _in_alias(name: str, who: _Who, depth: int) -> bool:
    """Whether the user is in an alias; each alias is looked into once."""
    if name not in who.resolved and name in who.aliases and depth < ALIAS_DEPTH:
        who.resolved[name] = False  # an alias within itself adds nobody
        who.resolved[name] = _user_in(who.aliases[name], who, depth + 1)
    return who.resolved.get(name, False)


def _parameters(text: str) -> Iterator[_Parameter]:
    """The settings of a Defaults line, in order."""
    index = 0
    while index < len(text):
        lead = _LEAD.match(text, index)
        index = lead.end() if lead else index
        match = _PARAMETER.match(text, index)
        if match is None:
            index += 1
            continue
        index = match.end()
        value = re.sub(r"\\(.)", r"\1", (match[3] or "").strip('"'))
        negated = lead is not None and lead[0].count("!") % 2 == 1
        yield _Parameter(negated=negated, name=match[1], operator=match[2] or "", value=value)


def _with_parameters(result: Sudoers, line: SudoersLine, parameters: str) -> Sudoers:
    for negated, name, operator, value in _parameters(parameters):
        if name == "secure_path":
            place = Location(path=line.path, line=line.number, text=shown(line.first))
            result = result._replace(secure_path="" if negated else value, secure_path_at=place)
        elif name == "env_keep":
            result = result._replace(env_keep=_list(result.env_keep, operator, value, negated))
        elif name in ("env_reset", "always_set_home", "set_home"):
            result = _with_flag(result, name, not negated)
    return result


def _with_flag(result: Sudoers, name: str, value: bool) -> Sudoers:
    if name == "env_reset":
        return result._replace(env_reset=value)
    return result._replace(always_set_home=value) if name == "always_set_home" else result._replace(set_home=value)


def secure_paths(path: str, lines: list[str]) -> tuple[tuple[Location, str], ...]:
    """Every `secure_path=` of one file, whomever it is for, with its line."""
    found = []
    for line in _logical(path, lines):
        match = _DEFAULTS.match(line.text)
        for parameter in _parameters((match[3] or "") if match else ""):
            if parameter.name == "secure_path" and parameter.operator and not parameter.negated:
                place = Location(path=path, line=line.number, text=shown(line.first))
                found.append((place, parameter.value))
    return tuple(found)


def included_directories(path: str, lines: list[str]) -> tuple[tuple[Location, str], ...]:
    """Every directory that one file includes, with its line."""
    found = []
    for line in _logical(path, lines):
        include = _INCLUDE.match(line.text)
        if include and include[1] == "includedir":
            place = Location(path=path, line=line.number, text=shown(line.first))
            found.append((place, _target(path, include[2])))
    return tuple(found)


def _list(old: tuple[str, ...], operator: str, value: str, negated: bool) -> tuple[str, ...]:
    if negated:
        return ()
    new = tuple(value.split())
    if operator == "+=":
        return old + new
    if operator == "-=":
        return tuple(word for word in old if word not in new)
    return new
