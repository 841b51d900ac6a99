"""Whether a tree of files fits into a place, and whether a program runs there: told before anything is written.

Source: statvfs(3); proc(5) for `fdinfo` and `mountinfo`.
"""

from __future__ import annotations

import contextlib
import os

from gosteward.finding import Text
from gosteward.host.descriptors import mount_number
from gosteward.host.places import Refused


def refuse_unfit(directory: int, size: int, files: int) -> None:
    """Raise Refused where a tree cannot be written or used, with the mount that is to blame.

    Args:
        size: bytes that it takes, in blocks.   files: inodes that it takes. What root keeps for itself does not count as free.
    """
    facts = os.statvfs(directory)
    mount = mount_of(directory)
    if facts.f_flag & os.ST_RDONLY:
        raise Refused(Text("{mount} is mounted read-only", mount=mount))
    if facts.f_flag & os.ST_NOEXEC:
        raise Refused(Text("{mount} is mounted noexec: no program runs there", mount=mount))
    free = facts.f_bavail * facts.f_frsize
    if free < size:
        raise Refused(
            Text("{mount} has {free} bytes free, {size} are needed", mount=mount, free=str(free), size=str(size))
        )
    if facts.f_files and facts.f_favail < files:  # btrfs has no fixed number, and says 0
        raise Refused(
            Text(
                "{mount} has {free} inodes free, {files} are needed",
                mount=mount,
                free=str(facts.f_favail),
                files=str(files),
            )
        )


def mount_of(descriptor: int) -> str:
    """Mount point of what a descriptor holds, as the kernel spells it; "the file system" if the kernel does not say."""
    number = mount_number(descriptor)
    with contextlib.suppress(OSError), open("/proc/self/mountinfo", errors="surrogateescape") as file:
        return next((fields[4] for fields in map(str.split, file) if fields[0] == number), "the file system")
    return "the file system"
