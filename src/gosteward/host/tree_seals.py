"""What the files of a tree looked like when they were proved: a file that still looks so need not be read again before it is shared.

The kernel sets the change time of an inode at every write, change of mode, owner or attribute, and at every link; nobody can set it to a time of
his choice. A seal is bound to the tree's path and to the listing that its files were proved with. It is a cache: without one, or where one does
not fit any more, files are read and hashed.

    seals/<SHA-256 of the path, 32 digits> in our cache directory:
    8 bytes "gsseal1\\n", 32 bytes SHA-256 of the listing, then for each line of it five numbers of 64 bits: inode, size, mtime, ctime (ns), CRC-32

Source: inode(7), "The ctime timestamp"; the CRC-32 is that of the zip's directory (APPNOTE.TXT 4.4.7).
"""

from __future__ import annotations

import contextlib
import os
import struct
from hashlib import sha256
from typing import TYPE_CHECKING, Tuple

from gosteward.errors import StewardError
from gosteward.host.own_directory import OwnDirectory, cache_for

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = "seals"
_MAGIC = b"gsseal1\n"
_START = len(_MAGIC) + sha256().digest_size
_STAMP = struct.Struct("<5Q")
_LIMIT = 16 << 20


# A file as it was: inode, size, mtime and ctime in nanoseconds, CRC-32 of its content. A plain tuple: there are many.
Stamp = Tuple[int, int, int, int, int]
UNKNOWN: Stamp = (0, 0, 0, 0, 0)


def stamp_of(status: os.stat_result, crc: int) -> Stamp:
    """What to remember of a file whose content is known."""
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, crc)


def keep(tree: str, listing: bytes, stamps: Iterable[Stamp]) -> None:
    """Remember a tree.  stamps: one for each line of its listing. Where it cannot be written, there is none."""
    content = _MAGIC + sha256(listing).digest() + b"".join([_STAMP.pack(*stamp) for stamp in stamps])
    with contextlib.suppress(OSError, StewardError):
        _folder().put(_name_of(tree), content, sync=True)


def kept(tree: str, listing: bytes) -> tuple[Stamp, ...]:
    """One for each line of the listing, or none at all."""
    content = None
    with contextlib.suppress(OSError, StewardError):
        content = _folder().read(_name_of(tree), _LIMIT)
    if not content or not content.startswith(_MAGIC + sha256(listing).digest()):
        return ()
    body = memoryview(content)[_START:]
    if len(body) != listing.count(b"\n") * _STAMP.size:
        return ()
    return tuple(_STAMP.iter_unpack(body))


def _folder() -> OwnDirectory:
    return OwnDirectory(f"{cache_for(os.environ, os.path.expanduser('~'))}/{FOLDER}")


def _name_of(tree: str) -> str:
    return sha256(os.fsencode(os.path.normpath(tree))).hexdigest()[:32]
