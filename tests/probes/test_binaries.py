"""Programs as they lie on a host: links, kinds, rights and the first thing that says no."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from gosteward.host.local import LocalHost
from gosteward.host.rooted import RootedHost
from gosteward.probes.binaries import Examiner
from gosteward.snapshot import Link, Mount, User

DEV = User(name="dev", uid=4242, gid=4242, home="/home/dev")
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, 0, 0, 64, 56, 0, 0, 0, 0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    for name in ("usr/local/bin", "usr/local/go/bin", "etc", "tmp", "home/dev"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\ndev:x:4242:4242::/home/dev:/bin/sh\n")
    put(tmp_path / "usr/local/go/bin/go", ELF)
    return tmp_path


def put(path: Path, content: bytes, mode: int = 0o755) -> None:
    path.write_bytes(content)
    path.chmod(mode)


def examiner(root: Path, *mounts: Mount) -> Examiner:
    return Examiner(
        RootedHost(str(root)), DEV, mounts, lambda path: "gopkg 1.0" if path == "/usr/local/go/bin/go" else ""
    )


def test_every_link_on_the_way_is_named_in_order(root: Path) -> None:
    (root / "usr/local/current").symlink_to("go")
    (root / "usr/local/bin/go").symlink_to("/usr/local/current/bin/go")
    go = examiner(root).binary("/usr/local/bin/go")
    assert go is not None
    assert go.links == (Link("/usr/local/bin/go", "/usr/local/current/bin/go"), Link("/usr/local/current", "go"))
    assert (go.real_path, go.kind, go.executable, go.package) == ("/usr/local/go/bin/go", "elf", True, "gopkg 1.0")
    assert go.elf is not None
    assert go.elf.goarch == "amd64"


def test_group_file_may_hold_numbers_that_no_kernel_has(root: Path) -> None:
    (root / "etc/group").write_text(f"far:x:{'9' * 5000}:\nodd:x:\u00b2:\nroot:x:0:\n")
    assert (examiner(root)._group_name(0), examiner(root)._group_name(7)) == ("root", "7")


def test_broken_and_looping_links_are_there_and_nothing_is_not(root: Path) -> None:
    (root / "usr/local/bin/go").symlink_to("/usr/local/go1.24.1/bin/go")
    (root / "usr/local/bin/gofmt").symlink_to("gofmt")
    (root / "opt").symlink_to("/usr/gone")
    asked = examiner(root)
    broken, loop, below = (
        asked.binary("/usr/local/bin/go"),
        asked.binary("/usr/local/bin/gofmt"),
        asked.binary("/opt/go"),
    )
    assert broken is not None
    assert loop is not None
    assert below is not None
    assert (broken.kind, broken.real_path, broken.executable) == ("missing", "", False)
    assert (loop.kind, below.kind, below.links) == ("loop", "missing", (Link("/opt", "/usr/gone"),))
    assert asked.binary("/usr/local/bin/vet") is None
    assert asked.binary("/usr/local/go/bin/vet") is None


@pytest.mark.parametrize(
    ("content", "kind", "head"),
    [
        (b"", "empty", ""),
        (b"<!DOCTYPE html>\n<title>Sign in</title>", "html", "<!DOCTYPE html> <title>Sign in</title>"),
        (b"\x1f\x8b\x08\x00", "archive", "\\x1f\ufffd\\x08\\x00"),
        (b"MZ\x90\x00", "pe", "MZ\ufffd\\x00"),
        (b"404: Not Found", "text", "404: Not Found"),
    ],
)
def test_file_that_is_no_program_shows_how_it_begins(root: Path, content: bytes, kind: str, head: str) -> None:
    put(root / "usr/local/bin/go", content)
    go = examiner(root).binary("/usr/local/bin/go")
    assert go is not None
    assert (go.kind, go.head) == (kind, head)


def test_script_with_windows_line_ends_asks_for_an_interpreter_that_is_not_there(root: Path) -> None:
    (root / "bin").mkdir()
    put(root / "bin/sh", ELF)
    put(root / "usr/local/bin/go", b"#!/bin/sh\r\nexec go\r\n")
    put(root / "usr/local/bin/gofmt", b"#!/bin/sh\nexec gofmt\n")
    asked = examiner(root)
    go, gofmt = asked.binary("/usr/local/bin/go"), asked.binary("/usr/local/bin/gofmt")
    assert go is not None
    assert gofmt is not None
    assert (go.kind, go.script_interpreter, go.script_interpreter_exists) == ("script", "/bin/sh\r", False)
    assert gofmt.script_interpreter_exists


def test_directory_and_fifo_are_not_read(root: Path) -> None:
    (root / "usr/local/bin/go").mkdir()
    os.mkfifo(root / "usr/local/bin/gofmt")
    asked = examiner(root)
    kinds = [found.kind for found in map(asked.binary, ("/usr/local/bin/go", "/usr/local/bin/gofmt")) if found]
    assert kinds == ["directory", "special"]


def blocked(root: Path, path: str, *mounts: Mount) -> tuple[str, str]:
    go = examiner(root, *mounts).binary(path)
    assert go is not None
    assert go.executable == (go.blocked_by is None)
    return (go.blocked_by.reason, go.blocked_by.path) if go.blocked_by else ("", "")


def test_first_thing_that_says_no_is_named(root: Path) -> None:
    assert blocked(root, "/usr/local/go/bin/go") == ("", "")
    noexec = Mount("/usr/local", "ext4", "/dev/sdb", ("rw", "noexec"))
    assert blocked(root, "/usr/local/go/bin/go", Mount("/", "ext4", "", ("rw",)), noexec) == ("noexec", "/usr/local")
    (root / "usr/local/go/bin/go").chmod(0o644)
    assert blocked(root, "/usr/local/go/bin/go", noexec) == ("mode", "/usr/local/go/bin/go")
    (root / "usr/local/go/bin/go").chmod(0o700)
    assert blocked(root, "/usr/local/go/bin/go") == ("owner", "/usr/local/go/bin/go")
    (root / "usr/local/go").chmod(0o750)
    assert blocked(root, "/usr/local/go/bin/go") == ("directory", "/usr/local/go")


def test_closed_directory_of_a_links_target_counts(root: Path) -> None:
    (root / "usr/local/bin/go").symlink_to("../go/bin/go")
    (root / "usr/local/go").chmod(0o700)
    assert blocked(root, "/usr/local/bin/go") == ("directory", "/usr/local/go")


def test_list_on_the_file_is_shown_and_blamed(root: Path) -> None:
    path = root / "usr/local/go/bin/go"
    entries = ((1, 7, 0xFFFFFFFF), (2, 7, 4242), (4, 5, 0xFFFFFFFF), (16, 4, 0xFFFFFFFF), (32, 5, 0xFFFFFFFF))
    value = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(path, "system.posix_acl_access", value)
    except OSError:
        pytest.skip("this file system has no access control lists")
    go = examiner(root).binary("/usr/local/go/bin/go")
    assert go is not None
    assert go.blocked_by is not None
    assert (go.blocked_by.reason, go.blocked_by.path) == ("acl", "/usr/local/go/bin/go")
    assert "user:dev:rwx\t#effective:r--" in go.acl


def test_directories_of_a_search_path(root: Path) -> None:
    (root / "opt").symlink_to("/usr/gone")
    (root / "tmp/open").mkdir()
    (root / "tmp").chmod(0o777)
    (root / "usr/local/bin").chmod(0o700)
    asked = examiner(root)
    assert asked.directory("~/go/bin").kind == "relative"
    assert asked.directory("").kind == "relative"
    assert asked.directory("/usr/local/go/bin").kind == "directory"
    assert asked.directory("/usr/local/go/bin/go").kind == "file"
    assert asked.directory("/usr/local/bin").kind == "unreadable"
    assert asked.directory("/nowhere/bin")[:1] == ("missing",)
    assert asked.directory("/opt").dangling
    assert asked.directory("/tmp/open").world_writable, "others can replace it"
    (root / "tmp").chmod(0o1777)
    assert not examiner(root).directory("/tmp/open").world_writable


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_link_that_a_user_planted_shows_nothing_that_they_could_not_read(tmp_path: Path) -> None:
    for place in (tmp_path, *tmp_path.parents):
        if place.stat().st_uid == 0 and place != Path("/tmp") and str(place).startswith("/tmp/"):
            place.chmod(0o755)
    put(tmp_path / "secret", b"#!secret word", 0o600)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/go").symlink_to(tmp_path / "secret")
    os.lchown(tmp_path / "bin/go", DEV.uid, DEV.gid)
    go = Examiner(LocalHost({}), DEV, (), lambda _path: "").binary(f"{tmp_path}/bin/go")
    assert go is not None
    assert (go.kind, go.script_interpreter, go.head) == ("unreadable", "", "")
    assert not go.executable
