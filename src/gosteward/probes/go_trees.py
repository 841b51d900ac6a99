"""One Go tree: release, origin, what it lacks, what is too much in it, and who may use it."""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import goversion
from gosteward.knowledge.left_overs import DIRECTORIES, Listing, left_overs, release_time
from gosteward.snapshot import GoTree, Link

if TYPE_CHECKING:
    from gosteward.knowledge.left_overs import LeftOvers
    from gosteward.probes.binaries import Examiner
    from gosteward.snapshot import Binary

_MOST_TOOLS = 20
_MOST_SHOWN = 20
_MOST_NAMES = 400
_FIRST_TOOLS = ("compile", "link", "asm", "cgo", "vet", "cover", "fix", "preprofile")
_SURE_TOOLS = ("compile", "link", "asm")
_OWN_PROGRAMS = ("bin/go", "bin/gofmt", "bin/godoc")
_SURE_FILES = ("src/runtime/proc.go", "src/fmt/print.go", "pkg/include/textflag.h")
_NAMED_GO = re.compile(r"^\.?go(?:lang|root)?(?:[-_.]?\d[\w.\-]*)?$")
_SEARCHED = (
    "",
    "bin",
    "pkg",
    "pkg/tool",
    "pkg/include",
    "lib",
    "src",
    "src/runtime",
    "src/internal",
    "src/cmd",
    "src/net",
)
_WRITTEN = ("", "bin", "pkg", "pkg/tool", "src", "src/runtime", "src/fmt", "src/net/http", "lib", "VERSION", "go.env")
_MANAGERS = (
    "/.asdf/",
    "/mise/installs/",
    "/rtx/installs/",
    "/.goenv/",
    "/.gvm/",
    "/.g/",
    "/.gobrew/",
    "/.go/versions/",
    "/.version-fox/",
    "/Cellar/",
)


class _Parts(NamedTuple):
    """What was found first, for the questions that follow.  tool_directories: relative, "pkg/tool/linux_amd64"."""

    version: str
    version_file: str
    go: Binary | None
    goarch: str
    tool_directories: tuple[str, ...]
    package: str
    origin: str


def is_tree(examiner: Examiner, real: str) -> bool:
    """Whether a directory (without links in its path) is a GOROOT, or what is left of one."""
    status = examiner.ways.status(real)
    if status is None or not stat.S_ISDIR(status.st_mode):
        return False
    has_go = _is_there(examiner, f"{real}/bin/go")
    has_tool = _is_directory(examiner, f"{real}/pkg/tool")
    has_runtime = _is_directory(examiner, f"{real}/src/runtime")
    if has_tool or (has_go and has_runtime):
        return True
    has_version = _is_there(examiner, f"{real}/VERSION")
    if real.startswith("/usr/share/"):  # the sources of a distribution's tree, which lies in /usr/lib and links here
        return has_go
    if has_version and (has_runtime or has_go):
        return True
    if not _NAMED_GO.match(real.rpartition("/")[2]) or _is_directory(examiner, f"{real}/pkg/mod"):
        return False
    # A lone bin/go is the rest of a tree, except where `go install` puts programs.
    return has_runtime or (has_go and real != f"{examiner.user.home.rstrip('/')}/go")


def tree_at(examiner: Examiner, real: str) -> GoTree:
    """Examine the tree at `real`, a path without links."""
    parts = _parts(examiner, real)
    tools = _tools(examiner, real, parts)
    status = examiner.ways.status(real)
    foreign = _left_overs(examiner, real, parts)
    odd = _tools_of_another_release(real, parts, tools)
    closed = _not_executable(examiner, real, parts)
    return GoTree(
        path=real,
        real_path=real,
        version=parts.version,
        goarch=parts.goarch,
        origin=parts.origin,
        package=parts.package,
        go=_usable(_belonging(parts.go, real, parts), examiner) if parts.go else None,
        tools=tools,
        missing=_missing(examiner, real, parts),
        left_over=(*foreign.paths, *odd)[:_MOST_SHOWN],
        left_over_version=foreign.version or _line_of(odd, tools, real),
        stray_links=_stray_links(examiner, real),
        unsearchable=_unsearchable(examiner, real, parts),
        not_executable=tuple(closed),
        not_executable_modes=tuple(closed.values()),
        world_writable=_world_writable(examiner, real, parts),
        uid=status.st_uid if status else 0,
        mode=stat.S_IMODE(status.st_mode) if status else 0,
        has_src=_is_directory(examiner, f"{real}/src/runtime"),
        cgo_default=_cgo_default(examiner, real),
    )


def _parts(examiner: Examiner, real: str) -> _Parts:
    version_file = examiner.text(f"{real}/VERSION", 1024)
    go = examiner.binary(f"{real}/bin/go")
    version = _first_line(version_file) or _compiled_in(go)
    names = [n for n in examiner.names(f"{real}/pkg/tool", 50) if re.fullmatch(r"[a-z0-9]+_[a-z0-9]+", n)]
    goarch = go.elf.goarch if go is not None and go.elf is not None else ""
    if not goarch:
        goarch = next((name.partition("_")[2] for name in names if name.startswith("linux_")), "")
    own = [f"pkg/tool/{name}" for name in sorted(names, key=lambda name: name != f"linux_{goarch}")]
    package = examiner.package_of(f"{real}/bin/go") or examiner.package_of(f"{real}/VERSION")
    origin = _origin(examiner, real, (_first_line(version_file), _compiled_in(go)), package)
    return _Parts(version, version_file, go, goarch, tuple(own[:3]), package, origin)


def _first_line(version_file: str) -> str:
    """The release that VERSION names; at most 100 characters of whatever stands there."""
    return version_file.partition("\n")[0].strip()[:100]


def _compiled_in(go: Binary | None) -> str:
    return go.version if go is not None else ""


def _origin(examiner: Examiner, real: str, versions: tuple[str, ...], package: str) -> str:
    place = f"{real}/"
    if place.startswith(("/snap/", "/var/lib/snapd/snap/")):
        return "snap"
    if "/golang.org/toolchain@" in place:
        return "toolchain-module"
    if package:
        return "gccgo" if "gccgo" in package else "distribution"
    if any(part in place for part in _MANAGERS):
        return "version-manager"
    released = any(version.startswith("go1") and goversion.parse(version) for version in versions)
    built_here = any(_is_there(examiner, place + name) for name in (".git", "pkg/bootstrap", "pkg/obj"))
    return "official" if released and not built_here else "source"


def _tools(examiner: Examiner, real: str, parts: _Parts) -> tuple[Binary, ...]:
    found: list[Binary] = []
    for directory in parts.tool_directories:
        names = examiner.names(f"{real}/{directory}", _MOST_NAMES)
        order = [n for n in _FIRST_TOOLS if n in names] + [n for n in names if n not in _FIRST_TOOLS]
        for name in order[: _MOST_TOOLS - len(found)]:
            tool = examiner.binary(f"{real}/{directory}/{name}")
            if tool is not None and tool.kind != "directory":
                found.append(_belonging(tool, real, parts))
    return tuple(found)


def _belonging(binary: Binary, real: str, parts: _Parts) -> Binary:
    """The binary with the facts of its tree; the release that is compiled into it counts before that of VERSION."""
    return binary._replace(goroot=real, origin=parts.origin, version=binary.version or parts.version)


def _usable(go: Binary, examiner: Examiner) -> Binary:
    """A toolchain module comes without execute bits; go gives them when it first switches to it."""
    if go.origin != "toolchain-module" or go.mode & 0o111 or go.uid != examiner.user.uid:
        return go
    return go._replace(executable=True, blocked_by=None)


def _missing(examiner: Examiner, real: str, parts: _Parts) -> tuple[str, ...]:
    """Of the files that every tree of every release has, those that are not there."""
    directory = parts.tool_directories[0] if parts.tool_directories else f"pkg/tool/linux_{parts.goarch or 'amd64'}"
    wanted = ("bin/go", "bin/gofmt", *(f"{directory}/{tool}" for tool in _SURE_TOOLS), *_SURE_FILES)
    ways = ((name, examiner.ways.to(f"{real}/{name}")) for name in wanted)
    lost = [name for name, way in ways if way.problem and not examiner.hidden(way)]
    if not _first_line(parts.version_file) and parts.origin != "source":
        lost.append("VERSION")
    return tuple(lost)


def _left_overs(examiner: Examiner, real: str, parts: _Parts) -> LeftOvers:
    """Only an archive that was unpacked with its times says something by them."""
    version_status = examiner.ways.status(f"{real}/VERSION")
    released = release_time(parts.version_file)
    kept_times = (
        parts.origin == "official" and version_status is not None and abs(version_status.st_mtime - released) <= 2
    )
    listings = [_listing(examiner, real, directory, kept_times) for directory in (*DIRECTORIES, "api")]
    return left_overs(parts.version, released if kept_times else 0.0, tuple(listings))


def _listing(examiner: Examiner, real: str, directory: str, timed: bool) -> Listing:
    names = tuple(examiner.names(f"{real}/{directory}", 2_000))
    if not timed:
        return Listing(directory, names)
    statuses = (examiner.host.lstat(f"{real}/{directory}/{name}") for name in names)
    return Listing(directory, names, tuple(status.st_mtime if status else 0.0 for status in statuses))


def _tools_of_another_release(real: str, parts: _Parts, tools: tuple[Binary, ...]) -> tuple[str, ...]:
    """Tools that an older release left beside a compiler of the right one."""
    compiler = next((tool for tool in tools if tool.path.endswith("/compile")), None)
    if compiler is None or compiler.elf is None or compiler.elf.go_version != parts.version:
        return ()
    return tuple(
        tool.path[len(real) + 1 :]
        for tool in tools
        if tool.path.rpartition("/")[2] not in _FIRST_TOOLS
        and tool.elf is not None
        and tool.elf.go_version.startswith("go1")
        and tool.elf.go_version != parts.version
    )


def _line_of(odd: tuple[str, ...], tools: tuple[Binary, ...], real: str) -> str:
    """The release line of the first odd tool."""
    for tool in tools:
        if odd and tool.path == f"{real}/{odd[0]}":
            parsed = goversion.parse(tool.version)
            return f"go{parsed.language}" if parsed else ""
    return ""


def _stray_links(examiner: Examiner, real: str) -> tuple[Link, ...]:
    """Links at the top of the tree, or in its bin, that lead to another tree, to bin of one, or back up; also to one that is gone."""
    found: list[Link] = []
    for directory in (real, f"{real}/bin"):
        for name in examiner.names(directory, _MOST_NAMES):
            here = f"{directory}/{name}"
            status = examiner.ways.status(here)
            if status is not None and stat.S_ISLNK(status.st_mode) and _leads_astray(examiner, real, here):
                found.append(Link(here, examiner.host.readlink(here)))
    return tuple(found[:_MOST_SHOWN])


def _leads_astray(examiner: Examiner, real: str, link: str) -> bool:
    way = examiner.ways.to(link)
    if way.problem:
        name = link.rpartition("/")[2]
        return bool(re.match(r"go(?:\d|[-_.]?1\.|$)", name)) and link.startswith(f"{real}/go")
    if real == way.real or real.startswith(f"{way.real.rstrip('/')}/"):
        return True
    if way.real.startswith(f"{real}/"):
        return False
    top = way.real.removesuffix("/bin")
    return top != real and _is_directory(examiner, way.real) and is_tree(examiner, top)


def _unsearchable(examiner: Examiner, real: str, parts: _Parts) -> tuple[str, ...]:
    """Directories above the tree (absolute) and in it (relative, "." for its top) that the user may not search."""
    way = examiner.ways.to(real)
    above = [place for place in way.directories if examiner.closed(place)]
    within = []
    for name in (*_SEARCHED, *parts.tool_directories):
        place = f"{real}/{name}".rstrip("/")
        if _is_directory(examiner, place) and examiner.closed(examiner.ways.to(place).real):
            within.append(name or ".")
    return (*above, *within)


def _programs(examiner: Examiner, real: str, parts: _Parts) -> list[str]:
    """Relative paths of bin/* and pkg/tool/*/*."""
    directories = ("bin", *parts.tool_directories)
    return [f"{d}/{name}" for d in directories for name in examiner.names(f"{real}/{d}", _MOST_NAMES)]


def _not_executable(examiner: Examiner, real: str, parts: _Parts) -> dict[str, int]:
    """Programs that somebody may read and not execute, with their modes."""
    found: dict[str, int] = {}
    if parts.origin == "toolchain-module":
        return found
    for name in _programs(examiner, real, parts):
        status = examiner.ways.status(f"{real}/{name}")
        if (
            status is None
            or not stat.S_ISREG(status.st_mode)
            or (name.startswith("bin/") and name not in _OWN_PROGRAMS)
        ):
            continue
        if (status.st_mode & 0o444) >> 2 & ~status.st_mode:
            found[name] = stat.S_IMODE(status.st_mode)
    return found


def _world_writable(examiner: Examiner, real: str, parts: _Parts) -> tuple[str, ...]:
    found = []
    for name in (*_WRITTEN, *parts.tool_directories, *_programs(examiner, real, parts)):
        status = examiner.ways.status(f"{real}/{name}".rstrip("/"))
        if status is None or stat.S_ISLNK(status.st_mode):
            continue
        if status.st_mode & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH:
            found.append(name or ".")
    return tuple(found[:_MOST_SHOWN])


def _cgo_default(examiner: Examiner, real: str) -> str:
    """The CGO_ENABLED of go.env, or the one that the builder of the tree compiled in."""
    for path, pattern in (
        ("go.env", r"CGO_ENABLED=([01])\s*$"),
        ("src/internal/buildcfg/zbootstrap.go", r'const DefaultCGO_ENABLED = "([01])"'),
        ("src/go/build/zcgo.go", r'const defaultCGO_ENABLED = "([01])"'),
    ):
        match = re.search(f"^{pattern}", examiner.text(f"{real}/{path}", 1 << 14), re.MULTILINE)
        if match:
            return match[1]
    return ""


def _is_there(examiner: Examiner, path: str) -> bool:
    return not examiner.ways.to(path).problem


def _is_directory(examiner: Examiner, path: str) -> bool:
    way = examiner.ways.to(path)
    status = examiner.ways.status(way.real) if not way.problem else None
    return status is not None and stat.S_ISDIR(status.st_mode)
