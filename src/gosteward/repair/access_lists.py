"""Access control lists as the kernel stores them, with other rights in them. Pure.

Source: acl(5), "CORRESPONDENCE BETWEEN ACL ENTRIES AND FILE PERMISSION BITS"; linux/posix_acl_xattr.h: version 2, then entries of tag (2
bytes), permissions (2) and id (4), all little-endian.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from gosteward.finding import Text
from gosteward.formats.access import ACCESS_LIST, GROUP, GROUP_OBJECT, MASK, OTHER, USER, USER_OBJECT
from gosteward.host.places import Refused

if TYPE_CHECKING:
    from gosteward.host.writing import Rights

NOBODY = 0xFFFFFFFF


def entries(value: bytes) -> list[tuple[int, int, int]]:
    """(tag, permissions, id) of each entry. Raises Refused for a form that is not known."""
    if len(value) < 4 or struct.unpack_from("<I", value)[0] != 2 or (len(value) - 4) % 8:
        raise Refused(Text("the ACL has a form that is not known"))
    return list(struct.iter_unpack("<HHI", value[4:]))


def packed(rows: list[tuple[int, int, int]]) -> bytes:
    """The bytes of a list, in the order that the kernel wants: by tag, and named entries by id."""
    ordered = sorted(rows, key=lambda row: (row[0], row[2] if row[0] in (USER, GROUP) else 0))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *row) for row in ordered)


def with_mode(rights: Rights, mode: int) -> Rights:
    """These rights after a chmod: where there is a list, its entries of owner, mask (or group) and others follow."""
    value = dict(rights.attributes).get(ACCESS_LIST)
    if value is None:
        return rights._replace(mode=mode)
    rows = entries(value)
    middle = MASK if any(tag == MASK for tag, _, _ in rows) else GROUP_OBJECT
    bits = {USER_OBJECT: mode >> 6 & 7, middle: mode >> 3 & 7, OTHER: mode & 7}
    return _with_list(rights, packed([(tag, bits.get(tag, held), number) for tag, held, number in rows]), mode)


def widened(rights: Rights, more: int, uid: int | None) -> Rights:
    """These rights with more in the mask of the list, and in the entry of `uid`, which is made if there is none.

    Args:
        rights: with a list.   more: sum of 4, 2, 1.   uid: None for the mask alone.

    Raises:
        Refused: its form is not known.
    """
    rows = entries(dict(rights.attributes)[ACCESS_LIST])
    if uid is not None and not any(tag == USER and number == uid for tag, _, number in rows):
        rows.append((USER, 0, uid))
    if not any(tag == MASK for tag, _, _ in rows):
        rows.append((MASK, next((held for tag, held, _ in rows if tag == GROUP_OBJECT), 0), NOBODY))
    rows = [
        (tag, held | more if tag == MASK or (tag == USER and number == uid) else held, number)
        for tag, held, number in rows
    ]
    mask = next(held for tag, held, _ in rows if tag == MASK)
    return _with_list(rights, packed(rows), rights.mode & ~0o070 | mask << 3)


def _with_list(rights: Rights, value: bytes, mode: int) -> Rights:
    others = tuple((name, held) for name, held in rights.attributes if name != ACCESS_LIST)
    return rights._replace(mode=mode, attributes=tuple(sorted((*others, (ACCESS_LIST, value)))))
