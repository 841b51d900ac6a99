"""Lines of files that are no scripts: /etc/environment and its relatives, environment.d, crontabs, sudoers, login.defs. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.shells import crontab, login_defs, pam, sshd, sudo, systemd
from gosteward.shells.assignment import Assignment
from gosteward.shells.known_output import pair
from gosteward.shells.startup_facts import LINES_LIMIT, OLD_PATH, FileFacts, literal_of, path_parts, wanted
from gosteward.snapshot import Location, StartupLine

if TYPE_CHECKING:
    from collections.abc import Iterable


_DOLLAR = re.compile(r"\$\{?[A-Za-z_]")
_OLD_PATH = re.compile(r"\$(?:PATH\b|\{PATH\})")


def pam_environment(path: str, lines: list[str]) -> FileFacts:
    """/etc/environment and ~/.pam_environment: nothing is expanded."""
    return FileFacts(_literal(path, lines, pam.environment(lines), exports=True))


def ssh_environment(path: str, lines: list[str]) -> FileFacts:
    """~/.ssh/environment: nothing is expanded, not even quotes are removed."""
    return FileFacts(_literal(path, lines, sshd.environment_file(lines)))


def sshd_settings(path: str, lines: list[str]) -> FileFacts:
    """SetEnv of sshd_config and the files that it includes: nothing is expanded."""
    return FileFacts(_literal(path, lines, sshd.assignments(path, lines)))


def cron(path: str, lines: list[str]) -> FileFacts:
    """The variables of a crontab: nothing is expanded."""
    found = tuple(entry.assignment for entry in crontab.entries(lines, system=False) if entry.assignment is not None)
    return FileFacts(_literal(path, lines, found))


def pairs(path: str, lines: list[str], *, quotes: bool) -> FileFacts:
    """A file that `export $(... FILE ...)` reads."""
    found = []
    for number, line in enumerate(lines, 1):
        entry = pair(line, quotes)
        if entry is not None:
            found.append(Assignment(name=entry[0], value=entry[1], line=number, text=line[:300]))
    return FileFacts(_literal(path, lines, found))


def _literal(
    path: str, lines: list[str], found: Iterable[Assignment], *, exports: bool = False
) -> tuple[StartupLine, ...]:
    facts = []
    for assignment in found:
        if not wanted(assignment.name):
            continue
        raw = lines[assignment.line - 1] if assignment.line <= len(lines) else ""
        value, is_path = assignment.value.rstrip("\r"), assignment.name == "PATH"
        dollar = _DOLLAR.search(value) is not None
        syntax = "dollar-in-environment-file" if dollar else ""
        if exports and not syntax and raw.lstrip().startswith("export "):
            syntax = "export-in-environment-file"
        literal = "dollar" if dollar else literal_of(value, is_path=is_path)
        facts.append(_fact(path, assignment, raw, value, value.split(":"), literal, syntax))
    return tuple(facts[:LINES_LIMIT])


def _fact(
    path: str, assignment: Assignment, raw: str, value: str, entries: list[str], literal: str, syntax: str
) -> StartupLine:
    is_path = assignment.name == "PATH"
    parts = path_parts(entries)
    return StartupLine(
        kind="path" if is_path else "variable",
        name=assignment.name,
        location=Location(path=path, line=assignment.line, text=assignment.text),
        value=value,
        adds=parts.adds if is_path else (),
        keeps=parts.keeps if is_path else True,
        at_end=parts.at_end if is_path else False,
        literal=literal,
        syntax=syntax,
        carriage_return=raw.endswith("\r"),
    )


def systemd_environment(path: str, lines: list[str]) -> FileFacts:
    """environment.d: `$NAME` and `${NAME}` are expanded; a line with `export` is no assignment and is skipped by systemd."""
    facts = []
    for assignment in systemd.environment_file(lines):
        if wanted(assignment.name):
            raw = lines[assignment.line - 1]
            entries = _OLD_PATH.sub(OLD_PATH, assignment.value).split(":")
            literal = literal_of(assignment.value, is_path=assignment.name == "PATH")
            facts.append(_fact(path, assignment, raw, assignment.value, entries, literal, ""))
    for number, line in enumerate(lines, 1):
        match = re.match(r"\s*export\s+([A-Za-z_][A-Za-z0-9_]*)=(.*)", line)
        if match and wanted(match[1]):
            value = match[2].strip().strip("\"'")
            assignment = Assignment(name=match[1], value=value, line=number, text=line.rstrip("\r")[:300])
            entries = _OLD_PATH.sub(OLD_PATH, value).split(":")
            facts.append(_fact(path, assignment, line, value, entries, "", "export-in-environment-file"))
    return FileFacts(tuple(sorted(facts, key=lambda fact: fact.location.line)[:LINES_LIMIT]))


def manager_configuration(path: str, lines: list[str]) -> FileFacts:
    """DefaultEnvironment= and ManagerEnvironment= of systemd's system.conf and user.conf."""
    facts: list[StartupLine] = []
    found = systemd.entries(path, lines)
    for key in ("ManagerEnvironment", "DefaultEnvironment"):
        for entry in systemd.values(found, key, section="Manager"):
            facts += _literal(path, lines, systemd.assignments(entry))
    return FileFacts(tuple(facts[:LINES_LIMIT]))


def pam_rules(path: str, lines: list[str]) -> FileFacts:
    """pam_env.conf: `${NAME}` and `@{NAME}` are expanded, `$NAME` is not."""
    facts = []
    for rule in pam.rules(lines):
        value = rule.override or rule.default
        if wanted(rule.name) and value:
            assignment = Assignment(name=rule.name, value=value, line=rule.line, text=rule.text)
            literal = "dollar" if re.search(r"\$[A-Za-z_]", value) else literal_of(value, is_path=rule.name == "PATH")
            entries = _OLD_PATH.sub(OLD_PATH, value).split(":") if "${PATH}" in value else value.split(":")
            syntax = "dollar-in-environment-file" if literal == "dollar" else ""
            facts.append(_fact(path, assignment, lines[rule.line - 1], value, entries, literal, syntax))
    return FileFacts(tuple(facts[:LINES_LIMIT]))


def login_definitions(path: str, lines: list[str]) -> FileFacts:
    """ENV_PATH and ENV_SUPATH of login.defs."""
    found = login_defs.values(lines)
    facts = []
    for name in ("ENV_PATH", "ENV_SUPATH", "ENV_ROOTPATH"):
        entry = found.get(name)
        if entry is not None:
            value = entry.value.removeprefix("PATH=")
            literal = "dollar" if _DOLLAR.search(value) else literal_of(value, is_path=True)
            fact = _fact(path, entry._replace(name="PATH"), lines[entry.line - 1], value, value.split(":"), literal, "")
            facts.append(fact)
    return FileFacts(tuple(sorted(facts, key=lambda fact: fact.location.line)))


def sudoers(path: str, lines: list[str]) -> FileFacts:
    """Every secure_path of one sudoers file, and every directory that it includes."""
    facts = [
        StartupLine(kind="source", name=directory, location=place, value=directory)
        for place, directory in sudo.included_directories(path, lines)
    ]
    for place, value in sudo.secure_paths(path, lines):
        parts = path_parts(value.split(":"))
        literal = "dollar" if _DOLLAR.search(value) else literal_of(value, is_path=True)
        facts.append(
            StartupLine(
                kind="path", name="PATH", location=place, value=value, adds=parts.adds, keeps=False, literal=literal
            )
        )
    return FileFacts(tuple(sorted(facts, key=lambda fact: fact.location.line)[:LINES_LIMIT]))
