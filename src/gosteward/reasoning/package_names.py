"""What the parts of a C toolchain, git and Go's sources are called in the distributions. A pure table, as of 2026-11.

Sources: packages.debian.org, packages.fedoraproject.org, pkgs.alpinelinux.org, archlinux.org/packages, software.opensuse.org.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gosteward.snapshot import Machine

_MANAGERS = {
    "apt": ("debian", "ubuntu", "raspbian", "linuxmint", "kali", "devuan", "pop"),
    "dnf": ("fedora", "rhel", "centos", "rocky", "almalinux", "ol", "amzn", "openeuler", "anolis"),
    "apk": ("alpine", "wolfi", "chainguard", "postmarketos"),
    "pacman": ("arch", "archarm", "manjaro", "endeavouros"),
    "zypper": ("opensuse", "opensuse-leap", "opensuse-tumbleweed", "sles", "suse"),
}
_INSTALL = {
    "apt": "apt install",
    "dnf": "dnf install",
    "apk": "apk add",
    "pacman": "pacman -S",
    "zypper": "zypper install",
}
# The headers of the C library come with the compiler where a package needs them anyway.
_NAMES = {
    "c-compiler": {
        "apt": "gcc libc6-dev",
        "dnf": "gcc",
        "apk": "gcc musl-dev",
        "pacman": "gcc",
        "zypper": "gcc glibc-devel",
    },
    "c++-compiler": {"apt": "g++", "dnf": "gcc-c++", "apk": "g++", "pacman": "gcc", "zypper": "gcc-c++"},
    "libc-headers": {
        "apt": "libc6-dev",
        "dnf": "glibc-devel",
        "apk": "musl-dev",
        "pacman": "glibc",
        "zypper": "glibc-devel",
    },
    "pkg-config": {
        "apt": "pkg-config",
        "dnf": "pkgconf-pkg-config",
        "apk": "pkgconf",
        "pacman": "pkgconf",
        "zypper": "pkg-config",
    },
    "linker": dict.fromkeys(_INSTALL, "binutils"),
    "git": dict.fromkeys(_INSTALL, "git"),
    "go-src": {"dnf": "golang-src"},
}
# Headers that Go programs ask for most, and where Debian and its children have them.
_DEBIAN_HEADERS = {
    "GL/gl.h": "libgl1-mesa-dev",
    "X11/Xlib.h": "libx11-dev",
    "alsa/asoundlib.h": "libasound2-dev",
    "btrfs/version.h": "libbtrfs-dev",
    "bzlib.h": "libbz2-dev",
    "curl/curl.h": "libcurl4-openssl-dev",
    "gpgme.h": "libgpgme-dev",
    "hwloc.h": "libhwloc-dev",
    "libdevmapper.h": "libdevmapper-dev",
    "libpq-fe.h": "libpq-dev",
    "librdkafka/rdkafka.h": "librdkafka-dev",
    "lzma.h": "liblzma-dev",
    "openssl/ssl.h": "libssl-dev",
    "pcap.h": "libpcap-dev",
    "pcap/pcap.h": "libpcap-dev",
    "rocksdb/c.h": "librocksdb-dev",
    "seccomp.h": "libseccomp-dev",
    "security/pam_appl.h": "libpam0g-dev",
    "sqlite3.h": "libsqlite3-dev",
    "systemd/sd-journal.h": "libsystemd-dev",
    "zlib.h": "zlib1g-dev",
    "zmq.h": "libzmq3-dev",
    "zstd.h": "libzstd-dev",
}
# A cross compiler is named after the triple that it compiles for.
TRIPLES = {
    "386": "i686-linux-gnu",
    "amd64": "x86_64-linux-gnu",
    "arm": "arm-linux-gnueabihf",
    "arm64": "aarch64-linux-gnu",
    "loong64": "loongarch64-linux-gnu",
    "mips": "mips-linux-gnu",
    "mipsle": "mipsel-linux-gnu",
    "mips64": "mips64-linux-gnuabi64",
    "mips64le": "mips64el-linux-gnuabi64",
    "ppc64": "powerpc64-linux-gnu",
    "ppc64le": "powerpc64le-linux-gnu",
    "riscv64": "riscv64-linux-gnu",
    "s390x": "s390x-linux-gnu",
}
_DEBIAN_ARCHITECTURES = {
    "386": "i386",
    "arm": "armhf",
    "mipsle": "mipsel",
    "mips64le": "mips64el",
    "ppc64le": "ppc64el",
}


def manager_of(machine: Machine) -> str:
    """The package manager of the distribution: "apt", "dnf", "apk", "pacman", "zypper"; "" for one that is not known."""
    for name in (machine.distribution, *machine.distribution_like):
        for manager, distributions in _MANAGERS.items():
            if name in distributions:
                return manager
    return ""


def package_for(machine: Machine, part: str) -> str:
    """The package that brings a part ("c-compiler", "c++-compiler", "libc-headers", "pkg-config", "linker", "git", "go-src")."""
    return _NAMES.get(part, {}).get(manager_of(machine), "")


def install(machine: Machine, packages: str) -> tuple[str, ...]:
    """The command that installs packages on this host; () where no package or no manager is known."""
    manager = manager_of(machine)
    return (f"{_INSTALL[manager]} {packages}",) if manager and packages else ()


def install_part(machine: Machine, part: str) -> tuple[str, ...]:
    """The command that installs a part, as in `package_for`."""
    return install(machine, package_for(machine, part))


def cross_compiler(goarch: str) -> str:
    """Command of the C compiler for another machine, "aarch64-linux-gnu-gcc"; "" for a GOARCH without one."""
    triple = TRIPLES.get(goarch, "")
    return f"{triple}-gcc" if triple else ""


def cross_packages(machine: Machine, goarch: str) -> str:
    """Packages with the C compiler and, where they exist, the C library for another machine; "" where the distribution has none."""
    triple, manager = TRIPLES.get(goarch, ""), manager_of(machine)
    if not triple:
        return ""
    if manager == "apt":
        return f"gcc-{triple.replace('_', '-')} {cross_headers(machine, goarch)}"
    if manager == "pacman":
        return "aarch64-linux-gnu-gcc" if goarch == "arm64" else ""
    return f"gcc-{triple}" if manager == "dnf" else ""


def cross_headers(machine: Machine, goarch: str) -> str:
    """The package with the C library's headers for another machine; "" where the distribution has none."""
    if manager_of(machine) != "apt" or goarch not in TRIPLES:
        return ""
    return f"libc6-dev-{_DEBIAN_ARCHITECTURES.get(goarch, goarch)}-cross"


def providing_header(machine: Machine, header: str) -> tuple[str, ...]:
    """A command that installs, or names, the package with a header; () where no manager is known, or the name is a strange one."""
    manager = manager_of(machine)
    if manager == "apt" and header in _DEBIAN_HEADERS:
        return (f"apt install {_DEBIAN_HEADERS[header]}",)
    commands = {
        "apt": f"apt-file search --regexp '/include/.*{_escaped(header)}$'",
        "dnf": f"dnf provides '/usr/include/{header}'",
        "pacman": f"pacman -F usr/include/{header}",
        "zypper": f"zypper search --provides --match-exact '/usr/include/{header}'",
    }
    safe = all(c.isalnum() or c in "+-._/" for c in header)
    return (commands[manager],) if manager in commands and safe else ()


def providing_pc(machine: Machine, name: str) -> tuple[str, ...]:
    """A command that installs, or names, the package with `name.pc`; () where no manager is known."""
    manager = manager_of(machine)
    commands = {
        "apt": f"apt-file search --regexp '/{_escaped(name)}\\.pc$'",
        "dnf": f"dnf install 'pkgconfig({name})'",
        "apk": f"apk add 'pc:{name}'",
        "pacman": f"pacman -F {name}.pc",
        "zypper": f"zypper install 'pkgconfig({name})'",
    }
    safe = all(c.isalnum() or c in "+-._" for c in name)
    return (commands[manager],) if manager and safe else ()


def _escaped(name: str) -> str:
    return "".join(f"\\{c}" if c in "+." else c for c in name)
