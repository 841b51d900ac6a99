"""The C library of the host: its kind, its version, and the loaders that start dynamic programs."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats import elf

if TYPE_CHECKING:
    from gosteward.host.reading import Host

# Places that compilers write into programs as their loader. Source: glibc's ABI list (sourceware wiki), musl's ARCH list.
GLIBC_LOADERS = (
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-linux-armhf.so.3",
    "/lib/ld-linux.so.3",
    "/lib64/ld64.so.2",
    "/lib64/ld64.so.1",
    "/lib/ld64.so.1",
    "/lib/ld.so.1",
    "/lib64/ld.so.1",
    "/lib/ld-linux-riscv64-lp64d.so.1",
    "/lib64/ld-linux-loongarch-lp64d.so.1",
    "/lib/ld-linux-mipsn8.so.1",
    "/libx32/ld-linux-x32.so.2",
)
MUSL_LOADERS = tuple(
    f"/lib/ld-musl-{name}.so.1"
    for name in ("x86_64", "i386", "aarch64", "armhf", "arm", "armv7", "riscv64", "powerpc64le", "s390x", "loongarch64")
)
TRIPLETS = {
    "amd64": "x86_64-linux-gnu",
    "386": "i386-linux-gnu",
    "arm64": "aarch64-linux-gnu",
    "arm": "arm-linux-gnueabihf",
    "ppc64le": "powerpc64le-linux-gnu",
    "ppc64": "powerpc64-linux-gnu",
    "s390x": "s390x-linux-gnu",
    "riscv64": "riscv64-linux-gnu",
    "loong64": "loongarch64-linux-gnu",
    "mipsle": "mipsel-linux-gnu",
    "mips64le": "mips64el-linux-gnuabi64",
}
SHELLS = ("/bin/sh", "/bin/bash", "/usr/bin/env", "/bin/busybox", "/sbin/init", "/usr/lib/systemd/systemd")
LIBRARY_LIMIT = 4 << 20
_BANNER = re.compile(rb"(?:stable|development) release version (\d{1,2}\.\d{1,3})")
_SYMBOL_VERSION = re.compile(rb"GLIBC_2\.(\d{1,3})\0")
_MUSL_VERSION = re.compile(rb"\0([01]\.\d{1,2}\.\d{1,2})(?:-git-\d{1,4}-g[0-9a-f]{7,12})?\0")
_OLD_NAME = re.compile(r"libc-(\d\.\d{1,3})\.so")


class CLibrary(NamedTuple):
    """As in `Machine`.  userland_goarch: "" where no program tells."""

    userland_goarch: str = ""
    kind: str = ""
    version: str = ""
    loaders: tuple[str, ...] = ()


def collect(host: Host) -> CLibrary:
    """What the host's own programs are made for and run with."""
    loaders = tuple(path for path in GLIBC_LOADERS + MUSL_LOADERS if host.exists(path))
    goarch, interpreter = _first_program(host)
    path = interpreter if interpreter in loaders else _loader_of_host(loaders, goarch)
    if "ld-musl" in path:
        return CLibrary(goarch, "musl", musl_version(_content(host, path)), loaders)
    if path:
        return CLibrary(goarch, "glibc", _glibc_version(host, path, goarch), loaders)
    return CLibrary(userland_goarch=goarch, loaders=loaders)


def glibc_version(library: bytes) -> str:
    """Version of a libc.so.6: from its banner, else the newest version of its symbols; "" if it has neither."""
    # The banner's first words are found quickly: they stand once in two megabytes.
    at = library.find(b"GNU C Library")
    banner = _BANNER.search(library, at, at + 300) if at >= 0 else None
    if banner is not None:
        return banner[1].decode()
    minor = max((int(number) for number in _SYMBOL_VERSION.findall(library)), default=0)
    return f"2.{minor}" if minor else ""


def musl_version(loader: bytes) -> str:
    """Version of a musl loader, which is its C library too; "" if it does not say."""
    found = _MUSL_VERSION.search(loader)
    return found[1].decode() if found is not None else ""


def _first_program(host: Host) -> tuple[str, str]:
    """GOARCH and loader of the first of the programs that every host has."""
    for path in SHELLS:
        status = host.stat(path)
        if status is None:
            continue
        try:
            facts = elf.parse(partial(host.read_at, path), status.st_size)
        except OSError:
            continue
        if facts is not None:
            return facts.goarch, facts.interpreter
    return "", ""


def _loader_of_host(loaders: tuple[str, ...], goarch: str) -> str:
    """The loader that a static shell does not name: busybox hosts have musl, or the only one that is there."""
    for path in loaders:
        if path in MUSL_LOADERS and len(loaders) > 1:
            return path
    return loaders[0] if loaders and goarch else ""


def _glibc_version(host: Host, loader: str, goarch: str) -> str:
    triplet = TRIPLETS.get(goarch, "")
    places = [f"/lib/{triplet}", f"/usr/lib/{triplet}"] if triplet else []
    for directory in (*places, loader.rpartition("/")[0], "/lib64", "/usr/lib64", "/lib", "/usr/lib"):
        real = host.realpath(f"{directory}/libc.so.6")
        if not real:
            continue
        named = _OLD_NAME.search(real)  # up to glibc 2.33 the file has its version in its name
        version = named[1] if named is not None else glibc_version(_content(host, real))
        if version:
            return version
    return ""


def _content(host: Host, path: str) -> bytes:
    try:
        return host.read(path, LIBRARY_LIMIT)
    except OSError:
        return b""
