"""A file that is written for somebody else to take away: into a directory of the caller, whole or not at all, under its name at the end.

The directory may belong to others, also where root calls: the new file is made beside its name with O_EXCL and through no link, and whatever
is at the name is replaced, never written through. Source: open(2), renameat2(2) with RENAME_NOREPLACE, fsync(2).
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from gosteward.errors import StewardError, UsageError
from gosteward.host import writing
from gosteward.host.own_directory import Growing

if TYPE_CHECKING:
    from collections.abc import Iterator

CANNOT_CREATE = 73  # EX_CANTCREAT
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class OutgoingError(StewardError):
    """A file cannot be written; nothing is left of it."""

    exit_code = CANNOT_CREATE


def refuse_taken(path: str, *, replace: bool) -> None:
    """Raise UsageError if something is at a path that may not be replaced: anything, or with `replace` all but files and links."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return
    if not replace:
        raise UsageError("it is there already", subject=path, hint="give it another name, or replace it with --force")
    if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
        raise UsageError("it is no regular file", subject=path)


@contextlib.contextmanager
def outgoing(path: str, *, replace: bool = False, mode: int = 0o644) -> Iterator[Growing]:
    """Write a file: it is at its name, and on the disk, when the block ends; nothing of it is there if the block raises.

    Args:
        replace: take the place of a file or link that is there.   mode: of the new file, less what the umask takes.
    Raises:
        UsageError: something is there.   OutgoingError: the file cannot be written; also for an OSError of the block.
    """
    refuse_taken(path, replace=replace)
    base = os.path.basename(path)
    if base in ("", ".", ".."):
        raise UsageError("this is no name of a file", subject=path)
    new = f".{base}.{os.getpid()}.new"
    try:
        directory = os.open(os.path.dirname(path) or ".", _DIRECTORY)
        try:
            with _made(directory, new, mode) as file:
                yield file
                file.sync()
                _named(directory, new, base, path, replace=replace)
        finally:
            os.close(directory)
    except OSError as error:
        raise OutgoingError("cannot write", subject=f"{path}: {error.strerror}") from error


@contextlib.contextmanager
def _made(directory: int, name: str, mode: int) -> Iterator[Growing]:
    descriptor = os.open(name, writing.MAKING, mode, dir_fd=directory)
    try:
        yield Growing(descriptor)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=directory)
        raise
    finally:
        os.close(descriptor)


def _named(directory: int, new: str, base: str, path: str, *, replace: bool) -> None:
    if replace:
        refuse_taken(path, replace=True)
        os.rename(new, base, src_dir_fd=directory, dst_dir_fd=directory)
        os.fsync(directory)
        return
    try:
        writing.move(directory, new, directory, base)
    except FileExistsError:
        refuse_taken(path, replace=False)  # since we looked
        raise
