"""Which official release of Go fits a machine, and what stands against running one. Pure.

An official archive is for one operating system and one architecture; its name has `armv6l` where Go itself says `arm`.

Sources, by fact: go.dev/doc/go1.18 and go1.24 (oldest kernels), go1.19 (loong64), go1.27 (ppc64 and its ELFv2 ABI); golang/build,
internal/releasetargets (GOARM=6, no GO386 setting from 1.25 on, names) and its list of all ports of a release; golang/website,
internal/dl, and the table of digests for the first archive of each architecture; headers of bin/go of 1.20.14 and 1.21.0 for
the loader.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.finding import Text
from gosteward.golang import goversion

if TYPE_CHECKING:
    from gosteward.golang.goversion import GoVersion
    from gosteward.snapshot import Machine

# GOARCH -> the first stable release with an archive for Linux.
FIRST_ARCHIVES = {
    "386": "go1.2.2",
    "amd64": "go1.2.2",
    "arm": "go1.6",
    "arm64": "go1.8.5",
    "loong64": "go1.21.0",
    "mips": "go1.21.0",
    "mips64": "go1.21.0",
    "mips64le": "go1.21.0",
    "mipsle": "go1.21.0",
    "ppc64": "go1.21.0",
    "ppc64le": "go1.6.4",
    "riscv64": "go1.21.0",
    "s390x": "go1.7.1",
}
_ARM_ARCHIVE = "armv6l"
# From this release on, the kernel must be this one: GOARCH ("" for every one), release, kernel.
_KERNELS = (
    ("", "1.18", (2, 6, 32)),
    ("", "1.24", (3, 2)),
    ("loong64", "1.19", (5, 19)),
    ("ppc64", "1.27", (3, 13)),
)
# RHEL 7 backported ELFv2 to its kernel 3.10 (go.dev/doc/go1.27).
_BACKPORTED = re.compile(r"3\.10\.0-\d+\S*\.el7")
# The loader that bin/go asks for up to 1.20; later ones are static.
_STATIC_SINCE = "1.21"
_LOADERS = {"amd64": "/lib64/ld-linux-x86-64.so.2", "arm64": "/lib/ld-linux-aarch64.so.1"}
# No released archive sets GO386 from here on, so its programs need SSE2.
_SSE2_SINCE = "1.25"
_LOWEST_GOARM = 6
_KERNEL = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")


class Platform(NamedTuple):
    """What an archive is for.  goarch: as Go says it, "arm".  goos: "linux"."""

    goarch: str
    goos: str = "linux"

    @property
    def archive(self) -> str:
        """As in names of archives and in the release index: "linux-armv6l"."""
        arm = (self.goos, self.goarch) == ("linux", "arm")
        return f"{self.goos}-{_ARM_ARCHIVE if arm else self.goarch}"

    @property
    def module(self) -> str:
        """As in versions of the toolchain module: "linux-arm"."""
        return f"{self.goos}-{self.goarch}"


def of_archive(text: str) -> Platform | None:
    """Read "linux-armv6l"; None for a platform that no Linux release is for."""
    return _LINUX_BY_ARCHIVE.get(text)


def of_module(text: str) -> Platform | None:
    """Read "linux-arm"; None for a platform that no Linux release is for."""
    return _LINUX_BY_MODULE.get(text)


def platform_of(machine: Machine) -> Platform:
    """The platform of the programs that this machine runs.

    The userland counts, not the kernel: a 32-bit system on a 64-bit kernel has 32-bit C libraries and compilers.

    Raises:
        UsageError: Go has no release for such a machine.
    """
    goarch = machine.userland_goarch
    if goarch not in FIRST_ARCHIVES:
        raise UsageError("Go has no release for this architecture", subject=_printable(goarch))
    if goarch == "arm" and 0 < machine.goarm < _LOWEST_GOARM:
        raise UsageError(
            "Go's releases for ARM need ARMv6 with floating-point hardware",
            subject=f"ARMv{machine.goarm}",
            hint="build Go from source on another machine: GOOS=linux GOARCH=arm GOARM=5 ./bootstrap.bash",
        )
    return Platform(goarch)


def obstacles(version: str, machine: Machine) -> tuple[Text, ...]:
    """Why an official release would not run on a machine; () if nothing is known against it. What is unknown about a machine is no obstacle.

    Args:
        version: "go1.26.8".

    Raises:
        UsageError: the text is no version, or Go has no release for such a machine.
    """
    parsed = goversion.parse(version)
    if parsed is None:
        raise UsageError("not a version of Go", subject=_printable(version))
    goarch = platform_of(machine).goarch
    found = (
        _without_archive(parsed, version, goarch),
        _kernel_too_old(parsed, version, goarch, machine),
        _loader_missing(parsed, version, goarch, machine),
        _without_sse2(parsed, version, goarch, machine),
    )
    return tuple(text for text in found if text)


def _without_archive(parsed: GoVersion, version: str, goarch: str) -> Text:
    first = FIRST_ARCHIVES[goarch]
    # Candidates of the first line had archives as well, or are so rare that the download may say it.
    if _language(parsed) >= _language(_known(first)) and (parsed.stage < 2 or parsed >= _known(first)):
        return Text("")
    return Text(
        "there is no archive of {version} for {goarch}; the first one is {first}",
        version=version,
        goarch=goarch,
        first=first,
    )


def _kernel_too_old(parsed: GoVersion, version: str, goarch: str, machine: Machine) -> Text:
    match = _KERNEL.match(machine.kernel_release)
    if match is None or (goarch == "ppc64" and _BACKPORTED.match(machine.kernel_release)):
        return Text("")
    here = tuple(int(number or 0) for number in match.groups())
    needed = max(
        (kernel for arch, since, kernel in _KERNELS if arch in ("", goarch) and _since(parsed, since)),
        default=(0,),
    )
    if here >= needed:
        return Text("")
    return Text(
        "{version} needs Linux {needed} or later for {goarch}; this kernel is {kernel}",
        version=version,
        needed=".".join(map(str, needed)),
        goarch=goarch,
        kernel=machine.kernel_release,
    )


def _loader_missing(parsed: GoVersion, version: str, goarch: str, machine: Machine) -> Text:
    loader = _LOADERS.get(goarch, "")
    if not loader or _since(parsed, _STATIC_SINCE) or machine.libc != "musl" or loader in machine.loaders:
        return Text("")
    return Text(
        "bin/go of {version} is linked against glibc and asks for {loader}; this host has musl. From go1.21.0 on it is static",
        version=version,
        loader=loader,
    )


def _without_sse2(parsed: GoVersion, version: str, goarch: str, machine: Machine) -> Text:
    known = bool(machine.cpu_features)
    if goarch != "386" or not known or "sse2" in machine.cpu_features or not _since(parsed, _SSE2_SINCE):
        return Text("")
    return Text("{version} for 386 needs a CPU with SSE2, which this one has not", version=version)


def _since(parsed: GoVersion, line: str) -> bool:
    """Whether a version belongs to a release line or a later one; candidates count as their line."""
    return _language(parsed) >= _language(_known(line))


def _language(version: GoVersion) -> tuple[int, int]:
    return version.major, version.minor


def _known(text: str) -> GoVersion:
    parsed = goversion.parse(text)
    return parsed if parsed is not None else goversion.GoVersion(0, 0, 0, 0)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:60])


_LINUX_BY_ARCHIVE = {Platform(goarch).archive: Platform(goarch) for goarch in FIRST_ARCHIVES}
_LINUX_BY_MODULE = {Platform(goarch).module: Platform(goarch) for goarch in FIRST_ARCHIVES}
