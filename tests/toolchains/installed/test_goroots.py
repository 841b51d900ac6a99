"""What is said of a directory that is no tree, or that this process may not look into."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import PrivilegeError, UsageError
from gosteward.host.local import LocalHost
from gosteward.toolchains.installed import goroots

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_a_tree_for_a_group_is_closed_to_others_and_not_taken_for_no_tree(tmp_path: Path) -> None:
    tree = tmp_path / "go"
    tree.mkdir()
    (tree / "VERSION").write_text("go1.26.8\n")
    tree.chmod(0o750)
    tmp_path.chmod(0o755)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(61234)
            os.setuid(61234)
            goroots.goroot_at(LocalHost({}), str(tree))
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    os.close(writing)
    assert os.read(reading, 1000).decode().startswith(f"{PrivilegeError.__name__}: you may not enter it")
    os.close(reading)
    (tree / "VERSION").unlink()
    with pytest.raises(UsageError, match="no Go tree"):
        goroots.goroot_at(LocalHost({}), str(tree))
