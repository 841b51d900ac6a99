r"""What a Go distribution consists of: modes, names and the module form, as Go's own packer makes them. Pure.

A release exists in two forms with the same bytes. The tarball holds everything below `go/`. The module zip holds less, below
`golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64/`, and each `go.mod` is `_go.mod` there, for a module cannot contain another one. Its h1
stands in the checksum database, so that the h1 of a tree on disk, computed over the names of the module form, proves that tree.

Supported: releases from Go 1.21 on, the first that cmd/distpack packed. Module zips of older releases were made later, from tarballs; they
record no modes and hold all tools and `pkg/linux_amd64/*.a`, `pkg/linux_amd64_race/*.a` too. Such a zip unpacks to a working tree by the same rules and has
its h1. Which files of an older *tarball* were left out is not known, so `has_module_form` says no.

Sources: cmd/distpack/pack.go (`mode`, `main`, `readVERSION`), cmd/distpack/archive.go (`RenameGoMod`, `amatch`).
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple, Optional

from gosteward.golang import dirhash
from gosteward.golang.goversion import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

MODULE = "golang.org/toolchain"
TARBALL_PREFIX = "go/"
DIRECTORY_MODE = 0o755
PROGRAMS = ("go", "gofmt")
# Below pkg/tool/GOOS_GOARCH. From 1.25 on only what builds start; `go tool` makes the others when they are wanted.
TOOLS = ("asm", "cgo", "compile", "cover", "fix", "link", "preprofile", "vet")
TOOLS_OF_125 = tuple(tool for tool in TOOLS if tool != "fix")
NO_TOOLS_BEFORE_125 = ("api", "dist", "distpack", "metadata")
VERSION_LIMIT = 1 << 10

_TARBALL_ONLY = ("api/", "doc/", "misc/", "test/")
_PACKED_BY_DISTPACK = parse("1.21rc1")
_PROGRAM_ENDINGS = (".bash", ".sh", ".pl", ".rc")
_RUNNER = re.compile(r"go_[^/]+_[^/]+_exec")
# What the packer removes before anything else: left by editors, version control, or the build itself.
_REMOVED = re.compile(
    r"\.git/.*|\.github/.*|\.gitattributes|\.gitignore|VERSION\.cache|misc/cgo/[^/]*/_obj/.*|(.*/)?\.DS_Store|(.*/)?[^/]*\.exe~"
    r"|src/cmd/dist/dist(\.exe)?",
    re.DOTALL,
)
_REMOVED_STARTS, _REMOVED_ENDINGS = (
    (".git", "VERSION.cache", "misc/cgo/", "src/cmd/dist/dist"),
    (".DS_Store", ".exe~"),
)  # most names have neither
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z", re.ASCII)
_PREFIX = re.compile(re.escape(MODULE) + r"@v0\.0\.1-(go[0-9][0-9a-z.]*)\.([a-z0-9]+-[a-z0-9]+)/", re.ASCII)


class Entry(NamedTuple):
    """A file of a tree.

    Attributes:
        name: relative to GOROOT, with slashes; bytes that are no UTF-8 as surrogates.   mode: permission bits.
        sha256: of the content, in hexadecimal.
    """

    name: str
    mode: int
    sha256: str


class VersionFile(NamedTuple):
    """GOROOT/VERSION.  version: "go1.26.8".   seconds: time of the release since the epoch; None before Go 1.21, which wrote none."""

    version: str
    seconds: Optional[int] = None


def module_prefix(version: str, platform: str) -> str:
    """What every name in a module zip starts with.

    Args:
        version: "go1.26.8".   platform: "linux-amd64"; it is GOARCH that counts, so "linux-arm", not "linux-armv6l".
    """
    return f"{MODULE}@v0.0.1-{version}.{platform}/"


def release_of(member: str) -> tuple[str, str] | None:
    """Version and platform that the name of a module zip's member states; None if it is none of a toolchain."""
    match = _PREFIX.match(member)
    return (match[1], match[2]) if match else None


def has_module_form(version: str) -> bool:
    """Whether `form_of` holds for this version: it was packed by cmd/distpack."""
    known = parse(version)
    return known is not None and _PACKED_BY_DISTPACK is not None and known >= _PACKED_BY_DISTPACK


def _is_backfilled(version: str) -> bool:
    known = parse(version)
    return known is not None and known.minor < 21


def mode_of(name: str) -> int:
    """Permission bits of a file by its name below GOROOT: 0o755 for programs and scripts, else 0o644."""
    program = name.startswith(("bin/", "pkg/tool/")) or name.endswith(_PROGRAM_ENDINGS)
    # Runners of foreign programs, such as lib/wasm/go_js_wasm_exec.
    runner = name.endswith("_exec") and _RUNNER.fullmatch(name, name.rfind("/") + 1)
    return 0o755 if program or runner else 0o644


def module_name(name: str) -> str:
    """A file's name in the module form: `src/go.mod` is `src/_go.mod` there."""
    return f"{name[:-6]}_go.mod" if name.endswith("/go.mod") or name == "go.mod" else name


def installed_name(name: str) -> str:
    """The inverse of `module_name`."""
    return f"{name[:-7]}go.mod" if name.endswith("/_go.mod") or name == "_go.mod" else name


def form_of(name: str, version: str, platform: str) -> str:
    """Where a file of a GOROOT belongs.

    Args:
        name: relative to GOROOT.   version, platform: as of `module_prefix`.

    Returns:
        "in": tarball and module zip.   "tarball-only": api, doc, misc and test, which no h1 covers.   "extra": neither; left by a build or
        added by somebody.
    """
    if (name.startswith(_REMOVED_STARTS) or name.endswith(_REMOVED_ENDINGS)) and _REMOVED.fullmatch(name):
        return "extra"
    if name.startswith(_TARBALL_ONLY):
        return "tarball-only"
    directory, _, base = name.rpartition("/")
    if name.startswith("bin/"):
        known = (*PROGRAMS, "godoc") if _is_backfilled(version) else PROGRAMS
        return "in" if directory == "bin" and base in known else "extra"
    if name.startswith("pkg/") and not name.startswith("pkg/include/"):
        # As the packer does it: the tool's own directory, or any below it.
        built_for = platform.replace("-", "_")
        if _is_backfilled(version):
            ours = (f"pkg/tool/{built_for}/", f"pkg/{built_for}/", f"pkg/{built_for}_")  # pkg/linux_amd64_race
            return "in" if name.startswith(ours) else "extra"
        tool = name.startswith(f"pkg/tool/{built_for}/")
        return "in" if tool and _is_tool(base, version) else "extra"
    return "in"


def _is_tool(name: str, version: str) -> bool:
    """Source: cmd/distpack/pack.go of go1.21.13 to go1.27.4, which differ in this."""
    line = parse(version)
    if line is not None and line.minor < 25:
        return name not in NO_TOOLS_BEFORE_125
    return name in (TOOLS_OF_125 if line is not None and line.minor == 25 else TOOLS)


def module_form(entries: Iterable[Entry], version: str, platform: str) -> tuple[Entry, ...]:
    """Those files of a tree that its module zip holds, too."""
    return tuple(entry for entry in entries if form_of(entry.name, version, platform) == "in")


def module_h1(entries: Iterable[Entry], version: str, platform: str) -> str:
    """The h1 of a module zip with just these files, "h1:...".

    Args:
        entries: all files that the zip has or would have. For a tree, `module_form` chooses them. Names without line ends.
    """
    prefix = module_prefix(version, platform)
    return dirhash.of_digests(
        ((prefix + module_name(entry.name)).encode("utf-8", "surrogateescape"), entry.sha256) for entry in entries
    )


def parse_version_file(content: bytes) -> VersionFile | None:
    """Read GOROOT/VERSION: the version, then lines "key value", of which "time" is the only one so far.

    Returns:
        None for more than VERSION_LIMIT bytes, for what is no ASCII, and if the first line is no version. A time that cannot be read is None.
    """
    if len(content) > VERSION_LIMIT or not content.isascii():
        return None
    first, *more = content.decode().split("\n")
    version = first.strip()
    if not version.startswith("go") or parse(version) is None:
        return None
    times = [line.split()[1] for line in more if line.split()[:1] == ["time"] and len(line.split()) == 2]
    return VersionFile(version, _seconds(times[0]) if times else None)


def _seconds(text: str) -> int | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups())
    try:
        return int(datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc).timestamp())
    except ValueError:  # the 30th of February
        return None
