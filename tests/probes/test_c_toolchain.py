"""Compilers, headers and .pc files as cgo would find them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gosteward.host.rooted import RootedHost
from gosteward.probes import c_toolchain
from gosteward.snapshot import (
    CompilerTool,
    Context,
    CToolchain,
    EnvironmentVariable,
    Location,
    PathEntry,
    Setting,
    User,
)

if TYPE_CHECKING:
    from pathlib import Path

DEV = User(name="dev", uid=1000, gid=1000, home="/home/dev")
LINE = Location("/home/dev/.profile", 29, "export CC=...")
ELF_AMD64 = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00" + bytes(100)
PATH = ("/usr/lib/ccache", "/usr/local/bin", "/usr/bin")


def root_with(top: Path, *files: str, links: dict[str, str] | None = None) -> RootedHost:
    """Programs where a directory is named bin, else empty files; names that end in / are directories."""
    for name in files:
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(ELF_AMD64 if "bin/" in name else b"")
            path.chmod(0o755)
    for name, target in (links or {}).items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
    for path in top.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
    top.chmod(0o755)
    return RootedHost(str(top))


def collected(host: RootedHost, *settings: Setting, **variables: str) -> CToolchain:
    context = Context(
        "bash-login",
        "login",
        search_path=tuple(PathEntry(d) for d in PATH),
        variables=tuple(EnvironmentVariable(n, v) for n, v in {"HOME": "/home/dev", **variables}.items()),
    )
    found, gaps = c_toolchain.collect(host, DEV, (context,), settings)
    assert gaps == ()
    return found


def tool(found: CToolchain, role: str) -> CompilerTool:
    return next(t for t in found.tools if t.role == role)


def setting(name: str, value: str) -> Setting:
    return Setting(name, value, "environment", LINE, ("bash-login",))


DEBIAN = (
    "usr/bin/x86_64-linux-gnu-gcc-12", "usr/bin/x86_64-linux-gnu-ld.bfd", "usr/bin/pkgconf", "usr/include/stdlib.h", "usr/include/pthread.h", "usr/include/netdb.h", "usr/include/errno.h",
    "usr/include/x86_64-linux-gnu/", "usr/lib/gcc/x86_64-linux-gnu/12/include/", "usr/lib/x86_64-linux-gnu/pkgconfig/greet.pc", "usr/share/pkgconfig/x.txt",
)  # fmt: skip
LINKS = {
    "usr/bin/gcc": "gcc-12",
    "usr/bin/gcc-12": "x86_64-linux-gnu-gcc-12",
    "usr/bin/pkg-config": "pkgconf",
    "usr/bin/ld": "x86_64-linux-gnu-ld.bfd",
}


def test_debian_toolchain_is_found_with_its_target(tmp_path: Path) -> None:
    found = collected(root_with(tmp_path, *DEBIAN, links=LINKS))
    assert (tool(found, "cc").path, tool(found, "cc").target) == ("/usr/bin/gcc", "amd64")
    assert tool(found, "cxx") == CompilerTool("cxx", "g++", context="bash-login")
    assert tool(found, "ld").path == "/usr/bin/ld"
    assert tool(found, "pkg-config").path == "/usr/bin/pkg-config"
    assert tool(found, "git").path == ""
    assert found.headers == ("stdlib.h", "errno.h", "pthread.h", "netdb.h")
    assert found.missing_headers == ()
    assert found.pkg_config_directories == ("/usr/lib/x86_64-linux-gnu/pkgconfig", "/usr/share/pkgconfig")
    assert found.pkg_config_names == ("greet",)


def test_compiler_without_headers_of_the_c_library(tmp_path: Path) -> None:
    host = root_with(tmp_path, "usr/bin/gcc", "usr/lib/gcc/x86_64-alpine-linux-musl/13/include/stddef.h")
    found = collected(host)
    assert tool(found, "cc").target == "amd64"
    assert found.missing_headers == ("stdlib.h", "errno.h", "pthread.h", "netdb.h")
    assert found.include_directories == ("/usr/lib/gcc/x86_64-alpine-linux-musl/13/include",)


def test_cross_compiler_looks_in_its_own_directories(tmp_path: Path) -> None:
    host = root_with(
        tmp_path, *DEBIAN, "usr/bin/aarch64-linux-gnu-gcc", "usr/bin/aarch64-linux-gnu-ld", "usr/aarch64-linux-gnu/include/stdlib.h", links=LINKS
    )  # fmt: skip
    found = collected(host, setting("CC", "aarch64-linux-gnu-gcc"))
    assert (tool(found, "cc").target, tool(found, "cc").location) == ("arm64", LINE)
    assert found.headers == ("stdlib.h",)
    assert "/usr/include" not in found.include_directories


@pytest.mark.parametrize(
    ("command", "path", "target"),
    [
        ("ccache gcc", "/usr/bin/gcc", "amd64"),
        ("ccache nothing", "", ""),
        ("distcc gcc", "", ""),
        ("'/usr/bin/gcc' -m64", "/usr/bin/gcc", "amd64"),
        ("./gcc", "", ""),
        ("zig cc -target aarch64-linux-musl", "/usr/local/bin/zig", "arm64"),
        ("'gcc", "", ""),
        ("nothing", "", ""),
    ],
)
def test_command_in_cc(command: str, path: str, target: str, tmp_path: Path) -> None:
    host = root_with(tmp_path, *DEBIAN, "usr/bin/ccache", "usr/local/bin/zig", links=LINKS)
    found = tool(collected(host, setting("CC", command)), "cc")
    assert (found.command, found.path, found.target) == (command, path, target)


def test_masquerade_of_ccache_leads_to_the_compiler_behind_it(tmp_path: Path) -> None:
    host = root_with(tmp_path, *DEBIAN, "usr/bin/ccache", links={**LINKS, "usr/lib/ccache/gcc": "../../bin/ccache"})
    assert tool(collected(host), "cc").path == "/usr/bin/gcc"


def test_compiler_of_another_world_says_nothing_about_headers(tmp_path: Path) -> None:
    host = root_with(tmp_path, "nix/store/x-gcc/bin/gcc", links={"usr/bin/gcc": "/nix/store/x-gcc/bin/gcc"})
    found = collected(host)
    assert (found.headers, found.missing_headers) == ((), ())


def test_directories_named_for_pkg_config_are_listed(tmp_path: Path) -> None:
    host = root_with(tmp_path, *DEBIAN, "opt/lib/pkgconfig/odd.pc", links=LINKS)
    found = collected(host, PKG_CONFIG_LIBDIR="/opt/gone:/opt/lib/pkgconfig", PKG_CONFIG_PATH="rel")
    assert found.pkg_config_listed == (("/opt/gone", ()), ("/opt/lib/pkgconfig", ("odd",)))


def test_program_that_the_user_may_not_run_is_not_found(tmp_path: Path) -> None:
    host = root_with(tmp_path, *DEBIAN, "usr/local/bin/gcc", links=LINKS)
    (tmp_path / "usr/local/bin/gcc").chmod(0o644)
    assert tool(collected(host), "cc").path == "/usr/bin/gcc"


def test_compiler_that_nobody_may_run_is_named_with_the_file_behind_its_links(tmp_path: Path) -> None:
    host = root_with(tmp_path, *DEBIAN, links=LINKS)
    (tmp_path / "usr/bin/x86_64-linux-gnu-gcc-12").chmod(0o644)
    cc = tool(collected(host), "cc")
    assert (cc.path, cc.closed, cc.closed_mode) == ("", "/usr/bin/x86_64-linux-gnu-gcc-12", 0o644)


@pytest.mark.parametrize(
    ("flags", "absent"),
    [
        ("-L/opt/db/lib -lclntsh", ()),
        ("-L /opt/db/lib -lclntsh", ()),
        ("-lclntsh -lz -lgcc", ("-lclntsh",)),
        ("-L/opt/gone -lclntsh", ("-lclntsh",)),
        ("-Llib -lclntsh", ()),  # from wherever go is started
        ("--sysroot=/opt/sdk -lclntsh", ()),
        ("-Wl,-rpath,/opt/db -lclntsh", ()),
        ("-l:libclntsh.so.1 -s -w", ()),
    ],
)
def test_libraries_that_no_linker_finds(flags: str, absent: tuple[str, ...], tmp_path: Path) -> None:
    libraries = (
        "opt/db/lib/libclntsh.so",
        "usr/lib/x86_64-linux-gnu/libz.a",
        "usr/lib/gcc/x86_64-linux-gnu/12/libgcc.a",
    )
    host = root_with(tmp_path, *DEBIAN, *libraries, links=LINKS)
    assert collected(host, setting("CGO_LDFLAGS", flags)).absent_libraries == absent
