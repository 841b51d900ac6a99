"""The machine, its mounts and limits, the examined user, and the places where Go writes."""

from typing import NamedTuple, Optional

from gosteward.snapshot.places import Location
from gosteward.snapshot.programs import Blocker


class Limit(NamedTuple):
    """A resource limit that Go can run into.

    Attributes:
        name: "as", "data", "nproc", "nofile", "fsize", "stack" (names of limits.conf).
        soft, hard: bytes or counts; -1 for unlimited.
        location: where it is configured for the examined user; None for a limit inherited by this very process.
        hard_location: the line of the hard limit, where that is another one.
    """

    name: str
    soft: int = -1
    hard: int = -1
    location: Optional[Location] = None
    hard_location: Optional[Location] = None


class Machine(NamedTuple):
    """Hardware, kernel and distribution.

    Attributes:
        hostname.   kernel_goarch: GOARCH of the kernel.   userland_goarch: GOARCH of /bin/sh: what programs of this host are.
        kernel_release: "6.1.0-18-amd64".   personality: "linux", "linux32".   binfmt: GOARCHes that a registered
            binfmt_misc handler runs by emulation.
        libc: "glibc", "musl", "".   libc_version: "2.36".   loaders: dynamic loaders that exist ("/lib64/ld-linux-x86-64.so.2").
        distribution: ID of os-release ("debian").   distribution_like: ID_LIKE, split.   distribution_version: VERSION_ID.
        cpu_features: flags that GOAMD64, GOARM, GO386 ... levels depend on.   goamd64: 1 to 4, 0 if not amd64.   goarm: 5 to 7, 0 if not arm.
        container: "docker", "podman", "lxc", "kubernetes", "systemd-nspawn", "container", "".   wsl: Windows Subsystem for Linux.
        hypervisor: the CPU flag is set.   init: name of process 1.
        memory_total, memory_available, swap_total: bytes.   memory_limit: bytes of the tightest cgroup limit, -1 without one.
        oom_kills: count from the cgroup's memory.events, 0 if unknown.
        limits: of this process and, for the examined user, of limits.conf.
        seccomp: 0 off, 1 strict, 2 filter, -1 unknown.   clone3: "works" (also EINVAL), "enosys", "eperm", "" unknown.
        selinux: "enforcing", "permissive", "disabled", "".   apparmor_userns: unprivileged user namespaces are restricted.
        clock, newest_file: seconds since the epoch: the clock, and the newest mtime among files that package managers and boots touch.
    """

    hostname: str = ""
    kernel_goarch: str = "amd64"
    userland_goarch: str = "amd64"
    kernel_release: str = ""
    personality: str = "linux"
    binfmt: tuple[str, ...] = ()
    libc: str = "glibc"
    libc_version: str = ""
    loaders: tuple[str, ...] = ()
    distribution: str = ""
    distribution_like: tuple[str, ...] = ()
    distribution_version: str = ""
    cpu_features: tuple[str, ...] = ()
    goamd64: int = 0
    goarm: int = 0
    container: str = ""
    wsl: bool = False
    hypervisor: bool = False
    init: str = ""
    memory_total: int = 0
    memory_available: int = 0
    memory_limit: int = -1
    swap_total: int = 0
    oom_kills: int = 0
    limits: tuple[Limit, ...] = ()
    seccomp: int = -1
    clone3: str = ""
    selinux: str = ""
    apparmor_userns: bool = False
    clock: float = 0.0
    newest_file: float = 0.0


class User(NamedTuple):
    """The examined user, from the account database.

    Attributes:
        groups: supplementary group ids.   shell: login shell as in passwd.   home_exists, home_uid, home_mode: of the directory.
        known: False for a uid without a passwd entry.
        account: for a home of `/`: the line of /etc/passwd that says so, None where it stands elsewhere.
        better_home: for a home of `/`: /home/NAME, if it is the user's or is not there yet; else "".
        has_run_go: go has left its counters or its build cache in the home.
    """

    name: str = ""
    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    home: str = ""
    shell: str = "/bin/bash"
    home_exists: bool = True
    home_uid: int = 0
    home_mode: int = 0o755
    known: bool = True
    account: Optional[Location] = None
    better_home: str = ""
    has_run_go: bool = False


class Mount(NamedTuple):
    """A line of mountinfo: mount point, file system type, source, and all options (per mount and per file system)."""

    point: str
    type: str = ""
    source: str = ""
    options: tuple[str, ...] = ()


class WritePlace(NamedTuple):
    """A directory that Go writes to or runs programs from, as one group of contexts sees it.

    Attributes:
        purpose: "GOCACHE", "GOMODCACHE", "GOPATH", "GOBIN", "GOTMPDIR", "TMPDIR".
        path: effective value, or the reason for its absence in `problem`.   setting: location that chose it; None for the default.
        contexts: names of the contexts that see this value.
        exists; mode; uid; is_directory.   writable: the examined user could create files in it (or create it).
        blocked_by: if not, the first component that says no.
        mount_point, mount_type, mount_options; free_bytes, total_bytes, free_inodes, total_inodes (-1 unknown; nearest existing parent).
        foreign: paths inside, at most 10, that belong to another user (searched within a small budget).   foreign_uid: of the first.
        problem: "", "no-home" (HOME unset, nothing to derive it from), "relative", "quoted", "not-a-directory", "home-is-root".
        link, link_target: a link on the way to a place that does not exist, and what it names, "" for none: nothing can be made there.
        laid_out: False for a GOCACHE that is closed and lacks the 256 directories which go makes in it: go stops then, and else only
            builds again what it cannot keep.
    """

    purpose: str
    path: str = ""
    setting: Optional[Location] = None
    contexts: tuple[str, ...] = ()
    exists: bool = True
    is_directory: bool = True
    mode: int = 0o755
    uid: int = 0
    writable: bool = True
    blocked_by: Optional[Blocker] = None
    mount_point: str = ""
    mount_type: str = ""
    mount_options: tuple[str, ...] = ()
    free_bytes: int = -1
    total_bytes: int = -1
    free_inodes: int = -1
    total_inodes: int = -1
    foreign: tuple[str, ...] = ()
    foreign_uid: int = 0
    problem: str = ""
    link: str = ""
    link_target: str = ""
    laid_out: bool = True
