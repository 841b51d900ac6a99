"""Headers of the C library and .pc files, in the directories where gcc, clang and pkg-config look by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats import c_targets

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.snapshot import Workspace

# What runtime/cgo includes, or net and os/user when they are built with cgo.
HEADERS = ("stdlib.h", "errno.h", "pthread.h", "netdb.h")
MOST_NAMES = 5_000
# Compilers of these bring their own idea of where headers are.
_OWN_WORLD = ("/nix/", "/gnu/", "/home/linuxbrew/", "/snap/")
_PLACES = ("usr/local/lib", "usr/lib", "usr/lib64", "usr/local/lib64")


class Headers(NamedTuple):
    """Which of HEADERS are there, which are not, and where was looked. All empty where that cannot be told."""

    found: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()


def of_compiler(host: Host, compiler: str, triple: str) -> Headers:
    """Headers as a compiler finds them.

    Args:
        compiler: its path, "" for a host without one.   triple: what it builds for, "" if unknown.
    """
    real = host.realpath(compiler) if compiler else ""
    if real.startswith(_OWN_WORLD) or real.rpartition("/")[2] in ("zig", "busybox") or _has_sysroot(host, real, triple):
        return Headers()
    directories = tuple(d for d in _include_directories(host, real, triple) if host.is_directory(d))
    found = tuple(h for h in HEADERS if any(host.exists(f"{d}/{h}") for d in directories))
    return Headers(found, tuple(h for h in HEADERS if h not in found), directories)


def absent(host: Host, directories: tuple[str, ...], workspaces: tuple[Workspace, ...]) -> tuple[str, ...]:
    """Headers that files of these modules include and that are neither in the directories nor beside the file; at most 20."""
    found: dict[str, None] = {}
    for workspace in workspaces if directories else ():
        flagged = {use.location.path.rpartition("/")[0] for use in workspace.cgo if use.flags or use.pkg_config}
        for use in workspace.cgo:
            beside = use.location.path.rpartition("/")[0]
            for header in use.needed_headers[:20] if beside not in flagged else ():
                plain = not header.startswith("/") and ".." not in header.split("/")
                if plain and not any(host.exists(f"{d}/{header}") for d in (*directories, beside)):
                    found[header] = None
    return tuple(found)[:20]


def _has_sysroot(host: Host, real: str, triple: str) -> bool:
    """A cross compiler in a directory of its own, as makers of boards give them out."""
    prefix = real.rpartition("/bin/")[0]
    return bool(triple) and any(
        host.is_directory(f"{prefix}/{triple}/{name}") for name in ("sysroot", "libc/usr/include")
    )


def _include_directories(host: Host, real: str, triple: str) -> tuple[str, ...]:
    prefix = real.rpartition("/bin/")[0] if "/bin/" in real else "/usr"
    multiarch = _multiarch(triple) or next(
        (name for name in host.listdir("/usr/include", 2000) if c_targets.goarch_of(name)), ""
    )
    native = (
        not triple or host.is_directory(f"/usr/lib/{multiarch}") or not host.is_directory(f"{prefix}/{triple}/include")
    )
    own: list[str] = []
    for place in ("lib/gcc", "lib/gcc-cross"):
        for version in host.listdir(f"{prefix}/{place}/{triple}", 20) if triple else ():
            own += (f"{prefix}/{place}/{triple}/{version}/{name}" for name in ("include", "include-fixed"))
    if not native:
        return (*own, f"{prefix}/{triple}/include", f"/usr/include/{multiarch}")
    general = [f"/usr/include/{multiarch}"] if multiarch else []
    if prefix not in ("/usr", ""):
        general.append(f"{prefix}/include")
    return (*own, "/usr/local/include", *general, "/usr/include")


def _multiarch(triple: str) -> str:
    """Debian's directory name: "i386-linux-gnu" of the triple "i686-linux-gnu"."""
    cpu, dash, rest = triple.partition("-")
    return f"i386-{rest}" if dash and c_targets.goarch_of(triple) == "386" and cpu != "i386" else triple


def pkg_config_directories(host: Host, triples: tuple[str, ...]) -> tuple[str, ...]:
    """Those directories of pkg-config's default search path that exist."""
    candidates = []
    for place in _PLACES:
        candidates += [f"/{place}/{triple}/pkgconfig" for triple in triples[:5]]
        candidates.append(f"/{place}/pkgconfig")
    candidates += ["/usr/local/share/pkgconfig", "/usr/share/pkgconfig"]
    return tuple(d for d in candidates if host.is_directory(d))


def pkg_config_names(host: Host, directories: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the .pc files in some directories, without ".pc", each once; at most 5,000."""
    names = dict.fromkeys(
        name[:-3] for directory in directories for name in host.listdir(directory, MOST_NAMES) if name.endswith(".pc")
    )
    return tuple(list(names)[:MOST_NAMES])
