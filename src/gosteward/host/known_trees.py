"""Trees that are there already, of which a new one may share files: what is asked about a file before it is shared.

A file is shared only if it is what the list of its tree says (SHA-256 of what is read now), a regular file of the owner and mode that the new one
is to have, so that nobody else can change it, and without attributes that could mean something.

Two ways lead to one. `Contents` knows files by what they hold: the new file was inflated before, and is compared byte by byte. `Twins` knows them by
name: where the directory of a zip states the size and the CRC-32 of a file that is there, the file stands in for what would be inflated. A CRC proves
nothing, so this is for those alone who then compare the h1 over all files with one that is proved.

Source: inode(7), xattr(7); APPNOTE.TXT 4.4.7 for the CRC.
"""

from __future__ import annotations

import contextlib
import os
import stat
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Optional

from gosteward.host.writing import READING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.formats.zip_members import Member
    from gosteward.golang.distribution import Entry
    from gosteward.host.inflating import Engine

# A label is given by the system's policy; anything else, capabilities above all, is no matter of another version.
_HARMLESS = {"security.selinux"}


class KnownTree(NamedTuple):
    """A tree and the list of its files.  top: descriptor of its directory."""

    top: int
    entries: tuple[Entry, ...]


class Owner(NamedTuple):
    """Whose the files of the new tree are."""

    uid: int
    gid: int


class Found(NamedTuple):
    """A file that may be shared.

    Attributes:
        descriptor: of it, for the caller to close.   content: all of it.   sha256: in hexadecimal.
        top, name: where it was, which may lead to another one by now.   status: of it.
    """

    descriptor: int
    content: bytes
    sha256: str
    top: int
    name: str
    status: os.stat_result


class Contents:
    """Files of trees by what they hold."""

    def __init__(self, trees: Iterable[KnownTree], owner: Owner) -> None:
        self._owner = owner
        self._known: dict[tuple[str, int], tuple[int, str]] = {}
        for tree in trees:
            for entry in tree.entries:
                self._known.setdefault((entry.sha256, entry.mode), (tree.top, entry.name))

    def like(self, content: bytes, digest: str, mode: int) -> Optional[Found]:
        """A file with this content and mode; None if there is none, and for no content at all."""
        place = self._known.get((digest, mode)) if content else None
        found = None if place is None else _opened(*place, self._owner, mode, len(content))
        if found is None:
            return None
        if found.content == content:
            return found._replace(sha256=digest)
        os.close(found.descriptor)
        return None


class Twins:
    """Files of trees by name.  engine: computes CRCs."""

    def __init__(self, trees: Iterable[KnownTree], owner: Owner, engine: Engine) -> None:
        self._owner, self._crc32 = owner, engine.crc32
        self._trees = [(tree.top, {entry.name: entry for entry in tree.entries}) for tree in trees]

    def of(self, member: Member, mode: int) -> Optional[Found]:
        """The file that has the name, size, CRC-32 and mode of a member of a zip; None if there is none, and for an empty one."""
        tried = set()
        for top, entries in self._trees if member.size else ():
            entry = entries.get(member.name)
            if entry is None or entry.mode != mode or entry.sha256 in tried:
                continue
            tried.add(entry.sha256)
            found = _opened(top, member.name, self._owner, mode, member.size)
            if found is None:
                continue
            if self._crc32(found.content) == member.crc and sha256(found.content).hexdigest() == entry.sha256:
                return found._replace(sha256=entry.sha256)
            os.close(found.descriptor)
        return None


def _opened(top: int, name: str, owner: Owner, mode: int, size: int) -> Found | None:
    """A file, if it has this owner, mode and size, and no attributes; its digest is not known yet."""
    try:
        descriptor = os.open(name, READING, dir_fd=top)
    except OSError:
        return None
    with contextlib.suppress(OSError):
        status = os.fstat(descriptor)
        same = (status.st_uid, status.st_gid) == owner and status.st_mode == stat.S_IFREG | mode
        if same and status.st_size == size:
            content = os.read(descriptor, size + 1)
            if len(content) == size and not set(os.listxattr(descriptor)) - _HARMLESS:
                return Found(descriptor, content, "", top, name, status)
    os.close(descriptor)
    return None
