"""System calls that Python has no function for."""

from __future__ import annotations

import ctypes
import errno
import os

# The same number on every architecture that Go runs on, but for MIPS.
CLONE3 = 435
_ANSWERS = {errno.EINVAL: "works", errno.E2BIG: "works", errno.ENOSYS: "enosys", errno.EPERM: "eperm"}


def clone3() -> str:
    """What clone3 answers: "works", "enosys", "eperm", "" if unknown.

    It is asked with arguments of size 0, which no kernel accepts: nothing is ever cloned.
    """
    if os.uname().machine.startswith("mips"):
        return ""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall(CLONE3, None, ctypes.c_size_t(0))
    return _ANSWERS.get(ctypes.get_errno(), "")


def rename_to_free_name(source: int, name: str, destination: int, new_name: str) -> None:
    """renameat2(2) with RENAME_NOREPLACE; FileExistsError if the new name is taken.

    Where the file system or a filter of system calls does not let that through, the name is looked up first.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    renameat2 = getattr(libc, "renameat2", None)  # glibc has it from 2.28 on, musl from 1.2.5 on
    if renameat2 is not None:
        if renameat2(source, os.fsencode(name), destination, os.fsencode(new_name), ctypes.c_uint(1)) == 0:
            return
        code = ctypes.get_errno()
        if code not in (errno.EINVAL, errno.ENOSYS, errno.EPERM):
            raise OSError(code, os.strerror(code), new_name if code == errno.EEXIST else name)
    try:
        os.lstat(new_name, dir_fd=destination)
    except FileNotFoundError:
        os.rename(name, new_name, src_dir_fd=source, dst_dir_fd=destination)
        return
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new_name)


def change_owner(descriptor: int, uid: int, gid: int) -> None:
    """fchownat(2) with AT_EMPTY_PATH: of the very thing that an O_PATH descriptor holds, also of a link."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.fchownat(descriptor, b"", ctypes.c_uint(uid), ctypes.c_uint(gid), 0x1000) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def sync_file_system(descriptor: int) -> None:
    """syncfs(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syncfs(descriptor) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
