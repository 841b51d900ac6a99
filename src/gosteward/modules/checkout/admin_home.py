"""The directory with what a go command needs to be let in: `.netrc`, `.gitconfig`, `.git-credentials`, `.ssh/`. It is read, and checked, not copied.

Nobody but root, this user and the account that go runs as may have written what is in there, and what is secret nobody else may read.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from gosteward.errors import PrivilegeError, UsageError
from gosteward.modules.checkout.questions import Home

if TYPE_CHECKING:
    from gosteward.snapshot import User

SECRET = (".netrc", ".git-credentials")
OPEN = (".gitconfig",)
_MOST_FILES = 200
# The path stands in a command that git gives to a shell, and in options of ssh, which have signs of their own.
_PLAIN = re.compile(r"(?:/[A-Za-z0-9._-]+)+")
_TOLD = ("config", "known_hosts", "known_hosts.old", "authorized_keys")
_KEY = re.compile(r"id_[A-Za-z0-9_-]{1,60}")


def checked(path: str, user: User | None) -> Home:
    """What is there.

    Args:
        path: absolute, "" for none.   user: who go runs as, None for this user.
    Raises:
        UsageError: it is no directory, or has a name that cannot be used.   PrivilegeError: others could have written, or can read it.
    """
    if not path:
        return Home()
    if not _PLAIN.fullmatch(path):
        raise UsageError("the path has characters that it must not have", subject=path, hint="letters, digits, . _ -")
    owners = {0, os.geteuid(), *([user.uid] if user is not None else [])}
    _check_directory(path, owners)
    for name in (*SECRET, *OPEN):
        if os.path.lexists(f"{path}/{name}"):
            _check_file(f"{path}/{name}", owners, secret=name in SECRET)
    ssh = f"{path}/.ssh"
    if not os.path.isdir(ssh):
        return Home(path)
    _check_directory(ssh, owners)
    names = sorted(os.listdir(ssh))[:_MOST_FILES]
    for name in names:
        _check_file(f"{ssh}/{name}", owners, secret=name not in _TOLD and not name.endswith(".pub"))
    keys = tuple(f"{ssh}/{name}" for name in names if _KEY.fullmatch(name))
    return Home(path, has_ssh=True, ssh_config="config" in names, keys=keys)


def _check_directory(path: str, owners: set[int]) -> None:
    try:
        status = os.stat(path)
    except OSError as error:
        raise UsageError(f"it cannot be used ({error.strerror})", subject=path) from error
    if not stat.S_ISDIR(status.st_mode):
        raise UsageError("it is no directory", subject=path)
    _check(path, status, owners)


def _check_file(path: str, owners: set[int], *, secret: bool) -> None:
    try:
        status = os.stat(path)
    except OSError as error:
        raise UsageError(f"it cannot be read ({error.strerror})", subject=path) from error
    if not stat.S_ISREG(status.st_mode):
        raise UsageError("it is no file", subject=path)
    _check(path, status, owners)
    if secret and status.st_mode & stat.S_IROTH:
        raise PrivilegeError("everybody may read it, and it is secret", subject=path, hint=f"chmod o-rwx {path}")


def _check(path: str, status: os.stat_result, owners: set[int]) -> None:
    if status.st_uid not in owners:
        raise PrivilegeError(
            f"it belongs to the user {status.st_uid}, who is none of those that may own it", subject=path
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PrivilegeError("others may write to it", subject=path, hint=f"chmod go-w {path}")
