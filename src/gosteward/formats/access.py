"""Who may do what with a file: permission bits, and the POSIX access control list that may stand beside them. Pure.

Source: acl(5), "ACCESS CHECK ALGORITHM"; linux/posix_acl_xattr.h for the bytes of `system.posix_acl_access`: a version of four
bytes, then entries of tag (2 bytes), permissions (2) and id (4), all little-endian.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.snapshot import User

READ, WRITE, EXECUTE = 4, 2, 1
ACCESS_LIST, DEFAULT_LIST = "system.posix_acl_access", "system.posix_acl_default"

_VERSION = 2
_MOST_ENTRIES = 512
USER_OBJECT, USER, GROUP_OBJECT, GROUP, MASK, OTHER = 1, 2, 4, 8, 16, 32
_NAMES = {USER_OBJECT: "user", USER: "user", GROUP_OBJECT: "group", GROUP: "group", MASK: "mask", OTHER: "other"}
_MASKED = (USER, GROUP_OBJECT, GROUP)


class AclEntry(NamedTuple):
    """An entry of a list.  tag: number as in the kernel's header.  rights: sum of 4, 2, 1.  id: uid or gid of a named entry."""

    tag: int
    rights: int
    id: int = 0


class Owned(NamedTuple):
    """What access to a file depends on.  mode: 0 to 0o7777.  acl: () without a list, else its entries in order."""

    mode: int
    uid: int
    gid: int
    acl: tuple[AclEntry, ...] = ()
    directory: bool = False


def parse_acl(data: bytes) -> tuple[AclEntry, ...]:
    """Read the value of `system.posix_acl_access`; () for anything that is no list that the kernel would take."""
    if len(data) < 4 or struct.unpack_from("<I", data)[0] != _VERSION or (len(data) - 4) % 8:
        return ()
    table = data[4 : 4 + 8 * _MOST_ENTRIES]
    rows = (struct.unpack_from("<HHI", table, at) for at in range(0, len(table), 8))
    entries = tuple(AclEntry(tag, rights & 7, number) for tag, rights, number in rows)
    return entries if all(entry.tag in _NAMES for entry in entries) else ()


def acl_lines(
    acl: tuple[AclEntry, ...], user_name: Callable[[int], str], group_name: Callable[[int], str]
) -> tuple[str, ...]:
    """Entries as getfacl prints them, with "#effective:r--" behind those that the mask cuts."""
    mask = _mask(acl)
    names = {USER: user_name, GROUP: group_name}
    lines = []
    for entry in acl:
        name = names[entry.tag](entry.id) if entry.tag in names else ""
        line = f"{_NAMES[entry.tag]}:{name}:{_letters(entry.rights)}"
        cut = entry.tag in _MASKED and entry.rights & ~mask
        lines.append(f"{line}\t#effective:{_letters(entry.rights & mask)}" if cut else line)
    return tuple(lines)


def rights_of(user: User, file: Owned) -> int:
    """Sum of 4, 2, 1 that `user` has on a file, the directories above left aside."""
    if user.uid == 0:
        return READ | WRITE | (EXECUTE if file.directory or file.mode & 0o111 else 0)
    return _rights_by_list(user, file) if file.acl else rights_by_mode(user, file)


def rights_by_mode(user: User, file: Owned) -> int:
    """The same, as the permission bits alone say it (with a list, its mask is what stands in the group bits)."""
    if user.uid == file.uid:
        return file.mode >> 6 & 7
    if _member(user, file.gid):
        return file.mode >> 3 & 7
    return file.mode & 7


def execute_denied_by(user: User, file: Owned) -> str:
    """Why a user may not execute a file or search a directory.

    Returns:
        "" if they may; "acl" if the list says no where its owner may think that the mode says yes, or says no by name;
        "owner" if only the owner may; "directory" for a directory; "mode" otherwise.
    """
    if rights_of(user, file) & EXECUTE:
        return ""
    if _list_decides(user, file):
        return "acl"
    if file.directory:
        return "directory"
    return "owner" if file.mode & 0o111 == 0o100 else "mode"


def _list_decides(user: User, file: Owned) -> bool:
    """Whether the list is to blame: an entry for this user or a group of theirs is there, or its mask cuts the group."""
    return any(
        (entry.tag == USER and entry.id == user.uid)
        or (entry.tag == GROUP and _member(user, entry.id))
        or (entry.tag == GROUP_OBJECT and _member(user, file.gid) and entry.rights & EXECUTE)
        for entry in file.acl
    )


def _rights_by_list(user: User, file: Owned) -> int:
    if user.uid == file.uid:
        return next((entry.rights for entry in file.acl if entry.tag == USER_OBJECT), file.mode >> 6 & 7)
    mask = _mask(file.acl)
    for entry in file.acl:
        if entry.tag == USER and entry.id == user.uid:
            return entry.rights & mask
    groups = [
        entry.rights & mask
        for entry in file.acl
        if (entry.tag == GROUP_OBJECT and _member(user, file.gid)) or (entry.tag == GROUP and _member(user, entry.id))
    ]
    if groups:
        # One entry has to give all that is asked for at once; what one gives and another gives is the closest single answer.
        return _union(groups)
    return next((entry.rights for entry in file.acl if entry.tag == OTHER), file.mode & 7)


def _union(rights: list[int]) -> int:
    total = 0
    for one in rights:
        total |= one
    return total


def _mask(acl: tuple[AclEntry, ...]) -> int:
    return next((entry.rights for entry in acl if entry.tag == MASK), 7)


def _member(user: User, gid: int) -> bool:
    return gid == user.gid or gid in user.groups


def _letters(rights: int) -> str:
    return "".join(letter if rights & bit else "-" for letter, bit in (("r", READ), ("w", WRITE), ("x", EXECUTE)))
