"""The git repository that a module lies in, its owner, and whether git trusts it: `go build` asks git for the revision.

Sources: cmd/go/internal/vcs (`FromDir`); git's setup.c (`ensure_valid_ownership`); git-config(1), "FILES", safe.directory.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats import gitconfig

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.probes.work_contexts import WorkContext

_LONGEST_WAY_UP = 64
_MOST_FILES = 12
_GITDIR = re.compile(r"gitdir: ([^\n]{1,4000})")


class Repository(NamedTuple):
    """directory: holds .git, "" without one.   uid: of the owner that is not the user, else the user's.   safe: git is told to trust it."""

    directory: str = ""
    uid: int = 0
    safe: bool = False


def repository_of(host: Host, root: str, work: WorkContext) -> Repository:
    """The repository around a directory, as `work`'s account sees it."""
    place = root.rstrip("/")
    for _ in range(_LONGEST_WAY_UP):
        if host.lstat(f"{place}/.git") is not None:
            return _judged(host, place or "/", work)
        if not place:
            break
        place = place.rpartition("/")[0]
    return Repository()


def _judged(host: Host, directory: str, work: WorkContext) -> Repository:
    me = work.account.uid
    statuses = (host.stat(path) for path in (directory, *_parts(host, directory)))
    uid = next((s.st_uid for s in statuses if s is not None and s.st_uid != me), me)
    # Reading git's configuration is needed only where somebody else owns it.
    safe = uid != me and gitconfig.is_safe(
        host.realpath(directory) or directory, safe_directories(host, work), work.home
    )
    return Repository(directory, uid, safe)


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


def safe_directories(host: Host, work: WorkContext) -> tuple[str, ...]:
    """Values of safe.directory in git's system and user configuration and in the environment; a repository's own does not count."""
    system = "" if work.value("GIT_CONFIG_NOSYSTEM") else work.value("GIT_CONFIG_SYSTEM") or "/etc/gitconfig"
    config_home = work.value("XDG_CONFIG_HOME") or (f"{work.home.rstrip('/')}/.config" if work.home else "")
    personal = [f"{config_home}/git/config"] if config_home else []
    personal += [f"{work.home.rstrip('/')}/.gitconfig"] if work.home else []
    if work.value("GIT_CONFIG_GLOBAL"):
        personal = [work.value("GIT_CONFIG_GLOBAL")]
    found: list[str] = []
    todo = [path for path in (system, *personal) if path.startswith("/")]
    for _ in range(_MOST_FILES):
        if not todo:
            break
        path = todo.pop(0)
        try:
            text = host.text(path)
        except OSError:
            continue
        found += gitconfig.values(text, "safe", "directory")
        todo[:0] = [_included(path, value, work.home) for value in gitconfig.values(text, "include", "path")]
    count = work.value("GIT_CONFIG_COUNT")
    for number in range(min(int(count), 20) if count.isascii() and count.isdigit() and len(count) < 4 else 0):
        if work.value(f"GIT_CONFIG_KEY_{number}").lower() == "safe.directory":
            found.append(work.value(f"GIT_CONFIG_VALUE_{number}"))
    return tuple(found)


def _included(path: str, value: str, home: str) -> str:
    if value.startswith("~/"):
        return f"{home.rstrip('/')}{value[1:]}"
    return value if value.startswith("/") else f"{path.rpartition('/')[0]}/{value}"
