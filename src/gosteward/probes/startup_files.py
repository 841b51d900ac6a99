"""Start-up files: what each of them sets, line by line, and whether the user can read it at all."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from gosteward.probes import startup_places
from gosteward.shells import csh_lines, environment_lines, fish_lines, posix_lines
from gosteward.shells.startup_facts import FileFacts, Sourced
from gosteward.shells.user_files import as_user
from gosteward.snapshot import Gap, StartupFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.host.reading import Host
    from gosteward.probes.startup_places import Place
    from gosteward.snapshot import Context, User

TEXT_LIMIT = 1 << 18
CARRIAGE_RETURNS = 20
SOURCE_DEPTH = 4
FILES_LIMIT = 300
# Thousands of lines of completions, which set nothing of ours.
PASSED_OVER = ("/usr/share/bash-completion/", "/etc/bash_completion", "/usr/share/zsh/", "/dev/", "/proc/")
KINDS = (
    (stat.S_ISFIFO, "fifo"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISCHR, "device"),
    (stat.S_ISBLK, "device"),
    (stat.S_ISSOCK, "device"),
)
# Read before the user logs in, with root's rights.
READ_BY_ROOT = ("sudoers", "crontab", "login.defs", "sshd_config")


def collect(host: Host, user: User, contexts: tuple[Context, ...]) -> tuple[tuple[StartupFile, ...], tuple[Gap, ...]]:
    """Every start-up file that is there, also of shells that the user does not use, and what these read in turn.

    Args:
        contexts: tell which context read which file (`files_read`, and the sources of entries and variables).
    """
    reader = _Reader(host, user)
    reader.read_all(startup_places.system_places(host, user))
    with as_user(host, user):
        reader.read_all(startup_places.user_places(host, user))
        reader.follow_sources()
    files = reader.found
    hidden = hidden_by(files)
    readers = read_by(contexts)
    found = tuple(
        entry._replace(
            hidden_by=hidden.get(path, ""),
            contexts=readers.get(path) or readers.get(reader.turned_into_words.get(path, ""), ()),
        )
        for path, entry in files.items()
    )
    return found, ()


def read_by(contexts: Iterable[Context]) -> dict[str, tuple[str, ...]]:
    """For each file the contexts that read it."""
    found: dict[str, dict[str, None]] = {}
    for context in contexts:
        paths = dict.fromkeys(context.files_read)
        for sources in (*(e.sources for e in context.search_path), *(v.sources for v in context.variables)):
            paths.update(dict.fromkeys(source.path for source in sources))
        if context.location is not None:
            paths.setdefault(context.location.path)
        for path in paths:
            found.setdefault(path, {}).setdefault(context.name)
    return {path: tuple(names) for path, names in found.items()}


def hidden_by(files: dict[str, StartupFile]) -> dict[str, str]:
    """Files that are passed over because another one of the same rank is there."""
    hidden: dict[str, str] = {}
    _hide_profiles(files, hidden)
    by_name: dict[str, str] = {}
    for path, entry in files.items():
        directory, _, name = path.rpartition("/")
        if directory.endswith(("/conf.d", "/vendor_conf.d")) and entry.dialect == "fish":
            _hide(
                hidden, by_name, f"fish/{name}", path, stronger=entry.scope == "user" or directory == "/etc/fish/conf.d"
            )
        elif directory.endswith("environment.d"):
            _hide(
                hidden,
                by_name,
                f"environment/{name}",
                path,
                stronger=entry.scope == "user" or directory.startswith("/etc"),
            )
        elif name == ".cshrc" and f"{directory}/.tcshrc" in files:
            hidden[path] = f"{directory}/.tcshrc"
    return hidden


def _hide(hidden: dict[str, str], by_name: dict[str, str], key: str, path: str, *, stronger: bool) -> None:
    other = by_name.get(key)
    if other is None:
        by_name[key] = path
    elif stronger and other not in hidden:
        hidden[other] = path
        by_name[key] = path
    else:
        hidden[path] = other


def _hide_profiles(files: dict[str, StartupFile], hidden: dict[str, str]) -> None:
    """Of three files bash reads the first that is there; one that reads the others itself hides nothing."""
    first = next((path for path in files if path.endswith(("/.bash_profile",))), "")
    first = first or next((path for path in files if path.endswith("/.bash_login")), "")
    if not first or files[first].problem or not files[first].exists:
        return
    home = first.rpartition("/")[0]
    named = {line.name for line in files[first].lines if line.kind == "source"}
    for name in (".bash_login", ".profile"):
        path = f"{home}/{name}"
        if path in files and path != first and path not in named:
            hidden[path] = first


class _Reader:
    """Reads files once each, bounded in number."""

    def __init__(self, host: Host, user: User) -> None:
        self.host = host
        self.user = user
        self.found: dict[str, StartupFile] = {}
        self.sourced: list[tuple[Sourced, StartupFile, int]] = []
        self.turned_into_words: dict[str, str] = {}  # files that `export $(...)` reads, and the file that does so

    def read_all(self, places: Iterable[Place]) -> None:
        for place in places:
            if self.host.reading_time.is_up("startup_files"):
                return
            if len(self.found) < FILES_LIMIT and place.path not in self.found:
                self.read(place)

    def read(self, place: Place, depth: int = 0, how: Sourced | None = None) -> None:
        link = self.host.lstat(place.path)
        if link is None:
            return
        status = self.host.stat(place.path)
        entry = self._described(place, status, link)
        facts = FileFacts()
        if entry.readable and not entry.problem:
            lines, problem = self._lines(place)
            entry = entry._replace(problem=problem)
            if place.dialect == "sshd_config":  # sshd takes a carriage return for a blank
                lines = [line.rstrip("\r") for line in lines]
            facts = self._facts(place, lines, how) if not problem else facts
            carriage = tuple(number for number, line in enumerate(lines, 1) if line.endswith("\r"))
            entry = entry._replace(carriage_returns=carriage[:CARRIAGE_RETURNS])
        entry = entry._replace(lines=facts.lines, early_return=facts.early_return)
        self.found[place.path] = entry
        self.sourced += [(sourced, entry, depth + 1) for sourced in facts.sourced]

    def _described(self, place: Place, status: os.stat_result | None, link: os.stat_result) -> StartupFile:
        known = status if status is not None else link
        readable = place.dialect in READ_BY_ROOT or self.host.may(place.path, "r", self.user)
        problem, target = ("", "") if status is not None else self._link_problem(place.path)
        for test, name in KINDS:
            problem = name if status is not None and test(status.st_mode) else problem
        return StartupFile(
            path=place.path,
            real_path=self.host.realpath(place.path),
            dialect=place.dialect,
            scope=place.scope,
            shells=place.shells,
            exists=status is not None,
            readable=status is not None and readable,
            mode=stat.S_IMODE(known.st_mode),
            uid=known.st_uid,
            size=known.st_size if status is not None else 0,
            writable_by_others=status is not None and self._others_write(status),
            problem=problem,
            target=target,
        )

    def _link_problem(self, path: str) -> tuple[str, str]:
        """Why a link leads nowhere: "loop", or "dangling" with the name that is missing; both "" for what the user may not see."""
        for _ in range(40):
            target = self.host.readlink(path)
            if not target:
                return ("dangling", path) if self._surely_missing(path) else ("", "")
            path = os.path.normpath(target if target.startswith("/") else f"{path.rpartition('/')[0]}/{target}")
        return "loop", ""

    def _surely_missing(self, path: str) -> bool:
        """Nothing is there, and the user may look there."""
        if self.host.lstat(path) is not None:
            return False
        above = path.rpartition("/")[0]
        while above and self.host.lstat(above) is None:
            above = above.rpartition("/")[0]
        return self.host.may(above or "/", "x", self.user)

    def _others_write(self, status: os.stat_result) -> bool:
        if not stat.S_ISREG(status.st_mode):
            return False
        if status.st_uid not in (0, self.user.uid):
            return True
        if status.st_mode & 0o002:
            return True
        # A group that belongs to the user alone, as Debian makes them, is no other.
        return bool(status.st_mode & 0o020) and status.st_gid not in (0, self.user.gid)

    def _lines(self, place: Place) -> tuple[list[str], str]:
        """Lines, and the problem that keeps them from being read."""
        try:
            text = self.host.text(place.path, TEXT_LIMIT + 1)
        except OSError:
            return [], ""
        if "\0" in text[:8192]:
            return [], "binary"
        if len(text) > TEXT_LIMIT:
            return [], "too-long"
        lines = text.split("\n")
        return lines[:-1] if lines and not lines[-1] else lines, ""

    def _facts(self, place: Place, lines: list[str], how: Sourced | None) -> FileFacts:
        home = self.user.home
        if how is not None and how.pairs:
            return environment_lines.pairs(place.path, lines, quotes=how.quotes)
        if place.reader == "fish_variables":
            return fish_lines.universal_variables(place.path, lines)
        if place.reader:
            read = getattr(environment_lines, place.reader)
            facts: FileFacts = read(place.path, lines)
            return facts
        if place.dialect == "fish":
            return fish_lines.read(place.path, lines, home=home)
        if place.dialect == "csh":
            return csh_lines.read(place.path, lines, home=home)
        exported = how is not None and how.exported
        return posix_lines.read(place.path, lines, home=home, zsh=place.dialect == "zsh", exported=exported)

    def follow_sources(self) -> None:
        """Read what the files read in turn: files named literally, a few levels deep. Only with the user's rights."""
        while self.sourced and len(self.found) < FILES_LIMIT:
            if self.host.reading_time.is_up("startup_files"):
                return
            sourced, by, depth = self.sourced.pop(0)
            path = os.path.normpath(sourced.path)
            if depth > SOURCE_DEPTH or path in self.found or path.startswith(PASSED_OVER):
                continue
            if sourced.pairs:
                self.turned_into_words[path] = by.path
            home = self.user.home.rstrip("/")
            scope = "user" if home and path.startswith(f"{home}/") else "system"
            self.read(startup_places.Place(path, by.dialect, scope, by.shells), depth, sourced)
