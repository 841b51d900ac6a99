"""A seccomp filter for the sandbox without mounts: Landlock does not cover modes, owners, times, attributes and local sockets.

The filter answers EPERM to these system calls and to `kill(-1, ...)`; everything else passes. Calls of a foreign architecture
(32-bit programs on a 64-bit kernel) get EPERM for everything that their own numbers do not allow us to judge: they end.

Source: seccomp(2), linux/filter.h, linux/audit.h, the tables of arch/x86/entry/syscalls and include/uapi/asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import os
import struct

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
ALLOW, DENY = 0x7FFF0000, 0x00050000 | 1  # errno 1 = EPERM
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
X32 = 0x40000000
AF_UNIX = 1
# chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes utimensat futimesat setxattr lsetxattr fsetxattr
# removexattr lremovexattr fremovexattr setxattrat removexattrat, mount and its successors, io_uring (goes round the filter)
DENIED = {
    "x86_64": (
        90,
        91,
        268,
        452,
        92,
        93,
        94,
        260,
        132,
        235,
        280,
        261,
        188,
        189,
        190,
        197,
        198,
        199,
        463,
        466,
        165,
        428,
        429,
        442,
        425,
    ),
    "aarch64": (52, 53, 452, 54, 55, 88, 5, 6, 7, 14, 15, 16, 463, 466, 40, 428, 429, 442, 425),
}
KILL = {"x86_64": 62, "aarch64": 129}
SOCKET = {"x86_64": 41, "aarch64": 198}
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _statement(code: int, yes: int, no: int, value: int) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)


def program(machine: str) -> bytes:
    """The filter for `machine` ("x86_64", "aarch64"); b"" for others. Pure: 8 bytes per statement."""
    if machine not in DENIED:
        return b""
    body = [
        _statement(LOAD, 0, 0, 4),
        _statement(EQUAL, 1, 0, AUDIT[machine]),
        _statement(RETURN, 0, 0, DENY),
        _statement(LOAD, 0, 0, 0),
        _statement(AT_LEAST, 0, 1, X32),
        _statement(RETURN, 0, 0, DENY),
    ]
    for number in DENIED[machine]:
        body += [_statement(EQUAL, 0, 1, number), _statement(RETURN, 0, 0, DENY)]
    for number, forbidden in ((KILL[machine], 0xFFFFFFFF), (SOCKET[machine], AF_UNIX)):
        # The first argument's lower half is at offset 16. Behind the comparison the call number is no longer loaded.
        body += [
            _statement(EQUAL, 0, 4, number),
            _statement(LOAD, 0, 0, 16),
            _statement(EQUAL, 0, 1, forbidden),
            _statement(RETURN, 0, 0, DENY),
            _statement(RETURN, 0, 0, ALLOW),
        ]
    body.append(_statement(RETURN, 0, 0, ALLOW))
    return b"".join(body)


def install(libc: ctypes.CDLL) -> bool:
    """Apply the filter to this process and its children (no_new_privs is set). True if it is in force."""
    code = program(os.uname().machine)
    if not code:
        return False
    described = _Program(len(code) // 8, code)
    answer: int = libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(described), 0, 0)
    return answer == 0
