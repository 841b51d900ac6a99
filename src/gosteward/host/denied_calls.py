"""A seccomp filter for sandboxes that lack namespaces: what Landlock does not cover is answered with EPERM, all else passes.

Calls of a foreign architecture (32-bit programs on a 64-bit kernel) have other numbers, so all of them are denied.

Source: seccomp(2), linux/filter.h, linux/audit.h, the tables of arch/x86/entry/syscalls and include/uapi/asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import os
import struct

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
ALLOW, DENY = 0x7FFF0000, 0x00050000 | 1  # errno 1 = EPERM
LOAD, EQUAL, AT_LEAST, AND, RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
X32 = 0x40000000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
AF_NETLINK = 16
O_ACCMODE, O_TRUNC = 3, 0x200
EVERYBODY = 0xFFFFFFFF  # kill(-1, ...)
SET_FLAGS, SET_EXTENDED_FLAGS = 0x40086602, 0x401C5820  # FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR

# Numbers on x86_64 and aarch64, -1 where the call does not exist.
CHANGES = {
    "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, -1), "fchown": (93, 55),
    "lchown": (94, -1), "fchownat": (260, 54), "utime": (132, -1), "utimes": (235, -1), "utimensat": (280, 88), "futimesat": (261, -1),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "fremovexattr": (199, 16), "setxattrat": (463, 463), "removexattrat": (466, 466), "file_setattr": (469, 469), "truncate": (76, 45),
    "mount": (165, 40), "open_tree": (428, 428), "move_mount": (429, 429), "mount_setattr": (442, 442),
    # What goes round this filter: a ring of calls, and open flags behind a pointer.
    "io_uring_setup": (425, 425), "openat2": (437, 437),
    "mq_open": (240, 180), "mq_unlink": (241, 181), "shmget": (29, 194), "shmctl": (31, 195), "semget": (64, 190), "semctl": (66, 191),
    "msgget": (68, 186), "msgctl": (71, 187), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
}  # fmt: skip
PROCESSES = {
    "setpriority": (141, 140), "sched_setparam": (142, 118), "sched_setscheduler": (144, 119), "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274), "ioprio_set": (251, 30),
}  # fmt: skip
SIGNALS = {
    "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
}  # fmt: skip
KILL, SOCKET, PRLIMIT, IOCTL, OPEN, OPENAT = (62, 129), (41, 198), (302, 261), (16, 29), (2, -1), (257, 56)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _statement(code: int, yes: int, no: int, value: int) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)


def _deny_if(*tests: tuple[int, bool, int]) -> list[bytes]:
    """Deny if one of the (comparison, wanted answer, value) tests of the loaded word succeeds, else allow."""
    body = []
    for comparison, wanted, value in tests:
        body += [_statement(comparison, 0 if wanted else 1, 1 if wanted else 0, value), _statement(RETURN, 0, 0, DENY)]
    return [*body, _statement(RETURN, 0, 0, ALLOW)]


def _call(number: int, argument: int, body: list[bytes]) -> list[bytes]:
    """Judge a call by the lower half of one of its arguments. Behind the comparison the call number is no longer loaded."""
    if number < 0:
        return []
    body = [_statement(LOAD, 0, 0, 16 + 8 * argument), *body]
    return [_statement(EQUAL, 0, len(body), number), *body]


def program(machine: str, files: bool, processes: bool, signals: bool) -> bytes:
    """The filter as bytes, 8 per statement. Pure.

    Args:
        machine: "x86_64", "aarch64"; others have none (b"").
        files: deny changes of modes, owners, times, attributes, queues and keys, and sockets but netlink.
        processes: deny changes of the priorities, processors and limits of others.
        signals: deny signals to single processes and to all; what remains are those to process groups, which the warden needs.
    """
    if machine not in AUDIT:
        return b""
    column = list(AUDIT).index(machine)
    body = [
        _statement(LOAD, 0, 0, 4),
        _statement(EQUAL, 1, 0, AUDIT[machine]),
        _statement(RETURN, 0, 0, DENY),
        _statement(LOAD, 0, 0, 0),
        _statement(AT_LEAST, 0, 1, X32),
        _statement(RETURN, 0, 0, DENY),
    ]
    tables = ((CHANGES, files), (PROCESSES, processes), (SIGNALS, signals))
    numbers = [pair for table, wanted in tables if wanted for pair in table.values()]
    for number in (pair[column] for pair in numbers if pair[column] >= 0):
        body += [_statement(EQUAL, 0, 1, number), _statement(RETURN, 0, 0, DENY)]
    if processes:
        body += _call(PRLIMIT[column], 0, _deny_if((EQUAL, False, 0)))
    if signals:  # 0 is the caller's own group, 0x80000000 and more a negative number: a group
        groups = [_statement(EQUAL, 0, 1, 0), _statement(RETURN, 0, 0, ALLOW)]
        body += _call(KILL[column], 0, groups + _deny_if((EQUAL, True, EVERYBODY), (AT_LEAST, False, 1 << 31)))
    if files:
        body += [] if signals else _call(KILL[column], 0, _deny_if((EQUAL, True, EVERYBODY)))
        body += _call(SOCKET[column], 0, _deny_if((EQUAL, False, AF_NETLINK)))
        body += _call(IOCTL[column], 1, _deny_if((EQUAL, True, SET_FLAGS), (EQUAL, True, SET_EXTENDED_FLAGS)))
        # Opened for reading, emptied all the same: Landlock sees that from its third version on.
        emptied = [_statement(AND, 0, 0, O_ACCMODE | O_TRUNC), *_deny_if((EQUAL, True, O_TRUNC))]
        body += _call(OPEN[column], 1, emptied) + _call(OPENAT[column], 2, emptied)
    body.append(_statement(RETURN, 0, 0, ALLOW))
    return b"".join(body)


def install(libc: ctypes.CDLL, files: bool, processes: bool, signals: bool) -> bool:
    """Apply the filter to this process and its children (no_new_privs is set). True if it is in force."""
    code = program(os.uname().machine, files, processes, signals)
    if not code:
        return False
    described = _Program(len(code) // 8, code)
    answer: int = libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(described), 0, 0)
    return answer == 0
