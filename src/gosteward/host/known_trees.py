"""Trees that are there already, of which a new one may share files: what is asked about a file before it is shared.

A file is shared only if it is what the list of its tree says (SHA-256 of what is read now), a regular file of the owner and mode that the new one
is to have, so that nobody else can change it, and without attributes that could mean something.

A file that looks as its tree's seal says (see `tree_seals`) was that when it was proved, and is: it is not read again.

Two ways lead to one. `Contents` knows files by what they hold: the new file was inflated before, and is compared byte by byte. `Twins` knows them by
name: where the directory of a zip states the size and the CRC-32 of a file that is there, the file stands in for what would be inflated. A CRC proves
nothing, so this is for those alone who then compare the h1 over all files with one that is proved.

Source: inode(7), xattr(7); APPNOTE.TXT 4.4.7 for the CRC.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Optional

from gosteward.host.tree_seals import stamp_of
from gosteward.host.writing import READING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.formats.zip_members import Member
    from gosteward.golang.distribution import Entry
    from gosteward.host.inflating import Engine
    from gosteward.host.tree_seals import Stamp

# A label is given by the system's policy; anything else, capabilities above all, is no matter of another version.
_HARMLESS = {"security.selinux"}


class KnownTree(NamedTuple):
    """A tree and the list of its files.  top: descriptor of its directory.   stamps: its seal, one for each entry, or ()."""

    top: int
    entries: tuple[Entry, ...]
    stamps: tuple[Stamp, ...] = ()


class Owner(NamedTuple):
    """Whose the files of the new tree are."""

    uid: int
    gid: int


class Found(NamedTuple):
    """A file that may be shared.

    Attributes:
        top, name: where it was, which may lead to another one by now.   status: of it.   sha256: in hexadecimal.
        descriptor: of it, for the caller to close; -1 if it was not opened.   content: all of it; None if it was not read.
    """

    top: int
    name: str
    status: os.stat_result
    sha256: str
    descriptor: int = -1
    content: Optional[bytes] = None

    def is_now(self, status: os.stat_result) -> bool:
        """Whether this is the very file, and nobody wrote to it since it was looked at."""
        there = self.status
        same = os.path.samestat(status, there) and status.st_size == there.st_size
        return same and status.st_mtime_ns == there.st_mtime_ns

    def opened(self) -> Found:
        """The same with its descriptor. Raises OSError; FileNotFoundError: there is another file by now."""
        if self.descriptor >= 0:
            return self
        descriptor = os.open(self.name, READING, dir_fd=self.top)
        if self.is_now(os.fstat(descriptor)):
            return self._replace(descriptor=descriptor)
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.name)

    def read(self) -> bytes:
        """Its content. Raises as `opened`; also where it is not what was proved."""
        if self.content is not None:
            return self.content
        with open(self.opened().descriptor, "rb", closefd=self.descriptor < 0) as file:
            content = file.read(self.status.st_size + 1)
        if sha256(content).hexdigest() != self.sha256:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.name)
        return content


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


_NONE: tuple[Entry | None, Stamp | None] = (None, None)


class Twins:
    """Files of trees by name.  engine: computes CRCs."""

    def __init__(self, trees: Iterable[KnownTree], owner: Owner, engine: Engine) -> None:
        self._owner, self._crc32 = owner, engine.crc32
        self._trees = [(tree.top, {entry.name: entry for entry in tree.entries}) for tree in trees]
        self._sealed = [
            (tree.top, {entry.name: (entry, stamp) for entry, stamp in zip(tree.entries, tree.stamps)})
            for tree in trees
            if tree.stamps
        ]

    def of(self, member: Member, mode: int) -> Optional[Found]:
        """The file that has the name, size, CRC-32 and mode of a member of a zip; None if there is none, and for an empty one."""
        if not member.size:
            return None
        return self._unread(member, mode) or self._read(member, mode)

    def _unread(self, member: Member, mode: int) -> Found | None:
        """One that looks as its seal says."""
        name, crc = member.name, member.crc
        for top, files in self._sealed:
            entry, stamp = files.get(name, _NONE)
            if entry is None or stamp is None or stamp[4] != crc or stamp[1] != member.size or entry.mode != mode:
                continue
            try:
                status = os.stat(name, dir_fd=top, follow_symlinks=False)
            except OSError:
                continue
            if stamp_of(status, crc) == stamp and _fits(status, self._owner, mode):
                return Found(top, name, status, entry.sha256)
        return None

    def _read(self, member: Member, mode: int) -> Found | None:
        """One whose content was looked at now."""
        tried = set()
        for top, entries in self._trees:
            entry = entries.get(member.name)
            if entry is None or entry.mode != mode or entry.sha256 in tried:
                continue
            tried.add(entry.sha256)
            found = _opened(top, member.name, self._owner, mode, member.size)
            if found is None or found.content is None:
                continue
            if self._crc32(found.content) == member.crc and sha256(found.content).hexdigest() == entry.sha256:
                return found._replace(sha256=entry.sha256)
            os.close(found.descriptor)
        return None


def _fits(status: os.stat_result, owner: Owner, mode: int) -> bool:
    return (status.st_uid, status.st_gid) == owner and status.st_mode == stat.S_IFREG | mode


def _opened(top: int, name: str, owner: Owner, mode: int, size: int) -> Found | None:
    """A file, if it has this owner, mode and size, and no attributes; its digest is not known yet."""
    try:
        descriptor = os.open(name, READING, dir_fd=top)
    except OSError:
        return None
    with contextlib.suppress(OSError):
        status = os.fstat(descriptor)
        if _fits(status, owner, mode) and status.st_size == size:
            content = os.read(descriptor, size + 1)
            if len(content) == size and not set(os.listxattr(descriptor)) - _HARMLESS:
                return Found(top, name, status, "", descriptor, content)
    os.close(descriptor)
    return None
