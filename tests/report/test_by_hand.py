"""Commands for people do what the actions do, on a host that nobody else changes meanwhile."""

from __future__ import annotations

import os
import stat
import subprocess
from typing import TYPE_CHECKING

from gosteward.actions import Action, CloseTree, MakeDirectory, OpenTree, ReplaceLink
from gosteward.report.by_hand import command_for

if TYPE_CHECKING:
    from pathlib import Path


def typed(action: Action) -> None:
    for command in command_for(action):
        subprocess.run(["/bin/sh", "-c", command], check=True)


def modes(top: Path) -> dict[str, int]:
    return {str(p.relative_to(top)): stat.S_IMODE(p.lstat().st_mode) for p in sorted(top.rglob("*"))}


def tree_in(top: Path) -> Path:
    for name in ("bin/go", "pkg/tool/linux_amd64/compile", "src/fmt/print.go"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text("")
        (top / name).chmod(0o600)
    (top / "src/fmt").chmod(0o700)
    return top


def test_a_tree_is_opened_with_its_programs(tmp_path: Path) -> None:
    tree = tree_in(tmp_path / "my go")
    typed(OpenTree(str(tree)))
    found = modes(tree)
    assert (found["bin/go"], found["pkg/tool/linux_amd64/compile"]) == (0o755, 0o755)
    assert (found["src/fmt"], found["src/fmt/print.go"]) == (0o755, 0o644)


def test_a_tree_is_closed_to_others_and_keeps_the_rest(tmp_path: Path) -> None:
    tree = tree_in(tmp_path / "go")
    (tree / "bin/go").chmod(0o777)
    (tree / "link").symlink_to("bin/go")
    typed(CloseTree(str(tree)))
    assert modes(tree)["bin/go"] == 0o775


def test_a_link_takes_the_place_of_one_to_a_directory(tmp_path: Path) -> None:
    (tmp_path / "go1.25.4").mkdir()
    (tmp_path / "go").symlink_to("go1.25.4")
    typed(ReplaceLink(str(tmp_path / "go"), "go1.26.8", "go1.25.4"))
    assert os.readlink(tmp_path / "go") == "go1.26.8"
    typed(ReplaceLink(str(tmp_path / "new"), "go1.26.8"))
    assert os.readlink(tmp_path / "new") == "go1.26.8"
    assert sorted(os.listdir(tmp_path)) == ["go", "go1.25.4", "new"]


def test_a_directory_is_made_for_its_user(tmp_path: Path) -> None:
    typed(MakeDirectory(str(tmp_path / "a/b"), 0o700, os.geteuid(), os.getegid()))
    typed(MakeDirectory(str(tmp_path / "c/d"), 0o700))
    assert modes(tmp_path)["a/b"] == modes(tmp_path)["c/d"] == 0o700
