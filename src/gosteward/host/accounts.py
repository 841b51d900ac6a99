"""Users of the examined host: /etc/passwd and /etc/group as files, and for this machine whatever else its name service knows."""

from __future__ import annotations

import os
import pwd
import stat
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.snapshot import Location, User

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.host.reading import Host

# Larger numbers are no ids: (uid_t)-1 means "no change" to the kernel.
HIGHEST = (1 << 32) - 2
MOST_KNOWN = 500
_SHOWN = 300


def user_named(host: Host, name: str) -> User:
    """The account of that name; a number that is no name is taken as a uid, with or without an account.

    Raises:
        UsageError: nobody is called so.
    """
    known = host.known_users.get((host.reader(), name))
    if known is not None:
        return known
    entry = _entry(host, name)
    if entry is None and _number(name) is not None:
        return user_with_id(host, int(name))
    if entry is None:
        where = "on this host" if host.live else f"in {host.root.rstrip('/')}/etc/passwd"
        raise UsageError(f"no such user {where}", subject=name, hint=_hint(host))
    return _remembered(host, name, _completed(host, entry))


def user_with_id(host: Host, uid: int) -> User:
    """The account with that uid; without one a nameless user in group `uid` and without a home, with known=False.

    Who runs this without an account, as in containers that start with any number, lives where HOME says, as for go and every shell.
    """
    known = host.known_users.get((host.reader(), uid))
    if known is not None:
        return known
    in_file = (entry for entry in passwd_entries(host.lines("/etc/passwd")) if entry.uid == uid)
    entry = next(in_file, None) or (_from_name_service(host, uid) if host.live else None)
    if entry is not None:
        return _remembered(host, uid, _completed(host, entry))
    stranger = User(name=str(uid), uid=uid, gid=uid, home="", shell="", home_exists=False, home_mode=0, known=False)
    if host.live and uid == os.getuid():
        home = host.environ.get("HOME", "") if uid and uid == os.geteuid() else ""
        stranger = stranger._replace(gid=os.getgid(), groups=tuple(os.getgroups()))
        if home.startswith("/") and home != "/":
            stranger = _at_home(host, stranger._replace(home=home))
    return _remembered(host, uid, stranger)


def _remembered(host: Host, key: str | int, user: User) -> User:
    """The account, kept: a host has few, and a large or slow database is asked once for each."""
    if len(host.known_users) < MOST_KNOWN:
        host.known_users[host.reader(), key] = user
    return user


def invoking_user(host: Host) -> User:
    """Who called: under sudo the user who typed it, else the owner of this process. Of an unpacked root: root."""
    if not host.live:
        return user_with_id(host, 0)
    caller = _number(host.environ.get("SUDO_UID", "")) if os.geteuid() == 0 else None
    return user_with_id(host, os.getuid() if caller is None else caller)


def passwd_entries(lines: Iterable[str]) -> list[User]:
    """Accounts of a passwd file, in order; lines that are none are left out (as are the + and - lines of NIS).

    Source:
        passwd(5): name:password:uid:gid:gecos:home:shell; an empty shell is /bin/sh.
    """
    found = []
    for line in lines:
        fields = line.split(":")
        if len(fields) < 7 or fields[0][:1] in ("", "+", "-", "#"):
            continue
        uid, gid = _number(fields[2]), _number(fields[3])
        if uid is not None and gid is not None:
            shell = fields[6].rstrip("\r") or "/bin/sh"
            found.append(User(name=fields[0], uid=uid, gid=gid, home=fields[5], shell=shell))
    return found


_LONGEST_ID = 11


class Group(NamedTuple):
    """A group.  members: names of those that have it besides their own one."""

    name: str
    gid: int
    members: tuple[str, ...] = ()


def group_named(name: str) -> Group:
    """A group of this machine, by its name or number, wherever its name service has it. Raises UsageError."""
    import grp  # here: most runs need none

    try:
        entry = grp.getgrgid(int(name)) if name.isdecimal() and len(name) < _LONGEST_ID else grp.getgrnam(name)
    except (KeyError, OverflowError, ValueError):
        raise UsageError("there is no such group", subject=name, hint="`getent group` lists them") from None
    return Group(entry.gr_name, entry.gr_gid, tuple(entry.gr_mem))


def member_of(host: Host, group: Group) -> User | None:
    """Somebody in a group who is not root; None if there is nobody."""
    first = (user_named(host, name) for name in group.members)
    own = (
        user_with_id(host, entry.uid) for entry in passwd_entries(host.lines("/etc/passwd")) if entry.gid == group.gid
    )
    return next((user for user in (*first, *own) if user.uid), None)


def groups_of(lines: Iterable[str], name: str) -> tuple[int, ...]:
    """Ids of the groups of a group file that list `name` as a member. Source: group(5)."""
    found = []
    for line in lines:
        fields = line.rstrip("\r").split(":")
        gid = _number(fields[2]) if len(fields) >= 4 else None
        if gid is not None and name in fields[3].split(",") and gid not in found:
            found.append(gid)
    return tuple(found)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= HIGHEST else None


def _entry(host: Host, name: str) -> User | None:
    for entry in passwd_entries(host.lines("/etc/passwd")):
        if entry.name == name:
            return entry
    return _from_name_service(host, name) if host.live and name else None


def _from_name_service(host: Host, key: str | int) -> User | None:
    """What LDAP, sssd, systemd and the like know, where nsswitch.conf names more than files: asking them may take a while."""
    if not _asks_elsewhere(host.lines("/etc/nsswitch.conf")):
        return None
    try:
        entry = pwd.getpwuid(key) if isinstance(key, int) else pwd.getpwnam(key)
    except (KeyError, ValueError, OverflowError, OSError):
        return None
    return User(
        name=entry.pw_name,
        uid=entry.pw_uid,
        gid=entry.pw_gid,
        home=entry.pw_dir,
        shell=entry.pw_shell or "/bin/sh",
        groups=_groups_by_name_service(entry.pw_name, entry.pw_gid),
    )


def _asks_elsewhere(lines: Iterable[str]) -> bool:
    """Whether nsswitch.conf looks for users in more places than files."""
    for line in lines:
        database, _, sources = line.partition("#")[0].partition(":")
        if database.strip() == "passwd":
            return bool({word for word in sources.split() if word[:1] != "["} - {"files"})
    return False


def _groups_by_name_service(name: str, gid: int) -> tuple[int, ...]:
    try:
        return tuple(sorted(set(os.getgrouplist(name, gid)) - {gid}))
    except OSError:
        return ()


def _completed(host: Host, entry: User) -> User:
    """The account with its groups and the state of its home directory."""
    groups = entry.groups or groups_of(host.lines("/etc/group"), entry.name)
    if host.live and entry.uid == os.getuid() == os.geteuid() and entry.uid != 0:
        groups = tuple(sorted({*groups, *os.getgroups()}))
    homeless = entry.home == "/" and entry.uid != 0
    return _at_home(host, entry)._replace(
        account=_line_of(host, entry.name) if homeless else None,
        better_home=_better_home(host, entry) if homeless else "",
        groups=tuple(gid for gid in groups if gid != entry.gid),
    )


def _at_home(host: Host, user: User) -> User:
    """The user with the state of the home directory."""
    home = host.stat(user.home) if user.home.startswith("/") else None
    if home is None:
        return user._replace(home_exists=False, home_uid=0, home_mode=0)
    return user._replace(
        home_exists=stat.S_ISDIR(home.st_mode), home_uid=home.st_uid, home_mode=stat.S_IMODE(home.st_mode)
    )


def _line_of(host: Host, name: str) -> Location | None:
    """The line of an account; None where it would show a password's hash."""
    for number, line in enumerate(host.lines("/etc/passwd"), 1):
        fields = line.split(":")
        if fields[0] == name and len(fields) > 6:
            shadowed = fields[1] in ("x", "*", "!", "!!")
            return Location("/etc/passwd", number, line.rstrip("\r")[:_SHOWN]) if shadowed else None
    return None


def _better_home(host: Host, entry: User) -> str:
    path = f"/home/{entry.name}"
    status = host.lstat(path)
    free = status is None or (stat.S_ISDIR(status.st_mode) and status.st_uid == entry.uid)
    return path if free and "/" not in entry.name and host.is_directory("/home") else ""


def _hint(host: Host) -> str:
    people = [e.name for e in passwd_entries(host.lines("/etc/passwd")) if e.uid == 0 or 1000 <= e.uid < 60000]
    return f"known are {', '.join(people[:8])}" if people else "give a name or a uid"
