"""What a unit of systemd forbids a process, without systemd: rights, system calls, memory, address families, as far as a filter can say it.

    python -m serve.unit_confinement UNIT UID PROGRAM ARGUMENT...

Filters are made by the library that systemd makes them by, and the sets are those that systemd-analyze prints. Where a program may write, and what it
sees of /proc and of devices, is for mounts, and not in here.

Source: systemd.exec(5); systemd's src/shared/seccomp-util.c (`seccomp_memory_deny_write_execute`, `seccomp_restrict_namespaces`,
`seccomp_restrict_suid_sgid`, `seccomp_restrict_address_families`, `seccomp_lock_personality`).
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
NOT_EQUAL, EQUAL, MASKED = 1, 4, 7
NO_NEW_PRIVS, CAPBSET_DROP, LAST_CAPABILITY = 38, 24, 40
EXEC, WRITE, SHM_EXEC = 4, 2, 0o100000
NAMESPACES = 0x7E020080
SUID_SGID = 0o6000


class Comparison(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


class Filter:
    """A filter.  default: what becomes of calls that no rule is about."""

    def __init__(self, default: int) -> None:
        self._library = ctypes.CDLL("libseccomp.so.2")
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(default)))

    def add(self, action: int, call: str, *comparisons: tuple[int, int, int, int]) -> None:
        """A rule, unless this machine has no such call.  comparisons: argument, operator, value or mask, value behind a mask."""
        number = self._library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return
        made = (Comparison * max(1, len(comparisons)))(*(Comparison(*one) for one in comparisons))
        failed = self._library.seccomp_rule_add_array(
            self._context, ctypes.c_uint32(action), number, len(comparisons), made
        )
        assert failed == 0, (call, failed)

    def load(self) -> None:
        assert self._library.seccomp_load(self._context) == 0


def settings(unit: Path) -> dict[str, list[str]]:
    """Values by name, in order."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def calls_in(word: str) -> set[str]:
    """System calls of a set, with those of sets in it; the call itself, if it is none."""
    if not word.startswith("@"):
        return {word}
    command = ["systemd-analyze", "syscall-filter", "--no-pager", word]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    inside = [line.strip() for line in said if line.strip() and not line.strip().startswith("#")]
    return set().union(*(calls_in(one) for one in inside))


def allowed(filters: list[str]) -> set[str]:
    """The calls that SystemCallFilter= leaves."""
    found = calls_in("@default")
    for line in filters:
        named = set().union(*(calls_in(word) for word in line.removeprefix("~").split()))
        found = found - named if line.startswith("~") else found | named
    return found


def restrictions(found: dict[str, list[str]]) -> list[Filter]:
    denied = ERRNO | errno.EPERM
    rules = Filter(ALLOW)
    if found.get("MemoryDenyWriteExecute") == ["yes"]:
        rules.add(denied, "mmap", (2, MASKED, EXEC | WRITE, EXEC | WRITE))
        for call in ("mprotect", "pkey_mprotect"):
            rules.add(denied, call, (2, MASKED, EXEC, EXEC))
        rules.add(denied, "shmat", (2, MASKED, SHM_EXEC, SHM_EXEC))
    if found.get("RestrictNamespaces") == ["yes"]:
        rules.add(ERRNO | errno.ENOSYS, "clone3")
        for flag in (1 << bit for bit in range(32) if NAMESPACES & 1 << bit):
            rules.add(denied, "clone", (0, MASKED, flag, flag))
        for call in ("unshare", "setns"):
            rules.add(denied, call)
    if found.get("RestrictSUIDSGID") == ["yes"]:
        rules.add(ERRNO | errno.ENOSYS, "openat2")
        for call, argument in {"chmod": 1, "fchmod": 1, "fchmodat": 2, "mkdir": 1, "mkdirat": 2, "mknod": 1, "mknodat": 2}.items():  # fmt: skip
            for bit in (0o4000, 0o2000):
                rules.add(denied, call, (argument, MASKED, bit, bit))
    if found.get("LockPersonality") == ["yes"]:
        rules.add(denied, "personality", (0, NOT_EQUAL, 0, 0))
    families = found.get("RestrictAddressFamilies", [""])[0].split()
    if families:
        for family in set(range(46)) - {int(getattr(socket, name)) for name in families}:
            rules.add(ERRNO | errno.EAFNOSUPPORT, "socket", (0, EQUAL, family, 0))
    calls = Filter(denied)
    for call in sorted(allowed(found["SystemCallFilter"])):
        calls.add(ALLOW, call)
    return [rules, calls]


def confine(unit: Path, uid: int) -> None:
    """Be what the unit lets a process be; needs root."""
    found = settings(unit)
    filters = restrictions(found)
    kernel = ctypes.CDLL(None, use_errno=True)
    kept = {name for line in found["CapabilityBoundingSet"] for name in line.split()}
    assert not kept, kept
    for capability in range(LAST_CAPABILITY + 1):
        kernel.prctl(CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    if found.get("NoNewPrivileges") == ["yes"]:
        kernel.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
    os.umask(int(found["UMask"][0], 8))
    for one in filters:
        one.load()


if __name__ == "__main__":
    confine(Path(sys.argv[1]), int(sys.argv[2]))
    os.execv(sys.argv[3], sys.argv[3:])
