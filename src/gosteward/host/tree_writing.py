"""The second door through which files change: a tree that is made below a directory which nobody uses yet.

Everything is made new (O_EXCL) by a name in a directory descriptor, through no link, and no mode depends on the umask. Directories stay closed to
others until all is written, and the one at the top stays as the caller made it: nobody runs what is not proved yet. `release` opens it.

On any error the caller removes the directory (`writing.remove_tree`); no descriptor stays open, and nothing lies elsewhere.

Source: openat(2), fchmod(2), linkat(2), ioctl_ficlone(2).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import struct
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Text
from gosteward.formats.access import DEFAULT_LIST, GROUP_OBJECT, OTHER, USER_OBJECT
from gosteward.formats.zip_members import Limits
from gosteward.golang import distribution
from gosteward.golang.distribution import Entry
from gosteward.host import writing
from gosteward.host.free_space import mount_of
from gosteward.host.known_trees import Owner
from gosteward.host.places import Refused
from gosteward.host.tree_seals import stamp_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gosteward.golang.distribution import VersionFile
    from gosteward.host.known_trees import Contents, Found, KnownTree
    from gosteward.host.tree_seals import Stamp

    Progress = Callable[[int, int], None]

_DIRECTORY = writing.READING | os.O_DIRECTORY


def _silent(done: int, size: int, /) -> None:
    """Nobody wants to know."""


class Options(NamedTuple):
    """How a tree is made.

    Attributes:
        label: name of the archive, for messages.   uid, gid: owner of everything; None for what new files get.
        setgid: directories hand their group on, and its rights by a default access list.   closed: nobody but owner and group may enter the tree.
        known: trees whose files may be shared, as a clone (FICLONE), else as a hard link, whose mtime stays then; see `known_trees`.
        h1: that of the tree, proved: the caller refuses any other. Then files of `known` may stand in for members of a zip with the same CRC-32.
        engine: "isal", "zlib-ng", "zlib"; "" for the fastest that is installed.
        progress: is called with bytes of the archive that are done, and all of them.
    """

    label: str = ""
    uid: int | None = None
    gid: int | None = None
    setgid: bool = False
    closed: bool = False
    known: tuple[KnownTree, ...] = ()
    h1: str = ""
    limits: Limits = Limits()
    engine: str = ""
    progress: Progress = _silent


DEFAULT = Options()


def release(top: int, version: VersionFile, options: Options = DEFAULT) -> None:
    """Give the directory at the top its owner, mode and time: from now on others can use the tree. Raises OSError."""
    mode = _directory_mode(options)
    _dress(top, options, mode & ~stat.S_IRWXO if options.closed else mode, version.seconds)
    os.fsync(top)


def owner_of_new(top: int, options: Options) -> Owner:
    """Whose what is made below a directory will be."""
    status = os.fstat(top)
    inherited = status.st_gid if status.st_mode & stat.S_ISGID else os.getegid()
    return Owner(
        os.geteuid() if options.uid is None else options.uid, inherited if options.gid is None else options.gid
    )


class TreeWriter:
    """A tree that is being made below a directory: `file` and `directory` for what is in it, `finish`, and `close` in any case.

    Args:
        contents: what may be shared instead of written; None for nothing.

    Attributes:
        entries: what was written.   size: bytes of it.   shared: how many of these files are those of another tree.
        stamps: what the files look like, by name: those whose CRC-32 was given.
    """

    def __init__(self, top: int, options: Options, contents: Contents | None = None) -> None:
        self.entries: list[Entry] = []
        self.stamps: dict[str, Stamp] = {}
        self.size = self.shared = 0
        self._top, self._options, self._contents = top, options, contents
        self._path, self._at = "", top
        self._entered: list[tuple[str, int]] = []
        self._made: set[str] = set()
        self._clones = True
        if options.setgid:
            _hand_on(top, options)

    def file(self, name: str, mode: int, content: bytes, mtime: int | None, crc: int | None = None) -> None:
        """Write a file.  mtime: seconds, None for now.   crc: its CRC-32. Raises Refused if there is no room, else OSError with its name."""
        digest = sha256(content).hexdigest()
        found = self._contents.like(content, digest, mode) if self._contents is not None else None
        if found is not None:
            self.share(name, mode, found, mtime, crc)
            return
        try:
            at, base = self._place(name)
            status = self._write(at, base, mode, mtime, content)
        except OSError as error:
            raise self._failure(error, name) from error
        self._add(Entry(name, mode, digest), status, crc)

    def stream(self, name: str, mode: int, pieces: Iterator[bytes], mtime: int | None, crc: int | None = None) -> None:
        """As `file`, for a large one that nobody has yet.  pieces: what raises there is let through."""
        total = sha256()
        try:
            at, base = self._place(name)
            descriptor = os.open(base, writing.MAKING, mode, dir_fd=at)
            try:
                for piece in pieces:
                    total.update(piece)
                    _write_all(descriptor, piece)
                status = _dressed(descriptor, self._options, mode, mtime)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._failure(error, name) from error
        self._add(Entry(name, mode, total.hexdigest()), status, crc)

    def share(self, name: str, mode: int, found: Found, mtime: int | None, crc: int | None = None) -> None:
        """As `file`, with what another tree has; its descriptor is closed."""
        try:
            at, base = self._place(name)
            status = None if self._clones else _linked(found, at, base)
            if status is None:
                status = self._copy(at, base, mode, mtime, found)
            else:
                self.shared += 1
        except OSError as error:
            raise self._failure(error, name) from error
        finally:
            if found.descriptor >= 0:
                os.close(found.descriptor)
        self._add(Entry(name, mode, found.sha256), status, crc)

    def directory(self, path: str) -> int:
        """Descriptor of a directory below the top, which is made if need be; it is good until the next call."""
        parts = path.split("/") if path else []
        kept = 0
        for (name, _), part in zip(self._entered, parts):
            if name != part:
                break
            kept += 1
        while len(self._entered) > kept:
            os.close(self._entered.pop()[1])
        at = self._entered[-1][1] if self._entered else self._top
        self._path, self._at = "/".join(parts[:kept]), at
        for place in range(kept, len(parts)):
            here = "/".join(parts[: place + 1])
            if here not in self._made:
                os.mkdir(parts[place], 0o700, dir_fd=at)
                self._made.add(here)
            at = os.open(parts[place], _DIRECTORY, dir_fd=at)
            self._entered.append((parts[place], at))
            self._path, self._at = here, at
        return at

    def finish(self, mtime: int | None) -> None:
        """Open all directories but the top. A file that is made in one later changes its time.  mtime: as for `file`."""
        mode = _directory_mode(self._options)
        for path in sorted(self._made):
            _dress(self.directory(path), self._options, mode, mtime)

    def close(self) -> None:
        self.directory("")

    def _place(self, name: str) -> tuple[int, str]:
        directory, _, base = name.rpartition("/")
        return (self._at if directory == self._path else self.directory(directory)), base

    def _add(self, entry: Entry, status: os.stat_result, crc: int | None) -> None:
        self.entries.append(entry)
        self.size += status.st_size
        if crc is not None:
            self.stamps[entry.name] = stamp_of(status, crc)

    def _failure(self, error: OSError, name: str) -> Exception:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return Refused(Text("{mount} is full: {name} was not written", mount=mount_of(self._top), name=name))
        return OSError(error.errno, error.strerror, f"{self._options.label}: {name}")

    def _write(self, at: int, base: str, mode: int, mtime: int | None, content: bytes) -> os.stat_result:
        descriptor = os.open(base, writing.MAKING, mode, dir_fd=at)
        try:
            _write_all(descriptor, content)
            return _dressed(descriptor, self._options, mode, mtime)
        finally:
            os.close(descriptor)

    def _copy(self, at: int, base: str, mode: int, mtime: int | None, found: Found) -> os.stat_result:
        """A file of its own, which shares its blocks where the file system can do that."""
        descriptor = os.open(base, writing.MAKING, mode, dir_fd=at)
        try:
            if self._clones:
                self._clones = _cloned(descriptor, found)
                self.shared += self._clones
            if not self._clones:
                _write_all(descriptor, found.read())
            return _dressed(descriptor, self._options, mode, mtime)
        finally:
            os.close(descriptor)


def _linked(found: Found, at: int, base: str) -> os.stat_result | None:
    """Make a new name one of the very file that was found; None if that cannot be: across mounts, too many links, forbidden."""
    try:
        os.link(found.name, base, src_dir_fd=found.top, dst_dir_fd=at, follow_symlinks=False)
    except OSError:
        return None
    status = os.stat(base, dir_fd=at, follow_symlinks=False)
    if found.is_now(status):
        return status
    os.unlink(base, dir_fd=at)  # somebody put another one there meanwhile
    return None


def _write_all(descriptor: int, content: bytes) -> None:
    written = os.write(descriptor, content)
    while written < len(content):
        written += os.write(descriptor, memoryview(content)[written:])


def _cloned(descriptor: int, found: Found) -> bool:
    """ioctl_ficlone(2): whether both files share their blocks now. File systems without it say so, each in its own way. Raises OSError: it is gone."""
    # _IOW(0x94, 9, int): where it is a write is another bit on these machines.
    other = os.uname().machine.startswith(("ppc", "mips", "sparc"))
    source = found.opened().descriptor
    try:
        fcntl.ioctl(descriptor, 0x80049409 if other else 0x40049409, source)
    except OSError:
        return False
    finally:
        if found.descriptor < 0:
            os.close(source)
    return True


def _dressed(descriptor: int, options: Options, mode: int, mtime: int | None) -> os.stat_result:
    """A file that was made with this mode, and written, gets its time and what the umask or its owner took away; returns what it looks like then."""
    if mtime is not None and options.uid is options.gid is None:
        os.utime(descriptor, (mtime, mtime))
        status = os.fstat(descriptor)
        if stat.S_IMODE(status.st_mode) == mode:  # as it mostly is: one call less for each file
            return status
    _dress(descriptor, options, mode, mtime)
    return os.fstat(descriptor)


def _dress(descriptor: int, options: Options, mode: int, mtime: int | None) -> None:
    """Owner, mode and time: a change of the owner takes bits of the mode away.  mtime: seconds, None for now."""
    if options.uid is not None or options.gid is not None:
        os.fchown(descriptor, -1 if options.uid is None else options.uid, -1 if options.gid is None else options.gid)
    os.fchmod(descriptor, mode)
    # Set-group-ID is denied in silence to who is not in the group.
    if mode & stat.S_ISGID and not os.fstat(descriptor).st_mode & stat.S_ISGID:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
    if mtime is not None:
        os.utime(descriptor, (mtime, mtime))


def _hand_on(top: int, options: Options) -> None:
    """A default access list, which every directory below gets, too: what root adds later is the group's to read, and not to change, by any umask.

    Source: acl(5), "OBJECT CREATION AND DEFAULT ACLs".
    """
    rights = ((USER_OBJECT, 7), (GROUP_OBJECT, 5), (OTHER, 0 if options.closed else 5))
    value = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", tag, held, 0xFFFFFFFF) for tag, held in rights)
    with contextlib.suppress(OSError):  # a file system without lists: modes say the same of all that is there now
        os.setxattr(top, DEFAULT_LIST, value)


def _directory_mode(options: Options) -> int:
    return distribution.DIRECTORY_MODE | (stat.S_ISGID if options.setgid else 0)
