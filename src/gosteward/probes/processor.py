"""What /proc/cpuinfo, uname and binfmt_misc say about the CPU. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats.elf import goarch_of

if TYPE_CHECKING:
    from collections.abc import Iterable

# What Go's start-up code asks the CPU for at GOAMD64=v2, v3 and v4, in Linux' names: the levels of the x86-64 psABI.
# LZCNT is called abm; OSXSAVE has no name of its own and shows in xsave with avx.
AMD64_LEVELS = (
    frozenset({"cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"}),
    frozenset({"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"}),
    frozenset({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}),
)
OTHER_FEATURES = frozenset(
    {"sse", "sse2", "lm", "hypervisor"}  # GO386, and what tells a 64-bit or a virtual CPU
    | {"vfp", "vfpv3", "vfpv3d16", "vfpv4", "neon", "fp", "asimd", "thumb", "lpae"}  # GOARM
    | {"atomics", "aes", "pmull", "sha1", "sha2", "crc32"}  # GOARM64
)
FEATURES = frozenset().union(*AMD64_LEVELS) | OTHER_FEATURES

_MACHINES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "aarch64_be": "arm64be",
    "ppc64le": "ppc64le",
    "ppc64": "ppc64",
    "riscv64": "riscv64",
    "s390x": "s390x",
    "loongarch64": "loong64",
}
# What a 64-bit kernel calls itself to programs that asked for a 32-bit personality.
_NARROWED = {"386": "amd64", "arm": "arm64", "ppc": "ppc64", "s390": "s390x", "mips": "mips64", "mipsle": "mips64le"}


class Handler(NamedTuple):
    """A binfmt_misc handler for the programs of one CPU.

    Attributes:
        goarch: of the programs.   interpreter: path of the emulator.   held: opened when it was registered, so its path need not exist.
    """

    goarch: str
    interpreter: str
    held: bool


def kernel_goarch(machine: str, *, wide: bool, little_endian: bool) -> str:
    """GOARCH of the kernel.

    Args:
        machine: of uname, which a 32-bit personality changes.
        wide: the kernel is known to be a 64-bit one.
        little_endian: byte order of this machine, which uname does not say for MIPS.

    Returns:
        A GOARCH; the text of uname where Go knows none.
    """
    goarch = _MACHINES.get(machine, machine)
    if len(machine) == 4 and machine[0] == "i" and machine.endswith("86"):
        goarch = "386"
    elif machine.startswith("arm"):
        goarch = "arm"
    elif machine in ("mips", "mips64"):
        goarch = machine + ("le" if little_endian else "")
    return _NARROWED.get(goarch, goarch) if wide else goarch


def features_of(lines: Iterable[str]) -> frozenset[str]:
    """Every feature of the first CPU in cpuinfo, as Linux names them ("flags" on x86, "Features" on ARM, "isa" on RISC-V)."""
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and name.strip() in ("flags", "Features", "features", "isa"):
            return frozenset(value.split())
    return frozenset()


def amd64_level(features: frozenset[str]) -> int:
    """The highest GOAMD64 that the CPU fulfils, 1 to 4; 0 if nothing is known about it."""
    if not features:
        return 0
    level = 1
    for wanted in AMD64_LEVELS:
        if not wanted <= features:
            break
        level += 1
    return level


def arm_level(features: frozenset[str], machine: str) -> int:
    """The highest GOARM that the CPU fulfils, 5 to 7; 0 if nothing is known about it.

    The line `CPU architecture: 7` does not count: ARMv6 kernels say so of the first Raspberry Pi.
    """
    if not features:
        return 0
    if features & {"vfpv3", "vfpv3d16", "neon", "asimd"}:
        return 7
    return 6 if "vfp" in features and not machine.startswith(("armv4", "armv5")) else 5


def handler_of(text: str) -> Handler | None:
    """The emulation that a file of /proc/sys/fs/binfmt_misc describes; None for a disabled one or another kind of program.

    Source:
        Documentation/admin-guide/binfmt-misc.rst; `magic` holds the start of an ELF header in hexadecimal.
    """
    lines = text.split("\n")
    values = dict(line.split(" ", 1) for line in lines if " " in line)
    if "enabled" not in lines[:1]:
        return None
    try:
        magic = bytes.fromhex(values.get("magic", ""))
    except ValueError:
        return None
    goarch = goarch_of(magic)
    flags = values.get("flags:", "")
    return Handler(goarch=goarch, interpreter=values.get("interpreter", ""), held="F" in flags) if goarch else None
