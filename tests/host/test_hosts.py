"""The reading door: the same promises on this machine and inside an unpacked root, and no way out of the latter."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.host.local import LocalHost
from gosteward.host.rooted import RootedHost
from gosteward.snapshot import User

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.host.derived import DerivedAnswers

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
STRANGER = User(name="stranger", uid=61234, gid=61234)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/tool").write_text("#!/bin/sh\r\nexit\n")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/secret").write_text("inside\n")
    (tmp_path / "bin").symlink_to("usr/bin")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "fifo")
    return tmp_path


@pytest.fixture(params=["local", "rooted"])
def place(request: pytest.FixtureRequest, tree: Path) -> tuple[DerivedAnswers, str]:
    """A host, and the prefix under which it has the tree."""
    return (LocalHost({}), str(tree)) if request.param == "local" else (RootedHost(str(tree)), "")


def test_both_kinds_give_the_same_answers(place: tuple[LocalHost, str]) -> None:
    host, top = place
    assert host.lines(f"{top}/bin/tool") == ["#!/bin/sh\r", "exit"]
    assert host.read(f"{top}/bin/tool", 4) == b"#!/b"
    assert host.read_at(f"{top}/bin/tool", 11, 100) == b"exit\n"
    assert host.realpath(f"{top}/bin/tool") == f"{top}/usr/bin/tool"
    assert host.readlink(f"{top}/bin") == "usr/bin"
    assert host.readlink(f"{top}/usr") == ""
    assert host.listdir(f"{top}/bin") == ["tool"]
    assert len(host.listdir(f"{top}/", 2)) == 2
    assert host.is_directory(f"{top}/bin")
    assert stat.S_ISLNK(host.lstat(f"{top}/bin").st_mode)


@pytest.mark.parametrize("name", ["loop", "dangling", "nothing", "usr/bin/tool/x", "a\0b", "\ud800"])
def test_what_is_not_there_is_an_answer_and_no_exception(place: tuple[LocalHost, str], name: str) -> None:
    host, top = place
    path = f"{top}/{name}"
    assert (host.stat(path), host.realpath(path), host.lines(path), host.listdir(path)) == (None, "", [], [])
    assert host.xattr(path, "user.x") == b""
    with pytest.raises(OSError):
        host.read(path)


def test_relative_paths_are_nowhere(place: tuple[LocalHost, str], monkeypatch: pytest.MonkeyPatch, tree: Path) -> None:
    monkeypatch.chdir(tree)
    assert place[0].stat("usr") is None
    assert place[0].listdir("") == []


def test_fifo_is_refused_and_its_writer_not_woken(place: tuple[LocalHost, str], tree: Path) -> None:
    host, top = place
    # A process of its own: a thread would share the identity that the host reads with.
    with subprocess.Popen(["sh", "-c", 'exec > "$1"', "sh", tree / "fifo"]) as writer:
        with pytest.raises(OSError):
            host.read(f"{top}/fifo")
        assert writer.poll() is None
        os.close(os.open(tree / "fifo", os.O_RDONLY | os.O_NONBLOCK))
        while writer.poll() is None:  # it may have come to its open only now
            os.close(os.open(tree / "fifo", os.O_RDONLY | os.O_NONBLOCK))


def test_devices_and_endless_kernel_files_do_not_hang() -> None:
    host = LocalHost({})
    for path in ("/dev/zero", "/dev/tty", "/proc/kmsg", "/proc/self/mem"):
        with pytest.raises(OSError):
            host.read(path)
    assert host.read("/proc/self/status")


def test_links_of_a_root_stay_in_it(tree: Path) -> None:
    outside = tree.parent / f"{tree.name}.secret"
    outside.write_text("outside\n")
    for number, target in enumerate((str(outside), "/etc/secret", "../../../../../../etc/secret", "/../etc/secret")):
        (tree / f"link{number}").symlink_to(target)
    (tree / "up").symlink_to("..")
    host = RootedHost(str(tree))
    assert host.stat("/link0") is None
    for number in (1, 2, 3):
        assert host.text(f"/link{number}") == "inside\n"
        assert host.realpath(f"/link{number}") == "/etc/secret"
    assert host.realpath("/up/up/..") == "/"
    assert host.stat(f"/../{outside.name}") is None


def test_a_link_exchanged_during_the_walk_does_not_lead_out(tree: Path) -> None:
    host = RootedHost(str(tree))
    assert host.text("/etc/secret") == "inside\n"
    (tree / "etc").rename(tree / "was")
    (tree / "etc").symlink_to(tree.parent)
    (tree.parent / "secret").write_text("outside\n")
    # The new link is taken inside the root, where it leads nowhere.
    assert host.stat("/etc/secret") is None
    assert RootedHost(str(tree)).stat("/etc/secret") is None


def test_forty_links_are_followed_and_not_one_more(tree: Path) -> None:
    for number in range(41):
        (tree / f"l{number + 1}").symlink_to(f"l{number}")
    (tree / "l0").write_text("end")
    host = RootedHost(str(tree))
    assert host.text("/l40") == "end"
    assert host.stat("/l41") is None


def test_root_that_is_none_is_a_usage_error(tree: Path) -> None:
    for path in (tree / "nothing", tree / "etc/secret"):
        with pytest.raises(UsageError):
            RootedHost(str(path))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["usr", "..", ".", "", "bin", "top", "abs", "out", "tool", "loop"]), max_size=12))
def test_no_path_of_a_root_resolves_to_anything_outside(parts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "usr/bin").mkdir(parents=True)
        for link, target in (
            ("bin", "usr/bin"),
            ("top", "/"),
            ("abs", "/usr/../../bin"),
            ("out", "../../.."),
            ("loop", "loop/x"),
        ):
            (Path(name) / link).symlink_to(target)
        host = RootedHost(name)
        real = host.realpath("/" + "/".join(parts))
        status = host.stat("/" + "/".join(parts))
        assert (real == "") == (status is None)
        if status is not None:
            below = os.stat(name + real)
            assert (below.st_dev, below.st_ino) == (status.st_dev, status.st_ino)
        host.close()


def test_many_directories_do_not_use_up_descriptors(tree: Path) -> None:
    for number in range(300):
        (tree / f"d{number}/e").mkdir(parents=True)
    host = RootedHost(str(tree))
    before = len(os.listdir("/proc/self/fd"))
    assert all(host.is_directory(f"/d{number}/e/.") for number in range(300))
    assert all(host.listdir(f"/d{number}/e") == [] for number in range(300))
    assert len(os.listdir("/proc/self/fd")) - before < 140
    host.close()


def test_modes_decide_in_a_root(tree: Path) -> None:
    (tree / "usr/bin/tool").chmod(0o640)
    host = RootedHost(str(tree))
    owner = User(uid=(tree / "usr").stat().st_uid, gid=61000)
    assert host.may("/bin/tool", "rw", owner)
    assert not host.may("/bin/tool", "x", owner)
    assert not host.may("/bin/tool", "r", STRANGER)
    assert host.may("/bin/tool", "r", STRANGER._replace(groups=((tree / "usr/bin/tool").stat().st_gid,)))
    (tree / "usr").chmod(0o700)
    assert not host.may("/bin", "x", STRANGER)


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory that others may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@root_only
def test_a_link_planted_in_a_home_shows_nothing_that_its_owner_cannot_read(home: Path) -> None:
    secret = home / "secret"
    secret.write_text("root's\n")
    secret.chmod(0o600)
    (home / ".profile").symlink_to(secret)
    host = LocalHost({})
    assert host.lines(f"{home}/.profile") == ["root's"]
    with host.reading_as(STRANGER):
        assert (os.geteuid(), os.getegid(), os.getgroups()) == (61234, 61234, [61234])
        # Also what was kept while we read it as root is not given away.
        assert host.lines(f"{home}/.profile") == []
        with host.reading_as(User(uid=0)):
            assert host.lines(f"{home}/.profile") == ["root's"]
        with host.reading_as(STRANGER._replace(uid=61235)):
            assert os.geteuid() == 61235
        assert os.geteuid() == 61234
    assert os.geteuid() == 0
    assert not host.may(str(secret), "r", STRANGER)
    assert host.may(str(secret), "rw", User(uid=0))


@root_only
def test_rights_come_back_after_an_exception() -> None:
    host = LocalHost({})
    groups = os.getgroups()
    with pytest.raises(KeyError), host.reading_as(STRANGER):
        raise KeyError
    assert (os.geteuid(), os.getegid(), os.getgroups()) == (0, os.getgid(), groups)


@root_only
def test_root_that_cannot_switch_refuses_what_the_user_could_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("root's\n")
    secret.chmod(0o600)

    def denied(_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setgroups", denied)
    host = LocalHost({})
    with host.reading_as(STRANGER):
        assert host.lines(str(secret)) == []
        assert host.lines("/etc/passwd")
    assert host.lines(str(secret)) == ["root's"]


def test_space_is_that_of_the_nearest_parent() -> None:
    host = LocalHost({})
    space = host.space("/no/such/place")
    assert space is not None
    assert space.total_bytes >= space.free_bytes > 0
