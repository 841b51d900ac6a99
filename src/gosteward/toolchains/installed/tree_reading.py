"""What lies in a Go tree that somebody else may own, and who could change what leads to it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from gosteward.host.tree_hashing import hash_tree
from gosteward.host.writing import READING

if TYPE_CHECKING:
    from gosteward.golang.distribution import Entry
    from gosteward.host.tree_hashing import Oddity


class Tree(NamedTuple):
    """What was found: attributes as of `HashedTree`, and `odd` for its oddities."""

    entries: tuple[Entry, ...]
    odd: tuple[Oddity, ...]
    others_write: str = ""
    cut: str = ""


def read(path: str, unhashed: tuple[str, ...] = ()) -> Tree:
    """Read a tree.

    Args:
        path: of its top, without links.   unhashed: names that start so are only listed.

    Raises:
        OSError: the top is no directory, or may not be read.
    """
    top = os.open(path, READING | os.O_DIRECTORY)
    try:
        found = hash_tree(top, unhashed)
    finally:
        os.close(top)
    return Tree(found.entries, found.oddities, found.others_write, found.cut)


def others_above(path: str) -> str:
    """The first directory above a path in which others than root could replace what leads to it; "" if there is none.

    In a directory with the sticky bit nobody can rename or remove what is root's.
    """
    while path not in ("", "/"):
        path = os.path.dirname(path)
        status = os.stat(path)
        shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if status.st_uid != 0 or (shared and not status.st_mode & stat.S_ISVTX):
            return path
    return ""
