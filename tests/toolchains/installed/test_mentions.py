"""Whoever names a tree by its path is found, by file and line; who names another one, or only in a comment, is not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gosteward.host.local import LocalHost
from gosteward.snapshot import User
from gosteward.toolchains.installed import mentions

if TYPE_CHECKING:
    from pathlib import Path


def named(top: Path) -> list[str]:
    """Places that name the tree, without the directory of the test."""
    tree = top / "opt/go/go1.22.12"
    tree.mkdir(parents=True, exist_ok=True)
    user = User(name="mia", uid=os.geteuid(), gid=os.getegid(), home=str(top / "home/mia"))
    found = mentions.of(str(tree), LocalHost({}), (user,), top=str(top))
    return [str(text).replace(str(top), "") for text in found]


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("etc/cron.d/build", "5 * * * * mia TREE/bin/go build\n"),
        ("var/spool/cron/crontabs/mia", "PATH=TREE/bin:/usr/bin\n"),
        ("etc/systemd/system/build.service", "ExecStart=TREE/bin/go run .\n"),
        ("etc/systemd/system/build.service.d/go.conf", "Environment=PATH=TREE/bin:/usr/bin\n"),
        ("etc/sudoers.d/go", "mia ALL=(ALL) TREE/bin/go\n"),
        ("home/mia/.profile", 'export PATH="TREE/bin:$PATH"\n'),
        ("home/mia/.config/go/env", "GOROOT=TREE\n"),
        ("home/mia/.config/fish/conf.d/go.fish", "fish_add_path TREE/bin\n"),
    ],
)
def test_a_line_that_names_the_tree_is_found(tmp_path: Path, place: str, line: str) -> None:
    tree = f"{tmp_path}/opt/go/go1.22.12"
    put(tmp_path / place, f"# {tree}\n{line.replace('TREE', tree)}")
    assert named(tmp_path) == [f"/{place}:2 names it"]
    put(tmp_path / place, f"{line.replace('TREE', f'{tree}0')}#{line.replace('TREE', tree)}")
    assert named(tmp_path) == []


def test_a_tree_behind_a_link_is_found_by_both_of_its_names(tmp_path: Path) -> None:
    tree = tmp_path / "disk/go/go1.22.12"
    tree.mkdir(parents=True)
    (tmp_path / "srv").symlink_to("disk")
    for place, name in (("etc/cron.d/a", tree), ("etc/cron.d/b", f"{tmp_path}/srv/go/go1.22.12")):
        put(tmp_path / place, f"5 * * * * mia {name}/bin/go build\n")
    (tmp_path / "opt").mkdir()
    (tmp_path / "opt/old").symlink_to(tree)
    found = mentions.of(f"{tmp_path}/srv/go/go1.22.12", LocalHost({}), (), top=str(tmp_path))
    texts = [str(text).replace(str(tmp_path), "") for text in found]
    assert texts == ["/opt/old -> /disk/go/go1.22.12 names it", "/etc/cron.d/a:1 names it", "/etc/cron.d/b:1 names it"]


def test_a_tree_in_a_home_is_found_by_the_short_names_of_the_home(tmp_path: Path) -> None:
    tree, home = tmp_path / "home/mia/go/go1.22.12", tmp_path / "home/mia"
    tree.mkdir(parents=True)
    user = User(name="mia", uid=os.geteuid(), gid=os.getegid(), home=str(home))
    for line in ("PATH=$HOME/go/go1.22.12/bin:$PATH", "PATH=~/go/go1.22.12/bin:$PATH", "PATH=${HOME}/go/go1.22.12/bin"):
        put(home / ".bashrc", f"\n{line}\n")
        assert [str(t) for t in mentions.of(str(tree), LocalHost({}), (user,), top=str(tmp_path))] == [
            f"{home}/.bashrc:2 names it"
        ]


def test_links_are_found_but_not_those_that_lead_through_current(tmp_path: Path) -> None:
    tree = tmp_path / "opt/go/go1.22.12"
    for place, target in (
        ("usr/local/bin/go1.22", f"{tree}/bin/go"), ("usr/local/go-old", "../../opt/go/go1.22.12"), ("home/mia/bin/go", f"{tree}/bin/go"),
        ("opt/go/stable", "go1.22.12"), ("opt/go/current", "go1.22.12"), ("usr/local/bin/go", f"{tmp_path}/opt/go/current/bin/go"),
    ):  # fmt: skip
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).symlink_to(target)
    assert [text.split(" ->")[0] for text in named(tmp_path)] == [
        "/usr/local/go-old",
        "/usr/local/bin/go1.22",
        "/opt/go/stable",
        "/home/mia/bin/go",
    ]


def test_a_fifo_and_a_binary_file_keep_nobody_waiting(tmp_path: Path) -> None:
    (tmp_path / "home/mia").mkdir(parents=True)
    os.mkfifo(tmp_path / "home/mia/.profile")
    (tmp_path / "home/mia/.bashrc").write_bytes(bytes(range(256)) * 10)
    assert named(tmp_path) == []
