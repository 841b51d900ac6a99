"""Hardware, kernel, distribution, memory and limits of the host."""

from __future__ import annotations

import os
import struct
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward.probes import c_library, limits, memory, processor
from gosteward.shells.words import unquoted_words
from gosteward.snapshot import Gap, Machine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.host.reading import Host
    from gosteward.snapshot import User

HANDLERS = "/proc/sys/fs/binfmt_misc"
# Written by package managers, at boot and at log-in; a list, as some hosts lack most of them.
TOUCHED_FILES = (
    *("/var/lib/dpkg/status", "/var/lib/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite"),
    *("/var/lib/rpm/Packages", "/lib/apk/db/installed", "/var/lib/pacman/local", "/var/lib/systemd/random-seed"),
    *("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/ld.so.cache", "/etc/hostname", "/etc/resolv.conf"),
    "/etc/machine-id",
)
TOUCHED_DIRECTORIES = ("/var/log", "/boot")
CONTAINER_KINDS = ("docker", "podman", "lxc", "systemd-nspawn")
CONTAINER_GROUPS = (("kubepods", "kubernetes"), ("libpod", "podman"), ("docker", "docker"), ("lxc", "lxc"))
PERSONALITY_MASK, LINUX32 = 0xFF, 0x08


class _Kernel(NamedTuple):
    """What uname and /proc say about the running kernel and this process."""

    goarch: str
    machine: str
    release: str
    personality: str


def collect(host: Host, user: User) -> tuple[Machine, tuple[Gap, ...]]:
    """Everything about the machine.

    Returns:
        Of an unpacked root what its files tell; the kernel then counts as one for the root's own programs.
    """
    library = c_library.collect(host)
    system = os_release(host.lines("/etc/os-release") or host.lines("/usr/lib/os-release"))
    like = tuple(system.get("ID_LIKE", "").split())
    spare_root = "debian" in (system.get("ID", ""), *like)
    configured = limits.configured(host, user, spare_root=spare_root)
    machine = Machine(
        hostname="".join(host.lines("/etc/hostname")[:1]).strip(),
        kernel_goarch=library.userland_goarch or Machine().kernel_goarch,
        userland_goarch=library.userland_goarch or Machine().userland_goarch,
        libc=library.kind,
        libc_version=library.version,
        loaders=library.loaders,
        distribution=system.get("ID", ""),
        distribution_like=like,
        distribution_version=system.get("VERSION_ID", ""),
        container=_container_by_files(host),
        limits=configured,
        selinux=_selinux_by_files(host),
        newest_file=_newest_file(host),
    )
    return _live(host, user, machine, library.userland_goarch) if host.live else (machine, ())


def _live(host: Host, user: User, machine: Machine, userland: str) -> tuple[Machine, tuple[Gap, ...]]:
    """The same with what only a running kernel tells."""
    kernel = _kernel(host)
    features = processor.features_of(_first_part(host, "/proc/cpuinfo").split("\n"))
    status = _fields(host.lines("/proc/self/status"))
    seccomp = int(status["Seccomp"]) if status.get("Seccomp", "") in ("0", "1", "2") else -1
    room = memory.collect(host, user)
    container = _container(host, machine.container)
    machine = machine._replace(
        hostname=os.uname().nodename,
        kernel_goarch=kernel.goarch,
        userland_goarch=userland or kernel.goarch,
        kernel_release=kernel.release,
        personality=kernel.personality,
        binfmt=_emulated(host),
        cpu_features=tuple(sorted(features & processor.FEATURES)),
        goamd64=processor.amd64_level(features) if kernel.goarch == "amd64" else 0,
        goarm=processor.arm_level(features, kernel.machine) if "arm" in (kernel.goarch, userland) else 0,
        container=container,
        wsl="microsoft" in kernel.release.lower(),
        hypervisor="hypervisor" in features,
        init=_line(host, "/proc/1/comm"),
        memory_total=room.total,
        memory_available=room.available,
        memory_limit=room.limit,
        swap_total=room.swap,
        oom_kills=room.oom_kills,
        limits=limits.of_process() + machine.limits,
        seccomp=seccomp,
        clone3=_clone3(seccomp, container),
        selinux=_selinux(host, machine.selinux),
        apparmor_userns=_line(host, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1",
        clock=time.time(),
    )
    return machine, () if status else (Gap("machine", "/proc cannot be read"),)


def os_release(lines: Iterable[str]) -> dict[str, str]:
    """Values by name, without quotes. Source: os-release(5)."""
    found = {}
    for line in lines:
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            found[name] = "".join(unquoted_words(value)[:1]) if len(value) < 4096 else ""
    return found


def _kernel(host: Host) -> _Kernel:
    names = os.uname()
    try:
        personality = int(_line(host, "/proc/self/personality"), 16) & PERSONALITY_MASK
    except ValueError:  # may be closed to us, in a container
        personality = 0
    # A 64-bit program proves a 64-bit kernel; a 32-bit one sees it in the width of the kernel's addresses.
    wide = struct.calcsize("P") == 8 or len(_line(host, "/proc/kallsyms").partition(" ")[0]) == 16
    return _Kernel(
        goarch=processor.kernel_goarch(names.machine, wide=wide, little_endian=sys.byteorder == "little"),
        machine=names.machine,
        release=names.release,
        personality="linux32" if personality == LINUX32 else "linux",
    )


def _emulated(host: Host) -> tuple[str, ...]:
    if _line(host, f"{HANDLERS}/status") != "enabled":
        return ()
    found = set()
    for name in host.listdir(HANDLERS, 200):
        if name not in ("register", "status"):
            handler = processor.handler_of("\n".join(host.lines(f"{HANDLERS}/{name}")))
            if handler is not None and (handler.held or host.exists(handler.interpreter)):
                found.add(handler.goarch)
    return tuple(sorted(found))


def _container_by_files(host: Host) -> str:
    if host.exists("/run/.containerenv"):
        return "podman"
    return "docker" if host.exists("/.dockerenv") else ""


def _container(host: Host, by_files: str) -> str:
    """The kind of container that this process runs in; "" outside of one."""
    if host.environ.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    groups = " ".join(host.lines("/proc/1/cgroup"))
    by_group = next((kind for word, kind in CONTAINER_GROUPS if f"/{word}" in groups or f"-{word}" in groups), "")
    if by_files or by_group:
        return by_group if by_group == "kubernetes" else by_files or by_group
    # systemd keeps what the container's manager told process 1, where anybody may read it.
    told = _line(host, "/run/systemd/container") or host.environ.get("container", "")
    for line in host.lines("/proc/1/environ"):
        for variable in line.split("\0"):
            if variable.startswith("container="):
                told = told or variable.partition("=")[2]
    told = {"lxc-libvirt": "lxc", "wsl": ""}.get(told, told)
    return told if not told or told in CONTAINER_KINDS else "container"


def _clone3(seccomp: int, container: str) -> str:
    """What clone3 answers. The filters of container runtimes answer with an error; those of a hardened service may kill who asks."""
    if seccomp > 0 and not container:
        return ""
    from gosteward.host import system_calls  # ctypes is slow to import

    return system_calls.clone3()


def _selinux(host: Host, by_files: str) -> str:
    enforced = _line(host, "/sys/fs/selinux/enforce")
    if enforced in ("0", "1"):
        return "enforcing" if enforced == "1" else "permissive"
    return "disabled" if by_files else ""


def _selinux_by_files(host: Host) -> str:
    mode = ""
    for line in host.lines("/etc/selinux/config"):
        name, _, value = line.partition("=")
        if name.strip() == "SELINUX":
            mode = value.strip().lower()
    return mode if mode in ("enforcing", "permissive", "disabled") else ""


def _newest_file(host: Host) -> float:
    """Newest mtime of the files above. One file alone may have any time: a second one must be as new, or it does not count."""
    paths = [*TOUCHED_FILES]
    for directory in TOUCHED_DIRECTORIES:
        paths += [f"{directory}/{name}" for name in host.listdir(directory, 100)]
    times = sorted((status.st_mtime for path in paths if (status := host.stat(path)) is not None), reverse=True)
    return round(times[min(1, len(times) - 1)], 3) if times else 0.0


def _fields(lines: Iterable[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines)
    return {name: value.strip() for name, _, value in pairs}


def _line(host: Host, path: str) -> str:
    """The first line of a file, "" without one."""
    return _first_part(host, path).partition("\n")[0].strip()


def _first_part(host: Host, path: str) -> str:
    """Not more: with hundreds of processors the kernel is long at some of these files."""
    try:
        return host.text(path, 1 << 13)
    except OSError:
        return ""
