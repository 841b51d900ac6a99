"""A directory of ours is where its user alone decides, and is used only where nobody else can write to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import PrivilegeError, StewardError
from gosteward.host.own_directory import OwnDirectory, cache_for, opened, state_for

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(os.geteuid() != 0, reason="root's own rule")
def test_root_never_uses_a_directory_of_whoever_called_sudo() -> None:
    environ = {"XDG_STATE_HOME": "/home/dev/.local/state", "XDG_CACHE_HOME": "/home/dev/.cache", "HOME": "/home/dev"}
    assert state_for(environ, "/root") == "/var/lib/gosteward"
    assert cache_for(environ, "/root") == "/var/cache/gosteward"


def test_users_keep_theirs_where_their_environment_says_or_in_their_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert state_for({"XDG_STATE_HOME": "/state/"}, "/home/dev") == "/state/gosteward"
    assert state_for({"XDG_STATE_HOME": "relative"}, "/home/dev") == "/home/dev/.local/state/gosteward"
    with pytest.raises(StewardError, match="no place"):
        state_for({}, "/")


def test_neither_a_link_nor_what_others_may_write_to_is_used(tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    OwnDirectory(str(ours)).put("name", b"content")
    ours.chmod(0o770)
    with pytest.raises(PrivilegeError, match="not yours alone"), opened(str(ours)):
        pass
    ours.chmod(0o700)
    (tmp_path / "link").symlink_to(ours)
    with pytest.raises(PrivilegeError, match="not yours alone"):
        OwnDirectory(str(tmp_path / "link")).put("name", b"other")
    assert OwnDirectory(str(ours)).read("name") == b"content"
