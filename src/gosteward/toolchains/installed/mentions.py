"""Who names a tree by its path: links, start-up files and settings of all users, jobs, units. They would miss it, though no session finds its go.

Looked through are the places where such lines are kept, each with the rights of whose home it is in; not the scripts that these call.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from gosteward.finding import Text
from gosteward.host.accounts import passwd_entries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.host.local import LocalHost
    from gosteward.snapshot import User

LIMIT = 256 << 10
MOST_NAMES = 1_000
MOST_USERS = 1_000
# Directories whose links count.
LINKS = ("/usr/local", "/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/opt", "/snap/bin")
LINKS_OF_USERS = ("", "bin", "sdk", "go/bin", ".local/bin", ".local")
# Files, and directories whose files count.
FILES = (
    "/etc/environment", "/etc/profile", "/etc/bash.bashrc", "/etc/bashrc", "/etc/zshenv", "/etc/zprofile", "/etc/zshrc", "/etc/csh.cshrc",
    "/etc/csh.login", "/etc/crontab", "/etc/sudoers", "/etc/anacrontab", "/etc/fish/config.fish",
)  # fmt: skip
FOLDERS = (
    "/etc/profile.d", "/etc/zsh", "/etc/fish/conf.d", "/etc/environment.d", "/etc/security", "/etc/default", "/etc/sysconfig",
    "/etc/sudoers.d", "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/var/spool/cron",
    "/var/spool/cron/crontabs", "/etc/systemd/system", "/etc/systemd/user", "/usr/local/lib/systemd/system",
)  # fmt: skip
FILES_OF_USERS = (
    ".profile", ".bash_profile", ".bash_login", ".bashrc", ".zshenv", ".zprofile", ".zshrc", ".zlogin", ".kshrc", ".cshrc", ".tcshrc",
    ".login", ".pam_environment", ".ssh/environment", ".xprofile", ".config/go/env", ".config/fish/config.fish",
)  # fmt: skip
FOLDERS_OF_USERS = (".config/fish/conf.d", ".config/environment.d", ".config/systemd/user")
_DROP_INS = (".service.d", ".timer.d", ".socket.d")


def of(tree: str, host: LocalHost, users: tuple[User, ...] | None = None, top: str = "") -> tuple[Text, ...]:
    """What names a tree.

    Args:
        tree: GOROOT; its path without links counts, too.   users: whose homes to look into; None for those in /etc/passwd.   top: in front of the system's places.
    """
    trees = tuple(dict.fromkeys((tree, host.realpath(tree) or tree)))
    found = list(_of_system(trees, host, top))
    for user in _users(host) if users is None else users:
        if user.home.startswith("/") and user.home != "/":
            with host.reading_as(user):
                found += _of_home(trees, host, user.home.rstrip("/"))
    return tuple(Text("{place} names it", place=place) for place in dict.fromkeys(found))


def _users(host: LocalHost) -> tuple[User, ...]:
    homes = {user.home: user for user in reversed(passwd_entries(host.text("/etc/passwd").splitlines())[:MOST_USERS])}
    return tuple(user for home, user in homes.items() if host.is_directory(home))


def _of_system(trees: tuple[str, ...], host: LocalHost, top: str) -> Iterator[str]:
    roots = tuple(posixpath.dirname(tree) for tree in trees)
    # The root's own one is what `use` switches, and its links lead through it.
    own = tuple(f"{root}/current ->" for root in roots)
    for directory in (*(f"{top}{d}" for d in LINKS), roots[-1]):
        yield from (link for link in _links(trees, host, directory) if not link.startswith(own))
    pattern = _pattern(trees)
    yield from _in_files(pattern, host, tuple(f"{top}{f}" for f in FILES), tuple(f"{top}{f}" for f in FOLDERS))


def _of_home(trees: tuple[str, ...], host: LocalHost, home: str) -> Iterator[str]:
    for name in LINKS_OF_USERS:
        yield from _links(trees, host, f"{home}/{name}".rstrip("/"))
    below = [tree[len(home) :] for tree in trees if tree.startswith(f"{home}/")]
    pattern = _pattern((*trees, *(f"{start}{path}" for start in ("~", "$HOME", "${HOME}", "%h") for path in below)))
    files, folders = (tuple(f"{home}/{n}" for n in names) for names in (FILES_OF_USERS, FOLDERS_OF_USERS))
    yield from _in_files(pattern, host, files, folders)


def _links(trees: tuple[str, ...], host: LocalHost, directory: str) -> Iterator[str]:
    for name in host.listdir(directory, MOST_NAMES):
        target = host.readlink(f"{directory}/{name}")
        leads = f"{posixpath.normpath(posixpath.join(directory, target))}/" if target else ""
        if leads.startswith(tuple(f"{tree}/" for tree in trees)):
            yield f"{directory}/{name} -> {target}"


def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, names))})(?![\w.-])")


def _in_files(
    pattern: re.Pattern[str], host: LocalHost, files: tuple[str, ...], folders: tuple[str, ...]
) -> Iterator[str]:
    for path in (*files, *(path for folder in folders for path in _below(host, folder))):
        try:
            text = host.read(path, LIMIT).decode("utf-8", "replace")
        except OSError:
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if pattern.search(line) and not line.lstrip().startswith(("#", ";")):
                yield f"{path}:{number}"
                break


def _below(host: LocalHost, folder: str) -> Iterator[str]:
    for name in host.listdir(folder, MOST_NAMES):
        path = f"{folder}/{name}"
        yield from (
            (f"{path}/{inner}" for inner in host.listdir(path, MOST_NAMES)) if name.endswith(_DROP_INS) else (path,)
        )
