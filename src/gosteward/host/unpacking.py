"""The second door through which files change: a tree that is unpacked from an archive, below a directory that nobody uses yet.

Every byte goes one way once: inflated, compared with the size and the sum that the archive states, hashed, written. Everything is made new
(O_EXCL) by a name in a directory descriptor, through no link, and no mode depends on the umask. Directories stay closed to others until all
is written, and the one at the top stays as the caller made it: nobody runs what is not proved yet. `release` opens it.

On any error the caller removes the directory (`writing.remove_tree`); no descriptor stays open, and nothing lies elsewhere.

Source: openat(2), fchmod(2), ioctl_ficlone(2), proc(5) for `fdinfo`; cmd/go/internal/toolchain/select.go for what `go` does.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Text
from gosteward.formats import tar_members, zip_members
from gosteward.formats.zip_members import ArchiveError, Limits
from gosteward.golang import distribution
from gosteward.golang.distribution import Entry, VersionFile
from gosteward.host import writing
from gosteward.host.inflating import content_of, engine_of, exactly, inflated, ungzipped
from gosteward.host.places import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Progress = Callable[[int, int], None]

BLOCK = 4096
BYTES_PER_FILE = 14 << 10  # 1.26: 231 MB in 15036 files
_DIRECTORY = writing.READING | os.O_DIRECTORY
# A label is given by the system's policy; anything else, capabilities above all, is no matter of another version.
_HARMLESS = {"security.selinux"}


def _silent(done: int, size: int, /) -> None:
    """Nobody wants to know."""


class Options(NamedTuple):
    """How a tree is made.

    Attributes:
        label: name of the archive, for messages.   uid, gid: owner of everything; None for what new files get.
        setgid: directories hand their group on.   closed: nobody but owner and group may enter the tree.
        known: files that may be shared, (sha256, mode) -> (directory descriptor, name below it). Each is compared byte by byte first. It is
            shared as a clone (FICLONE), else as a hard link, for which owner and mode must be equal; its mtime stays then.
        engine: "isal", "zlib-ng", "zlib"; "" for the fastest that is installed.
        progress: is called with bytes of the archive that are done, and all of them.
    """

    label: str = ""
    uid: int | None = None
    gid: int | None = None
    setgid: bool = False
    closed: bool = False
    known: Mapping[tuple[str, int], tuple[int, str]] = MappingProxyType({})
    limits: Limits = Limits()
    engine: str = ""
    progress: Progress = _silent


class Unpacked(NamedTuple):
    """A tree that was made.

    Attributes:
        version: what its VERSION says.   entries: every file, by name.   h1: of the module form, "" if the version has none that is known.
        sha256: of the archive itself.   size: bytes of all files.   shared: how many files are shared with another tree.
    """

    version: VersionFile
    entries: tuple[Entry, ...]
    h1: str
    sha256: str
    size: int
    shared: int


_DEFAULT = Options()


def unpack_zip(archive: int, into: int, version: str, platform: str, options: Options = _DEFAULT) -> Unpacked:
    """Make a GOROOT from a module zip: as the tarball has it, but for api, doc, misc and test.

    Args:
        archive: descriptor of a regular file.   into: descriptor of an empty directory.   version: "go1.26.8".   platform: "linux-amd64".
    Returns:
        `h1` is over all members of the zip, so that none escapes a proof.
    Raises:
        ArchiveError: the archive is not as it should be. What its directory shows is found before anything is written.
        Refused: no room, or a place where no program can run.   OSError: names the member.   UsageError: no such engine.
    """
    with _naming(options.label):
        return _from_zip(archive, into, version, platform, options)


def unpack_tar_gz(archive: int, into: int, version: str, platform: str, options: Options = _DEFAULT) -> Unpacked:
    """Make a GOROOT from a release's tarball. Arguments and errors as for `unpack_zip`.

    Args:
        version: "" for any.   platform: for `h1` only, "" for none.
    Returns:
        `h1` is over those files that the module form has; sha256 alone covers the others.
    Raises:
        ArchiveError: also in the midst of writing: a tar has no directory of its members.
    """
    with _naming(options.label):
        return _from_tar_gz(archive, into, version, platform, options)


@contextlib.contextmanager
def _naming(archive: str) -> Iterator[None]:
    try:
        yield
    except ArchiveError as error:
        raise error.within(archive) from None


def release(top: int, version: VersionFile, options: Options = _DEFAULT) -> None:
    """Give the directory at the top its owner, mode and time: from now on others can use the tree. Raises OSError."""
    mode = _directory_mode(options)
    _dress(top, options, mode & ~stat.S_IRWXO if options.closed else mode, version.seconds)
    os.fsync(top)


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
    with contextlib.suppress(OSError):
        with open(f"/proc/self/fdinfo/{descriptor}") as file:
            number = next((line.split()[1] for line in file if line.startswith("mnt_id:")), "")
        with open("/proc/self/mountinfo", errors="surrogateescape") as file:
            return next((fields[4] for fields in map(str.split, file) if fields[0] == number), "the file system")
    return "the file system"


class _Tree:
    """A tree that is being made below a directory: `file` and `directory` for what is in it, `finish`, and `close` in any case."""

    def __init__(self, top: int, options: Options) -> None:
        self._top, self._options, self._known = top, options, options.known
        self._path, self._at = "", top
        self._entered: list[tuple[str, int]] = []
        self._made: set[str] = set()
        self._entries: list[Entry] = []
        self._clones = True
        self._size = self._shared = 0
        status = os.fstat(top)
        inherited = status.st_gid if status.st_mode & stat.S_ISGID else os.getegid()
        self._owner = (
            os.geteuid() if options.uid is None else options.uid,
            inherited if options.gid is None else options.gid,
        )

    def file(self, name: str, mode: int, content: bytes, mtime: int | None) -> None:
        """Write a file.  mtime: seconds, None for now. Raises Refused if there is no room, else OSError with its name."""
        digest = sha256(content).hexdigest()
        directory, _, base = name.rpartition("/")
        try:
            at = self._at if directory == self._path else self.directory(directory)
            source = self._source(digest, mode, content) if self._known else -1
            if source < 0:
                self._write(at, base, mode, content, mtime)
            else:
                try:
                    self._share(at, base, mode, content, mtime, source)
                finally:
                    os.close(source)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise Refused(
                    Text("{mount} is full: {name} was not written", mount=mount_of(self._top), name=name)
                ) from error
            raise OSError(error.errno, error.strerror, f"{self._options.label}: {name}") from error
        self._entries.append(Entry(name, mode, digest))
        self._size += len(content)

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

    def result(self, version: VersionFile, h1: Callable[[tuple[Entry, ...]], str], archive: str) -> Unpacked:
        entries = tuple(sorted(self._entries))
        return Unpacked(version, entries, h1(entries), archive, self._size, self._shared)

    def _write(self, at: int, base: str, mode: int, content: bytes, mtime: int | None, source: int = -1) -> None:
        descriptor = os.open(base, writing.MAKING, 0o600, dir_fd=at)
        try:
            if source >= 0 and self._clones:
                self._clones = _cloned(descriptor, source)
                self._shared += self._clones
            if source < 0 or not self._clones:
                written = os.write(descriptor, content)
                while written < len(content):
                    written += os.write(descriptor, memoryview(content)[written:])
            _dress(descriptor, self._options, mode, mtime)
        finally:
            os.close(descriptor)

    def _share(self, at: int, base: str, mode: int, content: bytes, mtime: int | None, source: int) -> None:
        if not self._clones:
            # Of the very file that was compared. Where links are not possible, across mounts or too many, the file is written.
            with contextlib.suppress(OSError):
                os.link(f"/proc/self/fd/{source}", base, dst_dir_fd=at, follow_symlinks=True)
                self._shared += 1
                return
        self._write(at, base, mode, content, mtime, source)

    def _source(self, digest: str, mode: int, content: bytes) -> int:
        """Descriptor of a known file that is just the one to be written; -1 if there is none."""
        place = self._known.get((digest, mode))
        if place is None or not content:
            return -1
        try:
            descriptor = os.open(place[1], writing.READING, dir_fd=place[0])
        except OSError:
            return -1
        with contextlib.suppress(OSError):
            status = os.fstat(descriptor)
            same = (status.st_uid, status.st_gid) == self._owner and status.st_mode == stat.S_IFREG | mode
            if same and status.st_size == len(content) and _holds(descriptor, content):
                return descriptor
        os.close(descriptor)
        return -1


def _holds(descriptor: int, content: bytes) -> bool:
    found = os.read(descriptor, len(content) + 1)
    return found == content and not set(os.listxattr(descriptor)) - _HARMLESS


def _cloned(descriptor: int, source: int) -> bool:
    """ioctl_ficlone(2): whether both files share their blocks now. File systems without it say so, each in its own way."""
    # _IOW(0x94, 9, int): where it is a write is another bit on these machines.
    other = os.uname().machine.startswith(("ppc", "mips", "sparc"))
    with contextlib.suppress(OSError):
        fcntl.ioctl(descriptor, 0x80049409 if other else 0x40049409, source)
        return True
    return False


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


def _directory_mode(options: Options) -> int:
    return distribution.DIRECTORY_MODE | (stat.S_ISGID if options.setgid else 0)


def _from_zip(archive: int, into: int, version: str, platform: str, options: Options) -> Unpacked:
    engine, size = engine_of(options.engine), _size(archive)
    prefix = distribution.module_prefix(version, platform)
    listing = zip_members.members(
        lambda at, count: os.pread(archive, count, at), size, prefix, options.limits, distribution.installed_name
    )
    members = listing.members
    blocks = sum(-(-member.size // BLOCK) for member in members)
    directories = len({member.name.rpartition("/")[0] for member in members})
    refuse_unfit(into, (blocks + directories) * BLOCK, len(members) + directories)
    stated = _stated_version(
        next((content_of(engine, archive, m) for m in members if m.name == "VERSION"), b""), version
    )
    mtime, total, at = stated.seconds, sha256(), 0
    tree = _Tree(into, options)
    try:
        for member in members:
            piece = exactly(archive, at, member.end - at)
            total.update(piece)
            tree.file(member.name, distribution.mode_of(member.name), inflated(engine, piece, at, member), mtime)
            at = member.end
            options.progress(at, size)
        rest = exactly(archive, at, size - at)
        if not rest.endswith(listing.directory):
            raise ArchiveError("it was changed while it was read")
        total.update(rest)
        options.progress(size, size)
        tree.finish(mtime)
    finally:
        tree.close()
    writing.sync_file_system(into)
    return tree.result(stated, lambda entries: distribution.module_h1(entries, version, platform), total.hexdigest())


def _from_tar_gz(archive: int, into: int, version: str, platform: str, options: Options) -> Unpacked:
    engine, size = engine_of(options.engine), _size(archive)
    if size > options.limits.archive:
        raise ArchiveError(f"more than {options.limits.archive} bytes")
    # The last four bytes of a gzip file say how much it holds.
    unpacked = int.from_bytes(exactly(archive, max(0, size - 4), min(4, size)), "little")
    refuse_unfit(into, unpacked, unpacked // BYTES_PER_FILE)
    total, stated = sha256(), None
    tree = _Tree(into, options)
    try:
        blocks = ungzipped(engine, archive, size, total, options.progress)
        for member in tar_members.members(blocks, distribution.TARBALL_PREFIX, options.limits):
            if member.directory:
                tree.directory(member.name)
                continue
            if member.name == "VERSION":
                stated = _stated_version(member.content, version)
            tree.file(member.name, 0o755 if member.executable else 0o644, member.content, member.mtime)
        if stated is None:
            raise ArchiveError("it has no VERSION: it is no Go distribution")
        tree.finish(stated.seconds)
    finally:
        tree.close()
    writing.sync_file_system(into)
    found = stated.version
    has_h1 = platform and distribution.has_module_form(found)
    return tree.result(stated, lambda entries: _h1(entries, found, platform) if has_h1 else "", total.hexdigest())


def _h1(entries: tuple[Entry, ...], version: str, platform: str) -> str:
    return distribution.module_h1(distribution.module_form(entries, platform), version, platform)


def _size(archive: int) -> int:
    status = os.fstat(archive)
    if not stat.S_ISREG(status.st_mode):
        raise ArchiveError("no regular file")
    return status.st_size


def _stated_version(content: bytes, version: str) -> VersionFile:
    stated = distribution.parse_version_file(content)
    if stated is None:
        raise ArchiveError("it is missing or holds no version: this is no Go distribution", "VERSION")
    if version not in ("", stated.version):
        raise ArchiveError(f"it says {stated.version}, and not {version}", "VERSION")
    return stated
