"""What root reads in the places of others is no more than they could read themselves."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import UsageError
from gosteward.host.local import LocalHost
from gosteward.host.planted import read_as_its_owner
from gosteward.snapshot import User
from gosteward.toolchains import pinning
from gosteward.toolchains.installed import goroots

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can read more than others")
STRANGER = 61234
SECRET = "go9.9.9-secret"
ROOT = User(name="root", uid=0, gid=0, home="/root", shell="", home_exists=True, home_mode=0o700)


@pytest.fixture
def top() -> Iterator[Path]:
    """A directory that others reach, with a file in it that root alone reads."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        secret = Path(name, "secret")
        secret.write_text(SECRET)
        secret.chmod(0o600)
        yield Path(name)


def give(*paths: Path) -> None:
    for path in paths:
        os.chown(path, STRANGER, STRANGER, follow_symlinks=False)


def planted(top: Path, name: str) -> Path:
    """A directory of a stranger's, with a link of that name to the secret."""
    place = top / "theirs"
    place.mkdir()
    (place / name).symlink_to(top / "secret")
    give(place, place / name)
    return place


def test_version_of_a_tree_that_is_a_link_to_a_file_of_roots_is_not_told(top: Path) -> None:
    tree = planted(top, "VERSION")
    assert goroots.goroot_at(LocalHost({}), str(tree)).said == ""
    (tree / "VERSION").unlink()
    (tree / "VERSION").write_text("go1.26.8\n")
    assert goroots.goroot_at(LocalHost({}), str(tree)).version == "go1.26.8"


def test_version_file_of_a_project_that_is_a_link_to_a_file_of_roots_is_not_told(top: Path) -> None:
    place = planted(top, ".go-version")
    with pytest.raises(UsageError) as caught:
        pinning.project_at(str(place), LocalHost({"GOENV": "off"}), ROOT)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("how", ["file", "directory", "in a directory of root's", "below a directory of root's"])
def test_a_link_of_somebody_else_shows_root_what_they_could_read(top: Path, how: str) -> None:
    (top / "theirs").mkdir()
    (top / "theirs/own").write_text("own")
    (top / "theirs/inner").mkdir()  # stays root's: they can put another one in its place
    paths = {
        "file": top / "theirs/link", "directory": top / "theirs/link", "in a directory of root's": top / "link",
        "below a directory of root's": top / "theirs/inner/link",
    }  # fmt: skip
    link = paths[how]
    link.symlink_to(top if how == "directory" else top / "secret")
    give(top / "theirs")
    if "below" not in how:
        give(link)
    path = f"{link}/secret" if how == "directory" else str(link)
    host = LocalHost({})
    with read_as_its_owner(host, path), pytest.raises(PermissionError):
        host.read(path)
    assert host.read(path) == SECRET.encode()
    with read_as_its_owner(host, f"{top}/theirs/own"):
        assert host.read(f"{top}/theirs/own") == b"own"


def test_what_is_roots_alone_is_read_as_root(top: Path) -> None:
    host = LocalHost({})
    (top / "link").symlink_to("secret")
    with read_as_its_owner(host, f"{top}/link"):
        assert host.read(f"{top}/link") == SECRET.encode()
