"""Search paths and Go trees of a host: what is found, what belongs together, and what is wrong with a tree."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

import pytest

from gosteward.host.rooted import RootedHost
from gosteward.probes import go_roots, search_path
from gosteward.probes.binaries import Examiner
from gosteward.snapshot import Binary, Context, EnvironmentVariable, GoTree, Link, PathEntry, User

if TYPE_CHECKING:
    from pathlib import Path

DEV = User(name="dev", uid=4242, gid=4242, home="/home/dev")
FILES = ("src/runtime/proc.go", "src/fmt/print.go", "pkg/include/textflag.h")
TOOLS = ("compile", "link", "asm", "cgo", "vet")


def program(machine: int = 62, version: str = "go1.26.8", main: str = "cmd/go") -> bytes:
    record = b"F" * 16 + f"path\t{main}\n".encode() + b"F" * 16
    data = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0")
    data += bytes([len(version)]) + version.encode() + bytes([len(record)]) + record
    start = b"\x7fELF\x02\x01\x01" + bytes(9)
    start += struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 6, 128, 0x400080, 0x400080, len(data), len(data), 16)
    return (start + load).ljust(128, b"\0") + data


def put(path: Path, content: bytes, mode: int = 0o755) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def plant(root: Path, place: str, version: str = "go1.26.8", machine: int = 62, arch: str = "amd64") -> Path:
    tree = root / place.lstrip("/")
    for name in ("bin/go", "bin/gofmt", *(f"pkg/tool/linux_{arch}/{tool}" for tool in TOOLS)):
        put(tree / name, program(machine, version, f"cmd/{name.rpartition('/')[2]}"))
    for name in FILES:
        put(tree / name, b"package x\n", 0o644)
    put(tree / "VERSION", f"{version}\ntime 2026-08-28T16:20:06Z\n".encode(), 0o644)
    return tree


class Found:
    """What the probes say about a root; `path` is the search path of the one context."""

    def __init__(self, root: Path, *path: str, owner_of=lambda _path: "", **variables: str) -> None:
        host = RootedHost(str(root))
        examiner = Examiner(host, DEV, (), owner_of)
        given = tuple(EnvironmentVariable(name, value) for name, value in variables.items())
        context = Context(
            name="bash-login", kind="login", search_path=tuple(PathEntry(d) for d in path), variables=given
        )
        contexts = search_path.fill((context,), examiner, DEV)
        self.trees, self.binaries, contexts, self.gaps = go_roots.collect(host, DEV, examiner, contexts, None)
        self.entries = contexts[0].search_path

    def tree(self, path: str) -> GoTree:
        (tree,) = [tree for tree in self.trees if tree.path == path]
        return tree

    def binary(self, path: str) -> Binary:
        (binary,) = [binary for binary in self.binaries if binary.path == path]
        return binary


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    put(tmp_path / "etc/passwd", b"root:x:0:0::/root:/bin/sh\ndev:x:4242:4242::/home/dev:/bin/sh\n")
    (tmp_path / "usr/local/bin").mkdir(parents=True)
    return tmp_path


def test_sound_tree_is_clean_and_known_by_the_context_that_runs_it(root: Path) -> None:
    plant(root, "/usr/local/go")
    found = Found(root, "/usr/local/bin", "/usr/local/go/bin")
    tree = found.tree("/usr/local/go")
    assert (tree.version, tree.goarch, tree.origin, tree.on_path_of) == (
        "go1.26.8",
        "amd64",
        "official",
        ("bash-login",),
    )
    faults = (
        tree.missing,
        tree.left_over,
        tree.stray_links,
        tree.unsearchable,
        tree.not_executable,
        tree.world_writable,
    )
    assert faults == ((),) * 6
    assert [tool.path.rpartition("/")[2] for tool in tree.tools] == list(TOOLS)
    go = found.entries[1].go
    assert go is not None
    assert (go.goroot, go.origin, go.version) == ("/usr/local/go", "official", "go1.26.8")
    assert found.entries[1].gofmt is not None


def test_trees_of_all_places_are_found(root: Path) -> None:
    places = (
        "/usr/local/go1.25.4",
        "/opt/golang/1.24.1",
        "/usr/lib/go-1.19",
        "/snap/go/10987",
        "/home/dev/sdk/go1.26.8",
        "/home/dev/.asdf/installs/golang/1.22.0/go",
        "/home/dev/.local/share/mise/installs/go/1.23.1",
        "/home/dev/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.25.4.linux-amd64",
        "/srv/cache/golang.org/toolchain@v0.0.1-go1.24.4.linux-amd64",
        "/data/own/tree",
    )
    for place in places:
        plant(root, place)
    found = Found(root, "/usr/bin", GOMODCACHE="/srv/cache", GOROOT="/data/own/tree")
    assert {tree.path for tree in found.trees} == set(places)
    origins = {tree.path: tree.origin for tree in found.trees}
    assert [origins[places[n]] for n in (0, 3, 5, 6, 7)] == [
        "official",
        "snap",
        "version-manager",
        "version-manager",
        "toolchain-module",
    ]


def test_package_makes_a_distribution_tree(root: Path) -> None:
    plant(root, "/usr/lib/go-1.19", "go1.19.8")
    (root / "usr/lib/go").symlink_to("go-1.19")
    (root / "usr/bin").mkdir()
    (root / "usr/bin/go").symlink_to("../lib/go/bin/go")
    found = Found(
        root, "/usr/bin", owner_of=lambda p: "golang-1.19-go 1.19.8-2" if p.startswith("/usr/lib/go-") else ""
    )
    assert found.tree("/usr/lib/go").on_path_of == ("bash-login",)
    assert found.tree("/usr/lib/go").links == (Link("/usr/lib/go", "go-1.19"),)
    assert found.tree("/usr/lib/go-1.19").on_path_of == ()
    go = found.entries[0].go
    assert go is not None
    assert (go.goroot, go.origin, go.package) == ("/usr/lib/go-1.19", "distribution", "golang-1.19-go 1.19.8-2")


def test_places_of_installed_programs_are_no_trees(root: Path) -> None:
    put(root / "home/dev/go/bin/go", program())
    put(root / "home/dev/go/bin/gopls", program(main="golang.org/x/tools/gopls"))
    put(root / "usr/local/bin/go", program())
    found = Found(root, "/usr/local/bin", "/home/dev/go/bin")
    assert found.trees == ()
    assert found.binary("/home/dev/go/bin/gopls").version == "go1.26.8"
    assert found.binary("/usr/local/bin/go").goroot == ""


def test_go_install_places_of_variables_and_of_the_written_settings_are_looked_at(root: Path) -> None:
    for name in ("/work/bin/a", "/gobin/b", "/written/bin/c"):
        put(root / name[1:], program())
    put(root / "home/dev/.config/go/env", b"GOPATH=/written\n", 0o644)
    found = Found(root, "/usr/bin", GOPATH="/nothing:/work", GOBIN="/gobin")
    assert {b.path for b in found.binaries} == {"/work/bin/a", "/gobin/b", "/written/bin/c"}


def test_versioned_go_on_path_is_known_with_its_tree(root: Path) -> None:
    plant(root, "/usr/local/go1.25.4", "go1.25.4")
    plant(root, "/home/dev/sdk/go1.24.1", "go1.24.1")
    (root / "usr/local/bin/go1.25.4").symlink_to("../go1.25.4/bin/go")
    put(root / "home/dev/go/bin/go1.24.1", program(main="golang.org/dl/go1.24.1"))
    found = Found(root, "/usr/local/bin", "/home/dev/go/bin")
    linked, wrapper = found.binary("/usr/local/bin/go1.25.4"), found.binary("/home/dev/go/bin/go1.24.1")
    assert (linked.goroot, linked.version) == ("/usr/local/go1.25.4", "go1.25.4")
    assert (wrapper.goroot, wrapper.version) == ("/home/dev/sdk/go1.24.1", "go1.24.1")


def test_lost_files_are_named_and_rest_of_a_tree_is_still_one(root: Path) -> None:
    tree = plant(root, "/usr/local/go")
    for name in ("pkg/tool/linux_amd64/compile", "src/runtime/proc.go", "VERSION"):
        (tree / name).unlink()
    put(root / "opt/go/bin/go", program())
    found = Found(root, "/usr/local/go/bin")
    assert found.tree("/usr/local/go").missing == ("pkg/tool/linux_amd64/compile", "src/runtime/proc.go", "VERSION")
    assert found.tree("/usr/local/go").version == "go1.26.8", "as compiled in"
    assert "src/fmt/print.go" in found.tree("/opt/go").missing


def test_link_that_ln_left_inside_a_tree_is_stray(root: Path) -> None:
    tree = plant(root, "/usr/local/go1.25.4", "go1.25.4")
    plant(root, "/usr/local/go1.26.8")
    (root / "usr/local/go").symlink_to("/usr/local/go1.25.4")
    (tree / "go1.26.8").symlink_to("/usr/local/go1.26.8")
    (tree / "go").symlink_to("/usr/local/go")
    (tree / "bin/bin").symlink_to("/usr/local/go1.26.8/bin")
    (tree / "bin/go1.26.8").symlink_to("/usr/local/go1.26.8/bin/go")
    (tree / "doc").symlink_to("/usr/share/doc")
    stray = Found(root, "/usr/local/go/bin").tree("/usr/local/go").stray_links
    assert [link.path.rpartition("/")[2] for link in stray] == ["go", "go1.26.8", "bin"]


def test_links_of_a_split_package_are_not_stray(root: Path) -> None:
    tree = plant(root, "/usr/lib/go-1.19", "go1.19.8")
    for name in ("src", "VERSION", "pkg/include"):
        (root / "usr/share/go-1.19" / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).rename(root / "usr/share/go-1.19" / name)
        (tree / name).symlink_to(f"{'../' * (name.count('/') + 2)}share/go-1.19/{name}")
    found = Found(root, "/usr/bin")
    (only,) = found.trees
    assert (only.path, only.stray_links, only.missing, only.version) == ("/usr/lib/go-1.19", (), (), "go1.19.8")


def test_lost_execute_bits_closed_directories_and_open_ones_are_found(root: Path) -> None:
    tree = plant(root, "/usr/local/go")
    (tree / "bin/go").chmod(0o644)
    (tree / "pkg/tool/linux_amd64/link").chmod(0o640)
    (tree / "pkg/tool/linux_amd64/asm").chmod(0o777)
    (tree / "src").chmod(0o700)
    os.chmod(root / "usr/local", 0o750)
    facts = Found(root, "/usr/local/go/bin").tree("/usr/local/go")
    assert facts.not_executable == ("bin/go", "pkg/tool/linux_amd64/link")
    assert facts.not_executable_modes == (0o644, 0o640)
    assert facts.unsearchable == ("/usr/local", "src")
    assert facts.world_writable == ("pkg/tool/linux_amd64/asm",)


def test_toolchain_module_without_execute_bits_is_as_go_leaves_it(root: Path) -> None:
    place = "/home/dev/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.25.4.linux-amd64"
    tree = plant(root, place, "go1.25.4")
    for path in (*tree.glob("bin/*"), *tree.glob("pkg/tool/*/*")):
        path.chmod(0o444)
    assert Found(root, "/usr/bin").tree(place).not_executable == ()


def test_files_and_tools_of_another_release_are_left_over(root: Path) -> None:
    tree = plant(root, "/usr/local/go")
    put(tree / "src/runtime/map_swiss.go", b"package runtime\n", 0o644)
    put(tree / "pkg/tool/linux_amd64/nm", program(version="go1.25.4", main="cmd/nm"))
    facts = Found(root, "/usr/local/go/bin").tree("/usr/local/go")
    assert facts.left_over == ("src/runtime/map_swiss.go", "pkg/tool/linux_amd64/nm")
    assert facts.left_over_version == "go1.25"


def test_link_to_a_removed_tree_is_a_broken_go_though_its_directory_is_gone(root: Path) -> None:
    (root / "usr/local/go").symlink_to("/usr/local/go1.24.1")
    (root / "opt").symlink_to("/usr/gone")
    found = Found(root, "/usr/local/go/bin", "/opt/bin")
    go = found.entries[0].go
    assert go is not None
    assert (go.kind, go.links) == ("missing", (Link("/usr/local/go", "/usr/local/go1.24.1"),))
    assert found.entries[1].go is None
    assert found.binary("/usr/local/go/bin/go").kind == "missing"


def test_go_for_another_machine_keeps_its_tools_directory(root: Path) -> None:
    plant(root, "/usr/local/go", machine=183, arch="arm64")
    tree = Found(root, "/usr/local/go/bin").tree("/usr/local/go")
    assert (tree.goarch, tree.missing) == ("arm64", ())


@pytest.mark.parametrize("version", [b"", b"<html>", b"\xff\xfe\n", b"go1.26.8" * 1000])
def test_damaged_version_file_is_survived(root: Path, version: bytes) -> None:
    tree = plant(root, "/usr/local/go")
    put(tree / "VERSION", version)
    assert len(Found(root, "/usr/local/go/bin").tree("/usr/local/go").version) <= 100
