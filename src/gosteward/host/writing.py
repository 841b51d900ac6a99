"""The only door through which files change: every function works on a name in a directory descriptor, and follows no link.

What is to be at a name is made beside it, synced, renamed to it, and its directory synced: after a crash there is the old thing or the
new one. Source: rename(2), fsync(2) ("Calling fsync() does not necessarily ensure that the entry in the directory has also reached disk").
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from typing import NamedTuple, Optional

from gosteward.finding import Text
from gosteward.formats.access import ACCESS_LIST, DEFAULT_LIST
from gosteward.host import system_calls
from gosteward.host.descriptors import read_all
from gosteward.host.places import Refused

CONTENT_LIMIT = 4 << 20
READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
MAKING = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
ACL = (ACCESS_LIST, DEFAULT_LIST)
# Of a new thing, what its directory hands down to it cannot be known before.
OWN = ("kind", "content", "target", "mode", "uid", "gid")


class State(NamedTuple):
    """What is at a name.

    Attributes:
        kind: "absent", "file", "link", "directory".   content: of a file.   target: of a link.
        mode: permission bits.   uid, gid.   mtime, atime: nanoseconds since the epoch, None for the time at which it is made.
        attributes: extended ones, ACLs and the SELinux label among them.
    """

    kind: str = "absent"
    content: bytes = b""
    target: str = ""
    mode: int = 0
    uid: int = 0
    gid: int = 0
    mtime: Optional[int] = None
    atime: Optional[int] = None
    attributes: tuple[tuple[str, bytes], ...] = ()

    def same(self, other: State) -> bool:
        """Whether nothing but times differs."""
        return self._replace(mtime=None, atime=None) == other._replace(mtime=None, atime=None)

    def made_as(self, wanted: State) -> bool:
        """Whether this is what making `wanted` comes to: attributes may have come from the directory."""
        return all(getattr(self, name) == getattr(wanted, name) for name in OWN)


class Rights(NamedTuple):
    """Mode, owner and ACLs of a file or directory.  attributes: the ACLs only."""

    mode: int
    uid: int
    gid: int
    attributes: tuple[tuple[str, bytes], ...] = ()


def state(directory: int, name: str) -> State:
    """What is at a name.

    Raises:
        Refused: a FIFO, device or socket; a file with several names (hard links), which a rename would part; one above 4 MiB; one that
            somebody writes to at this moment.
        OSError: it may not be read.
    """
    try:
        status = os.lstat(name, dir_fd=directory)
    except FileNotFoundError:
        return State()
    if stat.S_ISLNK(status.st_mode):
        return _with_status(State(kind="link", target=os.readlink(name, dir_fd=directory)), status)
    if stat.S_ISDIR(status.st_mode):
        return _opened(directory, name, status, "directory")
    if not stat.S_ISREG(status.st_mode):
        raise Refused(Text("{name} is no regular file", name=name))
    if status.st_nlink != 1:
        raise Refused(Text("{name} has {count} names (hard links)", name=name, count=str(status.st_nlink)))
    if status.st_size > CONTENT_LIMIT:
        raise Refused(Text("{name} has {size} bytes", name=name, size=str(status.st_size)))
    return _opened(directory, name, status, "file")


def _with_status(found: State, status: os.stat_result) -> State:
    return found._replace(
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
        mtime=status.st_mtime_ns,
        atime=status.st_atime_ns,
    )


def _opened(directory: int, name: str, seen: os.stat_result, kind: str) -> State:
    descriptor = os.open(name, READING, dir_fd=directory)
    try:
        status = os.fstat(descriptor)
        if (status.st_dev, status.st_ino) != (seen.st_dev, seen.st_ino):
            raise Refused(Text("{name} was replaced while it was read", name=name))
        content = read_all(descriptor, status.st_size, CONTENT_LIMIT + 1) if kind == "file" else b""
        attributes = tuple((n, os.getxattr(descriptor, n)) for n in _attribute_names(descriptor))
        if kind == "file" and (len(content) != status.st_size or _version(os.fstat(descriptor)) != _version(status)):
            raise Refused(Text("{name} was changed while it was read", name=name))
        return _with_status(State(kind=kind, content=content, attributes=attributes), status)
    finally:
        os.close(descriptor)


def _version(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_nlink


def _attribute_names(descriptor: int) -> list[str]:
    try:
        return sorted(os.listxattr(descriptor))
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.ENOSYS):  # a file system without any, a sandbox that hides them
            return []
        raise  # what is not seen would be lost


def put(directory: int, name: str, present: State, wanted: State, temporary: str) -> None:
    """Let `wanted` be at a name, in one step.

    Args:
        present: what is there now, of the same kind, or absent: then nothing that appears meanwhile is replaced.
        temporary: name in the same directory that nobody uses; nothing is left under it when this returns or raises.

    Raises:
        OSError: nothing has changed, unless it was the sync of the directory that failed.
    """
    if wanted.kind == "absent":
        if present.kind == "directory":
            os.rmdir(name, dir_fd=directory)
        else:
            os.unlink(name, dir_fd=directory)
    else:
        descriptor = _begun(directory, temporary, wanted)
        try:
            _complete(directory, temporary, descriptor, present, wanted)
            if present.kind == "absent":
                system_calls.rename_to_free_name(directory, temporary, directory, name)
            else:
                os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            with contextlib.suppress(OSError):
                _unmake(directory, temporary)
            raise
    os.fsync(directory)


def _begun(directory: int, temporary: str, wanted: State) -> int:
    """Make the empty thing in one system call, so that an error leaves nothing. Returns the descriptor of a file, else -1."""
    if wanted.kind == "file":
        return os.open(temporary, MAKING, 0o600, dir_fd=directory)
    if wanted.kind == "directory":
        os.mkdir(temporary, 0o700, dir_fd=directory)
    else:
        os.symlink(wanted.target, temporary, dir_fd=directory)
    return -1


def _complete(directory: int, temporary: str, descriptor: int, present: State, wanted: State) -> None:
    if wanted.kind == "link":
        _complete_link(directory, temporary, wanted)
        return
    if descriptor < 0:
        descriptor = os.open(temporary, READING | os.O_DIRECTORY, dir_fd=directory)
    try:
        rest = memoryview(wanted.content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        _dress(descriptor, wanted, inherits=present.kind == "absent")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _dress(descriptor: int, wanted: State, *, inherits: bool) -> None:
    """Owner, mode, extended attributes and times, in the order in which none undoes another.

    Args:
        inherits: keep the ACL that the directory handed down. What replaces a file has the ACL of that file or none.
    """
    status = os.fstat(descriptor)
    if (status.st_uid, status.st_gid) != (wanted.uid, wanted.gid):
        os.fchown(descriptor, wanted.uid, wanted.gid)
    for name in () if inherits else {*ACL} & {*_attribute_names(descriptor)} - {n for n, _ in wanted.attributes}:
        os.removexattr(descriptor, name)
    os.fchmod(descriptor, wanted.mode)
    for name, value in wanted.attributes:
        _set_attribute(descriptor, name, value)
    if (
        stat.S_IMODE(os.fstat(descriptor).st_mode) != wanted.mode
    ):  # set-group-ID is denied in silence to who is not in the group
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
    if wanted.mtime is not None and wanted.atime is not None:
        os.utime(descriptor, ns=(wanted.atime, wanted.mtime))


def _set_attribute(descriptor: int, name: str, value: bytes) -> None:
    try:
        os.setxattr(descriptor, name, value)
    except OSError:
        # A label that the system's policy gives by itself needs no right of ours.
        if name not in _attribute_names(descriptor) or os.getxattr(descriptor, name) != value:
            raise


def _complete_link(directory: int, temporary: str, wanted: State) -> None:
    status = os.lstat(temporary, dir_fd=directory)
    if (status.st_uid, status.st_gid) != (wanted.uid, wanted.gid):
        os.chown(temporary, wanted.uid, wanted.gid, dir_fd=directory, follow_symlinks=False)
    if wanted.mtime is not None and wanted.atime is not None:
        os.utime(temporary, ns=(wanted.atime, wanted.mtime), dir_fd=directory, follow_symlinks=False)


def _unmake(directory: int, temporary: str) -> None:
    if stat.S_ISDIR(os.lstat(temporary, dir_fd=directory).st_mode):
        os.rmdir(temporary, dir_fd=directory)
    else:
        os.unlink(temporary, dir_fd=directory)


def discard(directory: int, temporary: str) -> None:
    """Remove what a crash left under a temporary name, if anything. Raises OSError."""
    try:
        _unmake(directory, temporary)
    except FileNotFoundError:
        return
    os.fsync(directory)


def make_room(directory: int, name: str) -> int:
    """Make an empty directory for nobody but its owner; returns a descriptor of it, which the caller closes."""
    os.mkdir(name, 0o700, dir_fd=directory)
    return os.open(name, READING | os.O_DIRECTORY, dir_fd=directory)


def write_new(directory: int, name: str, content: bytes) -> None:
    """Write a file that is not there yet, for a while: it is not synced."""
    with open(os.open(name, MAKING, 0o600, dir_fd=directory), "wb") as file:
        file.write(content)


def remove_tree(directory: int, name: str) -> None:
    """Remove a directory with everything in it, or nothing if it is not there. Through no link. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(f"/proc/self/fd/{directory}/{name}")
        os.fsync(directory)


def move(source: int, name: str, destination: int, new_name: str) -> None:
    """Rename within a file system; FileExistsError if the new name is taken."""
    system_calls.rename_to_free_name(source, name, destination, new_name)
    os.fsync(destination)
    os.fsync(source)


def pinned(directory: int, name: str) -> int:
    """A descriptor of the very file, directory or link at a name, without opening it (O_PATH); the caller closes it."""
    return os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)


def rights(descriptor: int, status: os.stat_result | None = None) -> Rights:
    """Mode, owner and ACLs of what a descriptor of `pinned` holds.  status: of it, where the caller has it."""
    status = status or os.fstat(descriptor)
    found = []
    for name in () if stat.S_ISLNK(status.st_mode) else ACL if stat.S_ISDIR(status.st_mode) else ACL[:1]:
        with contextlib.suppress(OSError):
            found.append((name, os.getxattr(f"/proc/self/fd/{descriptor}", name)))
    return Rights(stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, tuple(found))


def set_rights(descriptor: int, present: Rights, wanted: Rights) -> None:
    """Change mode, owner and ACLs of what a descriptor of `pinned` holds, as far as they differ: mostly one system call."""
    if (present.uid, present.gid) != (wanted.uid, wanted.gid):
        system_calls.change_owner(descriptor, wanted.uid, wanted.gid)
    if (present.mode, present.attributes) == (wanted.mode, wanted.attributes):
        return
    through = f"/proc/self/fd/{descriptor}"
    before, after = dict(present.attributes), dict(wanted.attributes)
    for name, value in after.items():
        if before.get(name) != value:
            os.setxattr(through, name, value)  # the permission bits follow the list
    for name in before.keys() - after.keys():
        os.removexattr(through, name)
    if ACL[0] not in after or stat.S_IMODE(os.fstat(descriptor).st_mode) != wanted.mode:
        os.chmod(through, wanted.mode)


def capabilities(descriptor: int) -> bool:
    """Whether what a descriptor of `pinned` holds is a program with capabilities."""
    try:
        return bool(os.getxattr(f"/proc/self/fd/{descriptor}", "security.capability"))
    except OSError:
        return False


def sync_file_system(descriptor: int) -> None:
    """Write everything of a file system to disk: for changes of so many files that syncing each would take minutes."""
    system_calls.sync_file_system(descriptor)
