"""Which machine a C compiler builds for, from its name: "aarch64-linux-gnu-gcc-12" is for arm64. Pure.

Source: the GNU configuration names (config.sub): CPU, vendor, kernel, system; Debian's multiarch tuples.
"""

from __future__ import annotations

import re

_TRIPLE = re.compile(
    r"(?P<cpu>[a-z0-9_]{2,20})-(?:[a-z0-9_]{1,20}-){0,2}(?:linux|gnu|musl|uclibc|android|mingw32|freebsd|darwin)[a-z0-9_.]{0,20}"
)
_TOOL = re.compile(r"-(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|ld|pkg-config|pkgconf|gcc-ar)(?:-[0-9][0-9.]*)?$")
_GOARCHES = {
    "x86_64": "amd64",
    "amd64": "amd64",
    "aarch64": "arm64",
    "arm64": "arm64",
    "aarch64_be": "arm64be",
    "riscv64": "riscv64",
    "s390x": "s390x",
    "powerpc64le": "ppc64le",
    "ppc64le": "ppc64le",
    "powerpc64": "ppc64",
    "ppc64": "ppc64",
    "loongarch64": "loong64",
    "mips": "mips",
    "mipsel": "mipsle",
    "mips64": "mips64",
    "mips64el": "mips64le",
    "mipsisa64r6el": "mips64le",
}
_WRAPPERS = frozenset(("ccache", "distcc", "sccache", "icecc", "buildcache"))


def triple_of(file_name: str) -> str:
    """The triple in front of a tool's name ("aarch64-linux-gnu" of "aarch64-linux-gnu-gcc-12"), "" if there is none."""
    tool = _TOOL.search(file_name)
    triple = file_name[: tool.start()] if tool else ""
    return triple if _TRIPLE.fullmatch(triple) else ""


def goarch_of(triple: str) -> str:
    """GOARCH of a triple; "" for one that is not known."""
    match = _TRIPLE.fullmatch(triple)
    if match is None:
        return ""
    cpu = match["cpu"]
    if re.fullmatch(r"i[3-7]86", cpu):
        return "386"
    if cpu.startswith("arm") and cpu not in _GOARCHES:
        return "arm"
    return _GOARCHES.get(cpu, "")


def is_wrapper(program: str) -> bool:
    """Whether the compiler's own command follows behind this one: `ccache gcc`."""
    return program.rpartition("/")[2] in _WRAPPERS


def target_option(words: tuple[str, ...]) -> str:
    """GOARCH of `--target=TRIPLE` or `-target TRIPLE` (clang, zig) in a compiler command; "" without one."""
    for number, word in enumerate(words):
        if word.startswith(("--target=", "-target=")):
            return goarch_of(word.partition("=")[2])
        if word in ("-target", "--target") and number + 1 < len(words):
            return goarch_of(words[number + 1])
    if "-m32" in words:
        return "386"
    return ""
