"""Users by name, by number, and whoever called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.host import accounts
from gosteward.host.local import LocalHost
from gosteward.host.rooted import RootedHost
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from pathlib import Path

PASSWD = """root:x:0:0:root:/root:/bin/bash
+@nis::::::
broken:x:zero:0::/:/bin/sh
dev:x:1000:1001:Dev,,,:/home/dev:/usr/bin/zsh
sys:x:3:3:sys:/dev:
12345:x:2000:2000::/home/number:/bin/sh
huge:x:4294967295:1::/:/bin/sh
"""


@pytest.fixture
def host(tmp_path: Path) -> RootedHost:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(PASSWD)
    (tmp_path / "etc/group").write_text("dev:x:1001:\ndocker:x:998:root,dev\nadm:x:4:dev\nbad:x:y:dev\n")
    (tmp_path / "home/dev").mkdir(parents=True)
    (tmp_path / "home/dev").chmod(0o750)
    return RootedHost(str(tmp_path))


def test_user_by_name_with_groups_and_home(host: RootedHost) -> None:
    user = accounts.user_named(host, "dev")
    assert (user.uid, user.gid, user.groups, user.shell) == (1000, 1001, (998, 4), "/usr/bin/zsh")
    assert (user.home, user.home_exists, user.home_mode, user.known) == ("/home/dev", True, 0o750, True)
    assert accounts.user_named(host, "sys").shell == "/bin/sh"
    assert not accounts.user_named(host, "sys").home_exists


def test_home_at_the_root_comes_with_its_line_and_a_better_place(host: RootedHost, tmp_path: Path) -> None:
    rows = (
        "dev:x:1000:1001:Dev:/:/bin/sh",
        "new:x:1001:1001::/:/bin/sh",
        "old:$6$hash:1002:1002::/:/bin/sh",
        "root:x:0:0::/:/bin/sh",
    )
    (tmp_path / "etc/passwd").write_text("# people\n" + "".join(f"{row}\n" for row in rows))
    os.chown(tmp_path / "home/dev", 1000, 1001)
    dev, new, old, root = (accounts.user_named(host, name) for name in ("dev", "new", "old", "root"))
    assert (dev.account, dev.better_home) == (Location("/etc/passwd", 2, rows[0]), "/home/dev")
    assert (new.account, new.better_home) == (Location("/etc/passwd", 3, rows[1]), "/home/new")
    assert (old.account, old.better_home) == (None, "/home/old"), "a hash is shown to nobody"
    assert (root.account, root.better_home) == (None, "")
    (tmp_path / "home/new").mkdir()
    os.chown(tmp_path / "home/new", 1000, 1000)
    assert accounts.user_named(RootedHost(str(tmp_path)), "new").better_home == "", "somebody else's"


def test_number_is_a_name_first_then_a_uid_then_a_stranger(host: RootedHost) -> None:
    assert accounts.user_named(host, "12345").uid == 2000
    assert accounts.user_named(host, "1000").name == "dev"
    stranger = accounts.user_named(host, "4711")
    assert (stranger.uid, stranger.known, stranger.home, stranger.home_exists) == (4711, False, "", False)


def test_who_runs_it_without_an_account_lives_where_home_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 54_321)
    monkeypatch.setattr(os, "geteuid", lambda: 54_321)
    here = LocalHost({"HOME": str(tmp_path)})
    me, another = accounts.user_with_id(here, 54_321), accounts.user_with_id(here, 54_322)
    assert (me.known, me.home, me.home_exists) == (False, str(tmp_path), True)
    assert (another.home, another.home_exists) == ("", False)


@pytest.mark.parametrize("name", ["nobody-here", "", "broken", "huge", "-1", "99999999999", "4294967295", "\u0663"])
def test_unknown_user_is_a_usage_error_with_a_hint(host: RootedHost, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        accounts.user_named(host, name)
    assert "root, dev" in caught.value.hint


def test_sudo_tells_who_called_only_to_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert accounts.invoking_user(LocalHost({"SUDO_UID": "1"})).uid == 1
    assert accounts.invoking_user(LocalHost({"SUDO_UID": "x"})).uid == 0
    monkeypatch.setattr(os, "getuid", lambda: 7)
    monkeypatch.setattr(os, "geteuid", lambda: 7)
    assert accounts.invoking_user(LocalHost({"SUDO_UID": "0"})).uid == 7


def test_unpacked_root_is_examined_for_its_root(host: RootedHost) -> None:
    assert accounts.invoking_user(host).name == "root"


@given(st.lists(st.text(alphabet=":x0019\r\ud800-,é", max_size=30), max_size=5))
def test_accounts_have_names_and_numbers_that_the_kernel_knows(lines: list[str]) -> None:
    for entry in accounts.passwd_entries(lines):
        assert entry.name
        assert any(line.startswith(f"{entry.name}:") for line in lines)
        assert 0 <= entry.uid <= accounts.HIGHEST
        assert 0 <= entry.gid <= accounts.HIGHEST
        assert entry.shell
    groups = accounts.groups_of(lines, "x")
    assert len(groups) == len(set(groups))
    assert accounts.groups_of([*lines, "g:x:7:y,x"], "x")[-1:] in (groups[-1:], (7,))
