"""What other users of the host prepare for root's hands. docs/threat-model.md names each of these tests."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gosteward.actions import (
    LAST,
    CloseTree,
    EditLines,
    LineEdit,
    MakeDirectory,
    MoveAside,
    OpenTree,
    ReplaceLink,
    SetMode,
    SetOwner,
    WriteFile,
)
from gosteward.errors import BusyError, StewardError
from gosteward.host import checking
from gosteward.host.acting import acting_as
from gosteward.host.places import Accounts, Refused
from gosteward.repair.executor import perform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Steward
    from gosteward.actions import Action
    from gosteward.snapshot import User

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to lose")
SECRET = "root's own\n"
SECONDS = 0.8


@pytest.fixture
def victim(open_top: Path) -> Path:
    """A directory of root's, with files and a directory that the attackers would like to have changed."""
    top = open_top / "victim"
    (top / "bin").mkdir(parents=True)
    for name, mode in (("readable", 0o644), ("secret", 0o600), ("bin/go", 0o644)):
        (top / name).write_text(SECRET)
        (top / name).chmod(mode)
    return top


@pytest.fixture
def safe(victim: Path, steward: Steward) -> Iterator[None]:
    """Nothing of root's has changed at the end of the test."""
    before = _looks(victim)
    yield
    assert _looks(victim) == before


def _looks(top: Path) -> dict[str, tuple[Any, ...]]:
    found = {}
    for path in [top, *sorted(top.rglob("*"))]:
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns, content)
    return found


def as_user(user: User, work: Callable[[], None]) -> int:
    """Do something in a child that is that user for good; returns its number."""
    child = os.fork()
    if child:
        return child
    try:
        os.setgroups([])
        os.setresgid(user.gid, user.gid, user.gid)
        os.setresuid(user.uid, user.uid, user.uid)
        work()
        os._exit(0)
    except BaseException:
        os._exit(1)


@contextlib.contextmanager
def attacked(user: User, step: Callable[[], None]) -> Iterator[None]:
    """Inside the block a child does `step` as that user, over and over."""

    def work() -> None:
        while True:
            with contextlib.suppress(OSError):
                step()

    child = as_user(user, work)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def own(user: User, *paths: Path) -> None:
    for path in paths:
        os.chown(path, user.uid, user.gid, follow_symlinks=False)


def attempts(steward: Steward, *actions: Action) -> int:
    """Try actions for a while; how often they were done."""
    done, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(Refused, OSError, StewardError):
            steward.fix(*actions)
            done += 1
            steward.undo(force=True)
    return done


def line(path: Path) -> EditLines:
    return EditLines(str(path), (LineEdit(LAST, after=("export PATH",)),))


@pytest.mark.usefixtures("safe")
@pytest.mark.parametrize("name", ["readable", "secret"])
def test_dotfile_that_is_a_link_to_a_file_of_roots_is_neither_read_nor_written(
    steward: Steward, home: Path, victim: Path, name: str
) -> None:
    (home / ".bashrc").symlink_to(victim / name)
    before = (victim / name).stat().st_mode & 0o7777
    for action in (
        line(home / ".bashrc"),
        SetMode(str(home / ".bashrc"), before, 0o666),
        OpenTree(str(home / ".bashrc")),
    ):
        with pytest.raises(Refused, match="not a place of the same user"):
            steward.fix(action)
    assert list(Path(steward.place, "contents").iterdir()) == []


@pytest.mark.usefixtures("safe")
def test_dotfile_that_is_a_link_into_a_repository_of_its_owner_is_changed_as_its_owner(
    steward: Steward, home: Path, stranger: User
) -> None:
    (home / "dotfiles").mkdir()
    (home / "dotfiles/bashrc").write_text("a\n")
    (home / ".bashrc").symlink_to("dotfiles/bashrc")
    own(stranger, home / "dotfiles", home / "dotfiles/bashrc")
    steward.fix(line(home / ".bashrc"))
    assert (home / ".bashrc").is_symlink()
    assert (home / "dotfiles/bashrc").read_text() == "a\nexport PATH\n"
    assert (home / "dotfiles/bashrc").stat().st_uid == stranger.uid


@pytest.mark.usefixtures("safe")
def test_file_and_link_that_change_places_all_the_time(
    steward: Steward, home: Path, victim: Path, stranger: User
) -> None:
    (home / "rc").write_text("a\n")
    (home / "go").mkdir()
    (home / "go/bin").mkdir()
    (home / "go/bin/go").touch(0o644)
    own(stranger, home / "rc", home / "go", home / "go/bin", home / "go/bin/go")

    def swap() -> None:
        for name, target in (("rc", victim / random.choice(["readable", "secret"])), ("go", victim)):
            os.symlink(target, home / "link")
            os.rename(home / name, home / "kept")
            os.rename(home / "link", home / name)
            os.unlink(home / name)
            os.rename(home / "kept", home / name)

    with attacked(stranger, swap):
        done = attempts(steward, line(home / "rc"), OpenTree(str(home / "go")), WriteFile(str(home / "go/bin/new"), ""))
        done += attempts(steward, SetOwner(str(home / "go"), stranger.uid, 7, 7, tree=True))
        done += attempts(steward, MoveAside(str(home / "go")), MakeDirectory(str(home / "go"), 0o777))
    assert done > 0  # it was a race


@pytest.mark.usefixtures("safe")
def test_directory_of_root_that_everybody_may_write_to_with_links_that_come_and_go(
    steward: Steward, open_top: Path, victim: Path, stranger: User
) -> None:
    shared = open_top / "shared"
    (shared / "go").mkdir(parents=True)
    shared.chmod(0o777)
    (shared / "go").chmod(0o777)
    (shared / "rc").write_text("a\n")
    (shared / "go/file").touch(0o644)

    def swap() -> None:
        os.rename(shared / "rc", shared / "kept")
        os.symlink(victim / "readable", shared / "rc")
        os.unlink(shared / "rc")
        os.rename(shared / "kept", shared / "rc")
        os.rename(shared / "go", shared / "old")
        os.symlink(victim, shared / "go")
        os.unlink(shared / "go")
        os.rename(shared / "old", shared / "go")

    with attacked(stranger, swap):
        attempts(steward, line(shared / "rc"), SetMode(str(shared / "rc"), 0o644, 0o600))
        attempts(steward, CloseTree(str(shared / "go")), WriteFile(str(shared / "go/bin/go"), ""))
        attempts(steward, SetOwner(str(shared / "go"), 0, 7, 7, tree=True))


@pytest.mark.usefixtures("safe")
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770])
def test_planted_link_in_a_directory_that_others_may_write_to_is_not_followed(
    steward: Steward, open_top: Path, victim: Path, stranger: User, mode: int
) -> None:
    shared = open_top / "shared"
    shared.mkdir()
    (shared / "go").symlink_to(victim)
    (shared / "rc").symlink_to(victim / "readable")
    os.chown(shared, 0, stranger.gid)
    own(stranger, shared / "go", shared / "rc")
    shared.chmod(mode)
    for action in (line(shared / "rc"), OpenTree(str(shared / "go")), SetMode(str(shared / "go/bin/go"), 0o644, 0o755)):
        with pytest.raises(Refused, match="it is not followed"):
            steward.fix(action)


@pytest.mark.usefixtures("safe")
def test_planted_link_in_a_directory_that_a_list_opens_is_not_followed(
    steward: Steward, open_top: Path, victim: Path, stranger: User
) -> None:
    shared = open_top / "shared"
    shared.mkdir()
    (shared / "go").symlink_to(victim)
    subprocess.run(["setfacl", "-m", f"u:{stranger.uid}:rwx", shared], check=True)
    with pytest.raises(Refused, match="it is not followed"):
        steward.fix(OpenTree(str(shared / "go")))


def linked(victim: Path, place: Path) -> None:
    """A hard link to a file of root's, as any user makes it where fs.protected_hardlinks is 0."""
    place.parent.mkdir(parents=True, exist_ok=True)
    os.link(victim / "bin/go", place)


@pytest.mark.usefixtures("safe")
def test_hard_link_to_a_file_of_roots_keeps_its_content_mode_and_owner(
    steward: Steward, open_top: Path, home: Path, victim: Path, stranger: User
) -> None:
    shared = open_top / "shared"
    linked(victim, shared / "go/bin/go")
    linked(victim, home / "cache/object")
    for refused in (
        line(shared / "go/bin/go"),
        line(home / "cache/object"),
        SetMode(str(shared / "go/bin/go"), 0o644, 0o777),
    ):
        with pytest.raises((Refused, OSError)):
            steward.fix(refused)
    steward.fix(OpenTree(str(shared / "go")), SetOwner(str(home / "cache"), 0, stranger.uid, stranger.gid, tree=True))
    (home / "cache/object").unlink()
    (shared / "go/bin/go").unlink()


@pytest.mark.usefixtures("safe")
@pytest.mark.parametrize("kind", ["owner", "mode"])
def test_hard_link_that_takes_the_place_of_a_file_after_it_was_looked_at(
    steward: Steward, home: Path, victim: Path, stranger: User, kind: str
) -> None:
    (home / "go/bin").mkdir(parents=True)
    (home / "go/bin/go").touch(0o644)
    path = str(home / "go")
    action: Action = SetOwner(path, 0, stranger.uid, stranger.gid, tree=True)
    if kind == "mode":
        os.chown(home, 0, 0)
        action = OpenTree(path)
    (change,) = steward.planned(action)
    (home / "go/bin/go").unlink()
    linked(victim, home / "go/bin/go")
    with pytest.raises(Refused, match="hard links"):
        perform(change, steward.accounts, "")
    assert (home / "go").stat().st_uid == 0  # what was done before is taken back
    (home / "go/bin/go").unlink()


@pytest.mark.usefixtures("safe")
def test_directory_that_becomes_a_link_after_it_was_looked_at(
    steward: Steward, home: Path, victim: Path, stranger: User
) -> None:
    (home / "go/bin").mkdir(parents=True)
    (home / "go/bin/go").touch(0o644)
    (change,) = steward.planned(SetOwner(str(home / "go"), 0, stranger.uid, stranger.gid, tree=True))
    shutil.rmtree(home / "go/bin")
    (home / "go/bin").symlink_to(victim / "bin")
    with pytest.raises(Refused):
        perform(change, steward.accounts, "")
    assert (home / "go").stat().st_uid == 0


@pytest.mark.usefixtures("safe")
def test_undo_gives_nothing_back_to_root_that_runs_with_its_owners_rights(
    steward: Steward, home: Path, stranger: User
) -> None:
    (home / "tool").write_text("#!/bin/sh\n")
    (home / "tool").chmod(0o755)
    (home / "powerful").write_text("#!/bin/sh\n")
    (home / "powerful").chmod(0o4755)
    action = SetOwner(str(home), 0, stranger.uid, stranger.gid, tree=True)
    steward.fix(action)
    assert (home / "powerful").stat().st_uid == 0
    assert (home / "tool").stat().st_uid == stranger.uid
    (home / "tool").chmod(0o4755)
    with pytest.raises(BusyError):
        steward.undo()
    with pytest.raises(BusyError, match="rights of its own"):
        steward.undo(force=True)
    assert (home / "tool").stat().st_uid == stranger.uid


@pytest.mark.parametrize("kind", ["fifo", "device", "socket"])
def test_what_is_no_file_is_neither_opened_nor_replaced(steward: Steward, kind: str) -> None:
    path = steward.top / "rc"
    if kind == "fifo":
        os.mkfifo(path)  # to open it would wait for somebody who writes
    elif kind == "device":
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 8))
    else:
        os.mknod(path, stat.S_IFSOCK | 0o666)
    before = steward.looks()
    for action in (line(path), WriteFile(str(path), "x"), ReplaceLink(str(path), "x"), MakeDirectory(str(path))):
        with pytest.raises(Refused):
            steward.fix(action)
    with pytest.raises(Refused):
        steward.fix(MoveAside(str(path)))
    assert steward.looks() == before


def test_nothing_is_written_in_a_home_that_is_not_its_users(steward: Steward, home: Path, stranger: User) -> None:
    known = steward._replace(accounts=Accounts(steward.accounts.named, ((str(home), stranger.uid + 1),)))
    for action in (line(home / ".bashrc"), MakeDirectory(str(home / ".cache/go-build"))):
        with pytest.raises(Refused, match="nothing is written there"):
            known.fix(action)
    assert list(home.iterdir()) == []


def test_what_is_made_in_a_home_belongs_to_its_owner(steward: Steward, home: Path, stranger: User) -> None:
    steward.fix(
        WriteFile(str(home / ".config/go/env"), "X=1\n"), ReplaceLink(str(home / "bin/go"), "/usr/local/go/bin/go")
    )
    assert {(p.lstat().st_uid, p.lstat().st_gid) for p in home.rglob("*")} == {(stranger.uid, stranger.gid)}
    steward.undo()
    assert list(home.iterdir()) == []


def test_file_of_root_in_a_home_is_left_to_root(steward: Steward, home: Path) -> None:
    (home / ".bashrc").write_text("a\n")
    (home / "link").symlink_to("a")
    with pytest.raises(Refused, match="belongs to uid 0"):
        steward.fix(line(home / ".bashrc"))
    with pytest.raises(Refused, match="belongs to uid 0"):
        steward.fix(ReplaceLink(str(home / "link"), "b", "a"))


def test_immutable_file_stays_and_nothing_lies_beside_it(steward: Steward, tmp_path: Path) -> None:
    path = tmp_path / "rc"
    path.write_text("a\n")
    if subprocess.run(["chattr", "+i", path], capture_output=True, check=False).returncode:
        pytest.skip("this file system has no such flag")
    try:
        with pytest.raises(PermissionError):
            steward.fix(line(path))
        with pytest.raises(PermissionError):
            steward.fix(SetMode(str(path), 0o644, 0o600))
        assert [p.name for p in tmp_path.iterdir()] == ["rc"]
    finally:
        subprocess.run(["chattr", "-i", path], check=True)


MOUNTED = """
import os, sys
sys.path[:] = {path!r}
from gosteward.actions import *
from gosteward.host.places import Accounts
from gosteward.repair.executor import begin
from gosteward.repair.journal import Journal
from gosteward.repair.preparation import prepare
from gosteward.repair.world import World
accounts = Accounts(None)
with Journal({place!r}).locked("fix") as journal:
    executor, failed = begin(journal, accounts, "fix"), []
    for action in (EditLines({top!r} + "/rc", (LineEdit(LAST, "", ("x",)),)), WriteFile({top!r} + "/d/new", ""),
                   SetMode({top!r} + "/rc", 0o644, 0o600), MoveAside({top!r} + "/rc"), OpenTree({top!r})):
        try:
            for change in prepare(action, World(accounts)):
                executor.apply(change, 1)
        except OSError as error:
            failed.append(error.errno)
print(failed)
"""


def test_read_only_mount_is_said_and_nothing_else_happens(steward: Steward) -> None:
    (steward.top / "rc").write_text("a\n")
    (steward.top / "rc").chmod(0o644)
    (steward.top / "closed").mkdir(0o700)
    before = steward.looks(times=True)
    script = MOUNTED.format(path=sys.path, place=steward.place, top=str(steward.top))
    mounted = f'mount --bind {steward.top} {steward.top} && mount -o remount,bind,ro {steward.top} && exec $0 -c "$1"'
    ran = subprocess.run(
        ["unshare", "-m", "--propagation", "private", "sh", "-c", mounted, sys.executable, script],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "unshare" in ran.stderr or "mount:" in ran.stderr:
        pytest.skip(ran.stderr)
    assert ran.stdout.strip() == "[30, 30, 30, 30, 30]", ran.stderr
    assert steward.looks(times=True) == before


def test_whoever_we_act_as_can_neither_signal_nor_trace_us(stranger: User) -> None:
    us = os.getpid()

    def work() -> None:
        for attempt in (
            lambda: os.kill(us, 0),
            lambda: os.listdir(f"/proc/{us}/fd"),
            lambda: os.open(f"/proc/{us}/mem", os.O_RDONLY),
        ):
            with contextlib.suppress(PermissionError):
                attempt()
                os._exit(2)

    with acting_as(stranger):
        assert (os.getuid(), os.geteuid(), os.getegid()) == (0, stranger.uid, stranger.gid)
        assert os.getgroups() == [stranger.gid]
        read, write = os.pipe()
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException), acting_as(stranger):
            inner = as_user_already(stranger, work)
            os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]))
        os._exit(3)
    os.close(read)
    os.close(write)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert os.geteuid() == 0


def as_user_already(user: User, work: Callable[[], None]) -> int:
    """As `as_user`, from a process that acts as that user for the moment."""
    child = os.fork()
    if child:
        return child
    os.seteuid(0)
    os.setgroups([])
    os.setresgid(user.gid, user.gid, user.gid)
    os.setresuid(user.uid, user.uid, user.uid)
    work()
    os._exit(0)


def test_programs_that_judge_for_us_get_nothing_of_our_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    program = tmp_path / "visudo"
    program.write_text(f"#!/bin/sh\nenv > {seen}\n")
    program.chmod(0o755)
    monkeypatch.setattr(checking, "VISUDO", (str(program),))
    monkeypatch.setattr(checking, "roots_alone", lambda _: True)
    for name in ("LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONPATH", "SUDO_EDITOR", "GOFLAGS", "ENV", "BASH_ENV"):
        monkeypatch.setenv(name, str(tmp_path))
    assert checking.sudoers_complaint(b"") == ""
    assert {row.partition("=")[0] for row in seen.read_text().splitlines()} <= {
        "PATH",
        "LC_ALL",
        "PWD",
        "SHLVL",
        "_",
        "OLDPWD",
    }


def test_planted_python_modules_are_not_run(tmp_path: Path, open_top: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\n")
    (tmp_path / "gosteward.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\n")
    source = next(p for p in sys.path if Path(p, "gosteward/cli").is_dir())
    calls = ("import sys", f"sys.path.append({source!r})", "from gosteward.cli.main import main", "main(['history'])")
    script = "; ".join(calls)
    environment = {
        "PYTHONPATH": str(tmp_path),
        "PYTHONSTARTUP": str(tmp_path / "gosteward.py"),
        "XDG_STATE_HOME": str(open_top),
    }
    subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=tmp_path, env=environment, capture_output=True, check=False
    )
    assert not (tmp_path / "run").exists()
    assert list(open_top.iterdir()) == []


@pytest.mark.usefixtures("safe")
def test_new_file_is_not_made_through_a_link_of_a_user(steward: Steward, home: Path, victim: Path) -> None:
    (home / ".config").symlink_to(victim)
    (home / ".cache").symlink_to(victim / "new")
    for action in (WriteFile(str(home / ".config/go/env"), ""), MakeDirectory(str(home / ".cache"))):
        with pytest.raises(Refused, match="not a place of the same user"):
            steward.fix(action)


@pytest.mark.usefixtures("safe")
def test_link_of_root_into_a_home_is_followed_as_the_owner_of_the_home(
    steward: Steward, home: Path, open_top: Path, stranger: User
) -> None:
    (open_top / "current").symlink_to(home)
    steward.fix(WriteFile(str(open_top / "current/new"), ""))
    assert (home / "new").stat().st_uid == stranger.uid
