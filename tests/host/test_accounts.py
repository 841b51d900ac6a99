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


def test_number_is_a_name_first_then_a_uid_then_a_stranger(host: RootedHost) -> None:
    assert accounts.user_named(host, "12345").uid == 2000
    assert accounts.user_named(host, "1000").name == "dev"
    stranger = accounts.user_named(host, "4711")
    assert (stranger.uid, stranger.known, stranger.home, stranger.home_exists) == (4711, False, "", False)


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
def test_no_line_breaks_the_parsers(lines: list[str]) -> None:
    accounts.passwd_entries(lines)
    accounts.groups_of(lines, "x")
