"""Who acts where: the walk to a place, and the ids with which something happens there."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gosteward.host import acting
from gosteward.host.acting import acting_as
from gosteward.host.places import LINKS_LIMIT, Accounts, Refused, place
from gosteward.snapshot import User

if TYPE_CHECKING:
    from collections.abc import Iterator

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
STRANGER = User(name="stranger", uid=61234, gid=61234)
OTHER = User(name="other", uid=61235, gid=61235)
ACCOUNTS = Accounts(lambda uid: {61234: STRANGER, 61235: OTHER}[uid])


@pytest.fixture
def top() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        (Path(name) / "a/b").mkdir(parents=True)
        yield Path(name)


def where(path: Path | str, *, follow: bool = True, own_hands: bool = False) -> tuple[str, int]:
    """The path without links, and the uid of whoever acts there, -1 for this process."""
    with place(str(path), ACCOUNTS, follow=follow, own_hands=own_hands) as found:
        assert os.path.samestat(os.fstat(found.directory), os.stat(os.path.dirname(found.path)))
        return found.path, found.account.uid if found.account else -1


def given(path: Path, user: User) -> Path:
    os.chown(path, user.uid, user.gid, follow_symlinks=False)
    return path


def test_path_is_walked_without_what_means_nothing(top: Path) -> None:
    assert where(f"{top}//a/./b/../new/") == (f"{top}/a/new", -1)


def test_links_of_our_own_are_followed_the_last_one_only_if_asked_for(top: Path) -> None:
    (top / "relative").symlink_to("a/b")
    (top / "a/up").symlink_to("../a")
    (top / "absolute").symlink_to(top / "a/up/b/file")
    assert where(top / "relative/x")[0] == f"{top}/a/b/x"
    assert where(top / "absolute")[0] == f"{top}/a/b/file"
    assert where(top / "absolute", follow=False)[0] == f"{top}/absolute"


@pytest.mark.parametrize(("path", "code"), [("/", errno.EISDIR), ("{top}/..", errno.EISDIR), ("{top}/none/x", errno.ENOENT),
                                            ("{top}/file/x", errno.ENOTDIR), ("relative", errno.ENOENT), ("", errno.ENOENT),
                                            ("/a\0b", errno.ENOENT), ("/\ud800", errno.ENOENT)])  # fmt: skip
def test_what_is_no_place_is_an_error_of_the_kernel(top: Path, path: str, code: int) -> None:
    (top / "file").touch()
    with pytest.raises(OSError) as caught:
        where(path.format(top=top))
    assert caught.value.errno == code


def test_loop_of_links_ends(top: Path) -> None:
    (top / "loop").symlink_to("loop")
    with pytest.raises(OSError) as caught:
        where(top / "loop/x")
    assert caught.value.errno == errno.ELOOP
    for number in range(LINKS_LIMIT + 2):
        (top / f"{number}").symlink_to(f"{number + 1}")
    with pytest.raises(OSError):
        where(top / "0")


def test_link_to_nothing_is_the_place_of_what_is_missing(top: Path) -> None:
    (top / "dangling").symlink_to("a/new")
    assert where(top / "dangling")[0] == f"{top}/a/new"
    with pytest.raises(FileNotFoundError):
        where(top / "dangling/x")


@root_only
def test_owner_of_the_first_directory_that_is_not_roots_acts_also_below_others(top: Path) -> None:
    given(top / "a", STRANGER)
    given(top / "a/b", OTHER)
    assert where(top / "a")[1] == -1
    assert where(top / "a/x")[1] == STRANGER.uid
    assert where(top / "a/b/x")[1] == STRANGER.uid
    assert where(top / "a/b/x", own_hands=True)[1] == -1


@root_only
def test_link_of_a_user_leads_only_to_places_of_the_same_user(top: Path) -> None:
    for name in ("a/root", "a/other", "a/own"):
        (top / name).mkdir()
    given(top / "a", STRANGER)
    given(top / "a/own", STRANGER)
    (top / "roots").mkdir()
    given(top / "a/b", OTHER)
    (top / "elsewhere").mkdir()
    given(top / "elsewhere", OTHER)
    links = {"1": "own/x", "2": f"{top}/roots/x", "3": f"{top}/elsewhere/x", "4": "/etc/profile"}
    for name, target in links.items():
        (top / "a" / name).symlink_to(target)
    assert where(top / "a/1") == (f"{top}/a/own/x", STRANGER.uid)
    for name in "234":
        with pytest.raises((Refused, PermissionError)):
            where(top / "a" / name)


@root_only
def test_root_follows_no_link_in_a_directory_of_somebody_else_with_its_own_hands(top: Path) -> None:
    given(top / "a", STRANGER)
    (top / "a/link").symlink_to("b")
    with pytest.raises(Refused, match="it is not followed"):
        where(top / "a/link/x", own_hands=True)


@root_only
def test_home_that_is_not_its_users_is_refused_from_inside_but_may_be_given_back(top: Path) -> None:
    accounts = Accounts(ACCOUNTS.named, ((str(top / "a"), STRANGER.uid),))
    with pytest.raises(Refused, match="belongs to uid 0"):
        place(str(top / "a/.bashrc"), accounts)
    place(str(top / "a"), accounts, own_hands=True).__exit__(None, None, None)


@root_only
def test_ids_come_back_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    before = (os.getresuid(), os.getresgid(), os.getgroups())

    def fail() -> None:
        with acting_as(STRANGER._replace(groups=(7, 8))):
            ids = (os.geteuid(), os.getegid(), sorted(os.getgroups()))
            assert ids == (STRANGER.uid, STRANGER.gid, [7, 8, STRANGER.gid])
            with acting_as(None), acting_as(STRANGER):
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (os.getresuid(), os.getresgid(), os.getgroups()) == before

    def denied(_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(acting.os, "setegid", lambda gid: denied(gid) if gid else os.setregid(-1, gid))
    with pytest.raises(PermissionError), acting_as(STRANGER):
        pass
    assert (os.getresuid(), os.getresgid(), os.getgroups()) == before
