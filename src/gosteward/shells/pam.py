"""PAM: which services call pam_env, and what pam_env makes of its files. Pure.

pam_env expands nothing in /etc/environment: `$PATH` stays those five characters. Source: pam_env(8), Linux-PAM
modules/pam_env/pam_env.c; measured with su, sshd and cron.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.shells.assignment import Assignment, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

DIRECTORIES = ("/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d")
INCLUDE_DEPTH = 8
FILES_LIMIT = 60
VALUE_LIMIT = 1 << 17
CALLS_LIMIT = 40
_KEY = re.compile(r"[A-Za-z0-9_]+")
_REFERENCE = re.compile(r"\\([$@])|([$@])\{([^{}]{1,200})\}")
_RULE_WORD = re.compile(r'"[^"]*"|(?:DEFAULT|OVERRIDE)="[^"]*"|\S+')


class PamEnv(NamedTuple):
    """One call of pam_env.so in a service.  read_environment, read_user: whether it reads `envfile` and ~/.pam_environment."""

    envfile: str = "/etc/environment"
    conffile: str = "/etc/security/pam_env.conf"
    read_environment: bool = True
    read_user: bool = False


class PamEnvRule(NamedTuple):
    """A line `NAME DEFAULT=... OVERRIDE=...` of pam_env.conf, unexpanded."""

    name: str
    default: str
    override: str
    line: int
    text: str


def calls(service: str, read: Callable[[str], list[str]]) -> tuple[PamEnv, ...]:
    """The pam_env calls of a service, in order, through @include, include and substack.

    Args:
        service: file name in /etc/pam.d.   read: lines of a file, [] if it is not there.
    """
    budget = [FILES_LIMIT]
    found = [_call(words) for kind in ("auth", "session") for words in _modules(service, kind, read, 0, budget)]
    return tuple(dict.fromkeys(found))[:CALLS_LIMIT]


def _modules(
    service: str, kind: str, read: Callable[[str], list[str]], depth: int, budget: list[int]
) -> Iterator[list[str]]:
    """Arguments of every pam_env.so line of one management group."""
    budget[0] -= 1
    if depth > INCLUDE_DEPTH or budget[0] < 0:
        return
    for line in _service_lines(service, read):
        words = line.split("#", 1)[0].split()
        if len(words) == 2 and words[0] == "@include":
            yield from _modules(words[1], kind, read, depth + 1, budget)
        if len(words) < 3 or words[0].lstrip("-").lower() != kind:
            continue
        rest = words[1:]
        if rest[0].startswith("["):
            rest = rest[next((i for i, word in enumerate(rest) if word.endswith("]")), len(rest)) :]
        if len(rest) > 1 and rest[0] in ("include", "substack"):
            yield from _modules(rest[1], kind, read, depth + 1, budget)
        elif len(rest) > 1 and rest[1].rpartition("/")[2] == "pam_env.so":
            yield rest[2:]


def _service_lines(service: str, read: Callable[[str], list[str]]) -> list[str]:
    if service.startswith("/"):
        return read(service)
    for directory in DIRECTORIES:
        lines = read(f"{directory}/{service}")
        if lines:
            return lines
    return []


def _call(arguments: list[str]) -> PamEnv:
    options = dict(word.partition("=")[::2] for word in arguments)
    return PamEnv(
        envfile=options.get("envfile", "/etc/environment"),
        conffile=options.get("conffile", "/etc/security/pam_env.conf"),
        read_environment=options.get("readenv", "1") != "0",
        read_user=options.get("user_readenv", "0") == "1",
    )


def environment(lines: Iterable[str]) -> tuple[Assignment, ...]:
    """Assignments of /etc/environment as pam_env takes them, in order.

    A leading `export ` is dropped, text from `#` on too, quotes around the value are removed, and `$` means nothing.
    """
    found = []
    for number, line in enumerate(lines, 1):
        text = line.lstrip(" \t\v\f").removeprefix("export ").split("#", 1)[0]
        name, equals, value = text.partition("=")
        if not equals or not _KEY.fullmatch(name):
            continue
        if value[:1] in ("'", '"') and value:
            value = value[1:-1] if value[-1:] in ("'", '"') and len(value) > 1 else value[1:]
        found.append(Assignment(name=name, value=value, line=number, text=shown(line)))
    return tuple(found)


def rules(lines: Iterable[str]) -> tuple[PamEnvRule, ...]:
    """Lines of pam_env.conf, continued lines joined."""
    found = []
    for number, text, first in _joined(lines):
        words = _RULE_WORD.findall(text)
        if not words or not _KEY.fullmatch(words[0]):
            continue
        options = dict(word.partition("=")[::2] for word in words[1:])
        default, override = (options.get(key, "").strip('"') for key in ("DEFAULT", "OVERRIDE"))
        found.append(PamEnvRule(name=words[0], default=default, override=override, line=number, text=shown(first)))
    return tuple(found)


def _joined(lines: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """(number of the first line, text with continuations joined, first line)."""
    parts: list[str] = []
    start, first = 0, ""
    for number, line in enumerate(lines, 1):
        if not parts:
            start, first = number, line
            if line.lstrip().startswith("#"):
                continue
        stripped = line.rstrip()
        if stripped.endswith("\\"):
            parts.append(stripped[:-1])
            continue
        yield start, " ".join([*parts, stripped]), first
        parts = []
    if parts:
        yield start, " ".join(parts), first


def apply(rule: PamEnvRule, variables: dict[str, str], items: dict[str, str]) -> str | None:
    """Value of a rule: OVERRIDE if it expands to something, else DEFAULT; None unsets nothing and sets nothing.

    Args:
        variables: what pam_env has set so far, for `${NAME}`.   items: HOME, SHELL, PAM_USER ... for `@{NAME}`.
    """
    room = VALUE_LIMIT

    def replaced(match: re.Match[str]) -> str:
        nonlocal room
        if match[1]:
            return match[1]
        text = (variables if match[2] == "$" else items).get(match[3], "")
        room -= len(text)
        return text if room > 0 else ""  # values that name themselves twice would double with every line

    for template in (rule.override, rule.default):
        value = _REFERENCE.sub(replaced, template)
        if value:
            return value
    return None
