"""The git repository that a module lies in, its owner, and whether git trusts it and takes its configuration: `go build` asks git.

Sources: cmd/go/internal/vcs (`FromDir`); git's setup.c (`ensure_valid_ownership`, `is_git_directory`) and config.c (`do_git_config_sequence`);
git-config(1), "FILES", safe.directory.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats import gitconfig
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.probes.work_contexts import WorkContext

_LONGEST_WAY_UP = 64
_MOST_FILES = 12
_SHOWN = 300
_GITDIR = re.compile(r"gitdir: ([^\n]{1,4000})")


class Repository(NamedTuple):
    """The repository around a module.

    Attributes:
        directory: holds .git, "" without one.   uid: of the owner that is not the user, else the user's.   safe: git is told to trust it.
        errors: lines of git's configuration, and files of it (line 0), that stop every git command there.
        led_to: "repository" or "bare": GIT_DIR names such a one; "" if it names nothing, or is not set.
    """

    directory: str = ""
    uid: int = 0
    safe: bool = False
    errors: tuple[Location, ...] = ()
    led_to: str = ""


class Configuration(NamedTuple):
    """Values of safe.directory, and what git refuses in the files that it reads."""

    safe: tuple[str, ...] = ()
    errors: tuple[Location, ...] = ()


def repository_of(host: Host, root: str, work: WorkContext) -> Repository:
    """The repository around a directory, as `work`'s account sees it."""
    led_to = _kind(host, work.value("GIT_DIR"))
    place = root.rstrip("/")
    for _ in range(_LONGEST_WAY_UP):
        if host.lstat(f"{place}/.git") is not None:
            return _judged(host, place or "/", work)._replace(led_to=led_to)
        if not place:
            break
        place = place.rpartition("/")[0]
    return Repository(errors=configuration(host, work).errors, led_to=led_to)


def _kind(host: Host, directory: str) -> str:
    if not directory.startswith("/") or not host.exists(f"{directory}/HEAD") or not host.exists(f"{directory}/objects"):
        return ""
    try:
        bare = gitconfig.values(host.text(f"{directory}/config"), "core", "bare")
    except OSError:
        bare = ()
    return "bare" if bare[-1:] == ("true",) else "repository"


def _judged(host: Host, directory: str, work: WorkContext) -> Repository:
    me = work.account.uid
    parts = _parts(host, directory)
    statuses = (host.stat(path) for path in (directory, *parts))
    uid = next((s.st_uid for s in statuses if s is not None and s.st_uid != me), me)
    found = configuration(host, work, "" if work.value("GIT_DIR") else f"{parts[-1].rstrip('/')}/config")
    safe = uid != me and gitconfig.is_safe(host.realpath(directory) or directory, found.safe, work.home)
    return Repository(directory, uid, safe, found.errors)


def _parts(host: Host, directory: str) -> tuple[str, ...]:
    """What besides the work tree git looks at: .git, and where that file of a linked work tree or submodule leads to."""
    marker = f"{directory.rstrip('/')}/.git"
    if host.is_directory(marker):
        return (marker,)
    try:
        match = _GITDIR.match(host.read(marker, 8192).decode("utf-8", "surrogateescape"))
    except OSError:
        return (marker,)
    target = match[1].rstrip() if match else ""
    if target and not target.startswith("/"):
        target = f"{directory.rstrip('/')}/{target}"
    return (marker, target) if target else (marker,)


def configuration(host: Host, work: WorkContext, own: str = "") -> Configuration:
    """git's system and user configuration, and what the environment adds. Of a repository's own file (`own`) only errors count."""
    safe: list[str] = []
    errors: list[Location] = []
    personal = _personal(work)
    todo = [path for path in (_system(work), *personal, own) if path.startswith("/")]
    for _ in range(_MOST_FILES):
        if not todo:
            break
        path = todo.pop(0)
        try:
            text = host.text(path)
        except OSError as error:
            # git passes over a user's file that is closed to them, and over none of the others.
            errors += [Location(path)] if isinstance(error, PermissionError) and path not in personal else []
            continue
        wrong = gitconfig.first_error(text)
        if wrong:
            errors.append(Location(path, wrong, text.split("\n")[wrong - 1].rstrip("\r")[:_SHOWN]))
        if path != own:
            safe += gitconfig.values(text, "safe", "directory")
        todo[:0] = [_included(path, value, work.home) for value in gitconfig.values(text, "include", "path")]
    return Configuration((*safe, *_of_environment(work)), tuple(errors))


def _system(work: WorkContext) -> str:
    return "" if work.value("GIT_CONFIG_NOSYSTEM") else work.value("GIT_CONFIG_SYSTEM") or "/etc/gitconfig"


def _personal(work: WorkContext) -> tuple[str, ...]:
    if work.value("GIT_CONFIG_GLOBAL"):
        return (work.value("GIT_CONFIG_GLOBAL"),)
    config_home = work.value("XDG_CONFIG_HOME") or (f"{work.home.rstrip('/')}/.config" if work.home else "")
    of_home = (f"{work.home.rstrip('/')}/.gitconfig",) if work.home else ()
    return (f"{config_home}/git/config", *of_home) if config_home else of_home


def _of_environment(work: WorkContext) -> tuple[str, ...]:
    count = work.value("GIT_CONFIG_COUNT")
    numbers = range(min(int(count), 20) if count.isascii() and count.isdigit() and len(count) < 4 else 0)
    return tuple(
        work.value(f"GIT_CONFIG_VALUE_{number}")
        for number in numbers
        if work.value(f"GIT_CONFIG_KEY_{number}").lower() == "safe.directory"
    )


def _included(path: str, value: str, home: str) -> str:
    if value.startswith("~/"):
        return f"{home.rstrip('/')}{value[1:]}"
    return value if value.startswith("/") else f"{path.rpartition('/')[0]}/{value}"
