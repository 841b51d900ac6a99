"""The sandbox that a user's shells run in: what they read is real, what they write evaporates or is denied.

One process, the warden, enters it once; every shell that it starts afterwards inherits it. From outside in:

1. namespaces for mounts, processes, network and System V IPC (a user namespace first when the caller is not root);
2. the whole tree read-only, overlays with their upper layer in memory over the home and the temporary directories, a /dev of our
   own, sockets of the host's daemons covered;
3. Landlock: writes only below those overlays, no signals and no abstract sockets out of the sandbox;
4. resource limits, no capabilities beyond reading, no new privileges, the identity of the user.

Steps 1 and 2 are not allowed everywhere (chroots, containers, kernels with user namespaces off). Then Landlock and a seccomp filter
against changes of modes, owners and times do it alone (kernels before 6.12 let signals to process groups out then). Where nothing can deny writes, `Denied` is raised and no shell may start.

Source: mount_setattr(2), user_namespaces(7), landlock(7), capabilities(7), Documentation/filesystems/overlayfs.rst.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
from typing import TYPE_CHECKING, NamedTuple

from gosteward.host import denied_calls
from gosteward.host.descendants import adopt_orphans

if TYPE_CHECKING:
    from gosteward.snapshot import User

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = (
    0x20000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = (
    1,
    2,
    4,
    8,
    32,
    4096,
    16384,
    1 << 18,
)
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
SYS_MOUNT_SETATTR, SYS_LANDLOCK_CREATE, SYS_LANDLOCK_ADD, SYS_LANDLOCK_RESTRICT = 442, 444, 445, 446
AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID = -100, 0x8000, 1, 2
# What root keeps, so that it reads what root reads: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH.
KEPT_CAPABILITIES, LAST_CAPABILITY = (1, 2), 63
WRITE_FILE, TRUNCATE, WRITE_BELOW = 1 << 1, 1 << 14, (1 << 1) | sum(1 << bit for bit in range(4, 15))
# The Landlock version that keeps signals and abstract sockets inside.
SCOPED = 6
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
# Where daemons listen that would change the host on request. Directories get an empty tmpfs, sockets a /dev/null.
DAEMON_DIRECTORIES = ("/run/dbus", "/run/libvirt", "/run/podman", "/run/containerd")
DAEMON_SOCKETS = (
    "/run/docker.sock", "/run/snapd.socket", "/run/snapd-snap.socket", "/run/systemd/private", "/run/systemd/notify", "/run/initctl",
    "/run/systemd/io.systemd.Manager", "/run/acpid.socket", "/run/crio/crio.sock",
)  # fmt: skip
# Overlays of these file systems would ask them with the warden's rights, which a server may squash.
REMOTE_TYPES = {"nfs", "nfs4", "cifs", "smb3", "9p", "afs", "ceph", "autofs", "fuse", "fuse.sshfs", "virtiofs"}
ROOMS = "/dev/.rooms"
LEVELS = ("processes", "mounts", "landlock")


class Denied(Exception):  # noqa: N818 - the name says what happened
    """The sandbox cannot be built at this level; the text says which step failed."""


class Sandbox(NamedTuple):
    """What was reached.

    Attributes:
        level: "processes" (own process, mount and network namespaces), "mounts" (without the process one), "landlock".
        private: a directory that the shells may write, or "" without one.   writable: directories whose writes evaporate.
    """

    level: str
    private: str
    writable: tuple[str, ...]


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def own_process() -> None:
    """Adopt orphans, so that daemons which shells leave behind can be ended where there is no process namespace.

    And be the first to go, with all descendants, when a start-up file eats up the memory of the host.
    """
    with contextlib.suppress(OSError):
        _write("/proc/self/oom_score_adj", "1000")
    adopt_orphans()


def _must(result: int, what: str) -> None:
    if result != 0:
        raise Denied(f"{what}: {os.strerror(ctypes.get_errno())}")


def _mount(libc: ctypes.CDLL, source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> bool:
    """One mount(2); True if it worked."""
    answer: int = libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        os.fsencode(options) or None,
    )
    return answer == 0


def unshare(level: str, user: User) -> None:
    """Enter the namespaces of `level`. With "processes" only children of the caller are in the new process namespace.

    Raises:
        Denied: the kernel, or the place (a chroot), does not allow it.
    """
    caller, group = os.geteuid(), os.getegid()
    if caller not in (0, user.uid):
        raise Denied("another user needs root")
    if level == "landlock":
        return
    libc = _libc()
    flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | (CLONE_NEWPID if level == "processes" else 0)
    if caller:
        flags |= CLONE_NEWUSER
    _must(libc.unshare(flags), "unshare")
    if caller:
        try:
            _write("/proc/self/setgroups", "deny")
            _write("/proc/self/uid_map", f"{caller} {caller} 1")
            _write("/proc/self/gid_map", f"{group} {group} 1")
        except OSError as error:
            raise Denied(f"user namespace: {error.strerror}") from None


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def build(level: str, user: User) -> Sandbox:
    """Become the user inside the sandbox. The caller has been through `unshare` (and a fork for "processes").

    Raises:
        Denied: a step failed that this level cannot do without; the process must end.
    """
    libc = _libc()
    writable: tuple[str, ...] = ()
    private = ""
    if level != "landlock":
        writable = _build_tree(libc, user, own_processes=level == "processes")
        private = f"{ROOMS}/private"
        _own_directory(private, user)
        writable = ("/dev", *writable)
    _limit()
    _drop_privileges(libc, user)
    version = _restrict_writes(
        libc, writable or tuple(f"/dev/{name}" for name in DEVICES), connects=level == "landlock"
    )
    if level == "landlock" and not version:
        raise Denied("no Landlock in this kernel")
    if level != "processes" and not denied_calls.install(
        libc, files=level == "landlock", processes=True, signals=version < SCOPED
    ):
        raise Denied("no seccomp filter for this machine")
    return Sandbox(level=level, private=private, writable=writable)


def _build_tree(libc: ctypes.CDLL, user: User, own_processes: bool) -> tuple[str, ...]:
    """Make everything read-only, then lay the writable places over it. Returns the overlaid directories."""
    if not _mount(libc, "none", "/", flags=MS_REC | MS_PRIVATE):
        raise Denied("/ is not a mount point")
    mounts = _mount_table()
    _make_read_only(libc, mounts)
    _build_devices(libc)
    if own_processes and not _mount(libc, "proc", "/proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC):
        raise Denied("a new /proc may not be mounted")
    for path in (f"/run/user/{user.uid}", *DAEMON_DIRECTORIES):
        if os.path.isdir(path):
            _mount(libc, "none", path, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=0755")
    for path in DAEMON_SOCKETS:
        if os.path.exists(path):
            _mount(libc, "/dev/null", path, flags=MS_BIND)
    return _overlay_homes(libc, user, mounts)


def _mount_table() -> tuple[tuple[str, str, str], ...]:
    """(mount point, type, per-mount options) of every line of mountinfo."""
    rows = []
    with open("/proc/self/mountinfo", "rb") as table:
        for line in table.read(1 << 22).decode("utf-8", "surrogateescape").split("\n"):
            words = line.split(" ")
            if "-" in words[6:] and len(words) > words.index("-", 6) + 1:
                point = (
                    words[4].encode("utf-8", "surrogateescape").decode("unicode_escape")
                    if "\\" in words[4]
                    else words[4]
                )
                rows.append((point, words[words.index("-", 6) + 1], words[5]))
    return tuple(rows)


def _make_read_only(libc: ctypes.CDLL, mounts: tuple[tuple[str, str, str], ...]) -> None:
    attributes = struct.pack("QQQQ", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, 0, 0)
    if libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, b"/", AT_RECURSIVE, attributes, len(attributes)) == 0:
        return
    # Linux < 5.12: one bind remount per mount. Flags that a mount has must be repeated, or it fails where they are locked.
    words = {"nodev": MS_NODEV, "noexec": MS_NOEXEC, "noatime": 1024, "nodiratime": 2048, "relatime": 1 << 21}
    for point, _, options in mounts:
        flags = sum(value for word, value in words.items() if word in options.split(","))
        if not _mount(libc, "none", point, flags=flags | MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID) and point == "/":
            raise Denied("/ cannot be made read-only")


def _build_devices(libc: ctypes.CDLL) -> None:
    """A /dev with the harmless devices only, and with room for the upper layers."""
    kept = {
        name: os.open(f"/dev/{name}", os.O_PATH | os.O_CLOEXEC) for name in DEVICES if os.path.exists(f"/dev/{name}")
    }
    if not _mount(libc, "dev", "/dev", "tmpfs", MS_NOSUID, "size=64m,mode=0755"):
        raise Denied("no tmpfs over /dev")
    for name, descriptor in kept.items():
        os.close(os.open(f"/dev/{name}", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o666))
        if not _mount(libc, f"/proc/self/fd/{descriptor}", f"/dev/{name}", flags=MS_BIND) and name == "null":
            raise Denied("/dev/null cannot be kept")
        os.close(descriptor)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, f"/dev/{name}")
    for name in ("shm", "pts"):
        os.mkdir(f"/dev/{name}")
    os.chmod("/dev/shm", 0o1777)  # noqa: S103 - as it is outside
    os.mkdir(ROOMS, 0o755)


def _own_directory(path: str, user: User) -> None:
    os.mkdir(path, 0o700)
    if os.geteuid() == 0:
        os.chown(path, user.uid, user.gid)


def _overlay_homes(libc: ctypes.CDLL, user: User, mounts: tuple[tuple[str, str, str], ...]) -> tuple[str, ...]:
    """Lay overlays over the temporary directories and the home; a place where that fails stays read-only."""
    done: list[str] = []
    for number, place in enumerate(("/tmp", "/var/tmp", user.home)):
        path = os.path.realpath(place)
        if path == "/" or not os.path.isdir(path) or path in done:
            continue
        if any(point.startswith(path + "/") for point, _, _ in mounts) or _type_of(path, mounts) in REMOTE_TYPES:
            continue
        status = os.stat(path)
        layers = [f"{ROOMS}/{kind}{number}" for kind in ("upper", "work")]
        for layer in layers:
            os.mkdir(layer, 0o700)
        try:
            os.chown(layers[0], status.st_uid, status.st_gid)
        except OSError:  # in a user namespace root is not mapped: /tmp may then be ours, a foreign home may not
            if not status.st_mode & 0o1000:
                continue
        os.chmod(layers[0], status.st_mode & 0o7777)
        options = f"lowerdir={_escaped(path)},upperdir={layers[0]},workdir={layers[1]}"
        extra = "" if os.geteuid() == 0 else ",userxattr"
        if _mount(libc, "overlay", path, "overlay", MS_NOSUID | MS_NODEV, options + extra):
            done.append(path)
    return tuple(done)


def _type_of(path: str, mounts: tuple[tuple[str, str, str], ...]) -> str:
    best = ("", "")
    for point, kind, _ in mounts:
        if (path == point or path.startswith(point.rstrip("/") + "/")) and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1]


def _escaped(path: str) -> str:
    return path.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")


def _limit() -> None:
    """Limits that no sane start-up file meets; they end runaway ones."""
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, 30),
        (resource.RLIMIT_FSIZE, 32 << 20),
        (resource.RLIMIT_DATA, 1 << 30),
        (resource.RLIMIT_NPROC, 4096),
    ):
        _, hard = resource.getrlimit(kind)
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (ceiling, ceiling))
        except (OSError, ValueError):  # a limit more or less: the deadline ends what this would have ended
            continue


def _drop_privileges(libc: ctypes.CDLL, user: User) -> None:
    if os.geteuid() == 0:
        for number in range(LAST_CAPABILITY + 1):
            if number not in KEPT_CAPABILITIES:
                libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
        if user.uid:
            os.setgroups(list(user.groups))
            os.setresgid(user.gid, user.gid, user.gid)
            os.setresuid(user.uid, user.uid, user.uid)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise Denied("no_new_privs is not available")


def _restrict_writes(libc: ctypes.CDLL, writable: tuple[str, ...], connects: bool) -> int:
    """Landlock: the version that is in force, 0 for none.

    Args:
        connects: TCP too. In an empty network namespace the kernel's own answer is better: wget retries after "permission denied".
    """
    version: int = libc.syscall(SYS_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return 0
    handled = WRITE_BELOW & ((1 << (13 if version < 2 else 14 if version < 3 else 15)) - 1)
    attributes = struct.pack("Q", handled)
    if version >= 4:
        attributes += struct.pack("Q", 3 if connects else 0)  # TCP bind and connect
    if version >= SCOPED:
        attributes += struct.pack("Q", 3)  # abstract sockets and signals stay inside
    ruleset = libc.syscall(SYS_LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        return 0
    for path in writable:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        allowed = handled if os.path.isdir(path) else handled & (WRITE_FILE | TRUNCATE)
        libc.syscall(SYS_LANDLOCK_ADD, ruleset, 1, struct.pack("=Qi", allowed, descriptor), 0)
        os.close(descriptor)
    restricted: int = libc.syscall(SYS_LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)
    return version if restricted == 0 else 0
