"""What the administrator prepared for git is used only where nobody else could have written or read it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import PrivilegeError, UsageError
from gosteward.modules.checkout.admin_home import checked
from gosteward.modules.checkout.questions import Home

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    (made / ".ssh").mkdir(mode=0o700, parents=True)
    for name, mode in ((".netrc", 0o600), (".gitconfig", 0o644), (".ssh/id_ed25519", 0o600), (".ssh/id_ed25519.pub", 0o644), (".ssh/known_hosts", 0o644)):  # fmt: skip
        (made / name).write_text("x")
        (made / name).chmod(mode)
    made.chmod(0o750)
    return made


def test_what_is_there_is_found(home: Path) -> None:
    assert checked(str(home), None) == Home(str(home), True, False, (f"{home}/.ssh/id_ed25519",))
    (home / ".ssh/config").write_text("Host x\n")
    assert checked(str(home), None).ssh_config
    assert checked("", None) == Home()


@pytest.mark.parametrize(("name", "mode"), [(".netrc", 0o644), (".netrc", 0o620), (".gitconfig", 0o666), (".ssh/id_ed25519", 0o604), (".ssh", 0o777), ("", 0o775)])  # fmt: skip
def test_what_others_may_write_or_read_is_refused(home: Path, name: str, mode: int) -> None:
    (home / name).chmod(mode)
    with pytest.raises(PrivilegeError):
        checked(str(home), None)


def test_files_of_somebody_else_are_refused(home: Path) -> None:
    os.chown(home / ".netrc", 12345, 12345)
    with pytest.raises(PrivilegeError):
        checked(str(home), None)


@pytest.mark.parametrize("path", ["/home/with space", "/home/$(touch x)", "/home/a%h", "/nowhere/at/all"])
def test_a_path_that_a_shell_or_ssh_would_read_otherwise_is_refused(path: str) -> None:
    with pytest.raises(UsageError):
        checked(path, None)
