"""What a shell that is followed on paper can learn about its host: files as the user sees them."""

from __future__ import annotations

import fnmatch
import stat
from typing import TYPE_CHECKING

from gosteward.host.accounts import passwd_entries

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.snapshot import User

TEXT_LIMIT = 1 << 18
GLOB_LIMIT = 300
KINDS = {
    "-d": stat.S_ISDIR,
    "-f": stat.S_ISREG,
    "-p": stat.S_ISFIFO,
    "-S": stat.S_ISSOCK,
    "-b": stat.S_ISBLK,
    "-c": stat.S_ISCHR,
}
RIGHTS = {"-r": "r", "-w": "w", "-x": "x"}


class HostWorld:
    """The host for one account; see shells.shell_state.World. Use it inside `as_user(host, account)`."""

    def __init__(self, host: Host, account: User) -> None:
        self.host = host
        self.account = account
        self.uid = account.uid
        self.user = account.name
        self.home = account.home
        self._tests: dict[tuple[str, str], bool | None] = {}
        self._homes: dict[str, str] | None = None

    def file_test(self, test: str, path: str) -> bool | None:
        key = (test, path)
        if key not in self._tests:
            self._tests[key] = self._file_test(test, path)
        return self._tests[key]

    def _file_test(self, test: str, path: str) -> bool | None:
        if test in ("-L", "-h"):
            return bool(self.host.readlink(path))
        status = self.host.stat(path)
        if status is None:
            return False
        if test in KINDS:
            return KINDS[test](status.st_mode)
        if test in RIGHTS:
            return self.host.may(path, RIGHTS[test], self.account)
        if test == "-s":
            return status.st_size > 0
        if test == "-O":
            return status.st_uid == self.uid
        return True if test == "-e" else None

    def lines(self, path: str) -> list[str] | None:
        if not self.host.live and not self.host.may(path, "r", self.account):
            return None
        try:
            text = self.host.text(path, TEXT_LIMIT)
        except OSError:
            return None
        return [] if "\0" in text else text.split("\n")

    def glob(self, pattern: str) -> list[str]:
        directory, _, name = pattern.rpartition("/")
        if any(char in directory for char in "*?["):
            return []
        if not any(char in name for char in "*?["):
            return [pattern] if self.host.exists(pattern) else []
        if name.count("*") > 8 or not pattern.startswith("/"):
            return []
        names = self.host.listdir(directory or "/")
        hits = [n for n in names if fnmatch.fnmatchcase(n, name) and (n[0] != "." or name[0] == ".")]
        return [f"{directory}/{n}" for n in hits[:GLOB_LIMIT]]

    def home_of(self, user: str) -> str:
        if self._homes is None:
            self._homes = {entry.name: entry.home for entry in passwd_entries(self.host.lines("/etc/passwd"))}
        return self._homes.get(user, "")
