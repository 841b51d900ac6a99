"""Changing a host with the rights of one account: root's hands never work in a place that somebody else can rearrange.

The effective ids are changed, not the real and the saved ones: the account cannot send signals to this process or trace it.
Source: credentials(7), capabilities(7) ("If the effective user ID is changed from 0 to nonzero, then all capabilities are cleared
from the effective set").
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import User


@contextlib.contextmanager
def acting_as(user: User | None) -> Iterator[None]:
    """Inside the `with` block this process has the rights of `user`; None stands for its own.

    Raises:
        PermissionError: this process may not become that user.   OSError: the ids are none that this kernel can map.
    """
    if user is None or user.uid == os.geteuid():
        yield
        return
    uid, gid, groups = os.geteuid(), os.getegid(), os.getgroups()
    try:
        os.setgroups((*user.groups, user.gid))
        os.setegid(user.gid)
        os.seteuid(user.uid)
        yield
    finally:
        os.seteuid(uid)
        os.setegid(gid)
        with contextlib.suppress(PermissionError):  # a namespace that forbids setgroups refused it above, too
            os.setgroups(groups)
