"""Hashing an installed tree: every file of it, nothing through a link, and what does not belong there by name."""

from __future__ import annotations

import os
import socket
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from gosteward.golang.distribution import Entry, module_h1
from gosteward.host import tree_hashing
from gosteward.host.tree_hashing import DEEPEST, PIECE, HashedTree, Oddity, hash_tree

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "VERSION": b"go1.26.8\n",
    "src/go.mod": b"module std\n",
    "bin/go": bytes(3 * PIECE + 1),
    "bin/gofmt": bytes(PIECE),
    "src/empty": b"",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o755 if name.startswith("bin/") else 0o644)
    return tmp_path


def hashed(path: Path) -> HashedTree:
    before = sorted(os.listdir("/proc/self/fd"))
    directory = os.open(path, os.O_RDONLY)
    try:
        return hash_tree(directory)
    finally:
        os.close(directory)
        assert sorted(os.listdir("/proc/self/fd")) == before


def test_every_file_has_its_mode_and_digest(tree: Path) -> None:
    found = hashed(tree)
    assert found.entries == tuple(
        Entry(name, 0o755 if name.startswith("bin/") else 0o644, sha256(content).hexdigest())
        for name, content in sorted(FILES.items())
    )
    assert (found.oddities, found.size, found.cut) == ((), sum(map(len, FILES.values())), "")


def test_what_is_not_to_be_hashed_is_listed_only(tree: Path) -> None:
    directory = os.open(tree, os.O_RDONLY)
    found = hash_tree(directory, ("bin/", "src/e"))
    os.close(directory)
    assert {entry.name for entry in found.entries if not entry.sha256} == {"bin/go", "bin/gofmt", "src/empty"}
    assert [entry[:2] for entry in found.entries] == [entry[:2] for entry in hashed(tree).entries]


@pytest.mark.parametrize(("place", "mode"), [("src/empty", 0o664), ("bin/go", 0o757), ("src", 0o777)])
def test_what_others_may_change_is_named(tree: Path, place: str, mode: int) -> None:
    for path in (tree, *tree.rglob("*")):
        os.chmod(path, 0o755)
    assert hashed(tree).others_write == ("" if os.geteuid() == 0 else ".")
    os.chmod(tree / place, mode)
    assert hashed(tree).others_write == (place if os.geteuid() == 0 else ".")


@pytest.mark.parametrize("limit", ["MOST_FILES", "MOST_BYTES"])
def test_tree_that_is_no_release_by_its_size_is_not_read_to_the_end(
    tree: Path, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_hashing, limit, 3)
    found = hashed(tree)
    assert found.cut.startswith("it holds more than 3 ")
    assert ("", "too many", found.cut) in found.oddities


def test_h1_covers_the_module_form_only(tree: Path) -> None:
    before = hashed(tree).h1("go1.26.8", "linux-amd64")
    assert before == module_h1(hashed(tree).entries, "go1.26.8", "linux-amd64")
    (tree / "test").mkdir()
    (tree / "test/x.go").write_text("package x\n")
    (tree / "bin/gopls").write_text("")
    assert hashed(tree).h1("go1.26.8", "linux-amd64") == before
    (tree / "src/x.go").write_text("package x\n")
    assert hashed(tree).h1("go1.26.8", "linux-amd64") != before


def test_what_is_no_file_is_named_and_not_opened(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("s")
    (tree / "src/link").symlink_to(outside / "secret")
    (tree / "src/tree").symlink_to(outside)
    os.mkfifo(tree / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tree / "s"))
    (tree / "line\nend").write_text("")
    found = hashed(tree)
    assert found.oddities == (
        Oddity("fifo", "special"),
        Oddity("line\nend", "name"),
        Oddity("s", "special"),
        Oddity("src/link", "link", str(outside / "secret")),
        Oddity("src/tree", "link", str(outside)),
    )
    assert {entry.name for entry in found.entries} == FILES.keys()


def test_name_that_is_no_text_has_a_digest_too(tree: Path) -> None:
    with open(os.fsencode(tree) + b"/src/\xff.go", "wb"):
        pass
    found = hashed(tree)
    assert os.fsencode(found.entries[-1].name) == b"src/\xff.go"
    assert found.h1("go1.26.8", "linux-amd64").startswith("h1:")


def test_tree_without_an_end_is_not_followed_for_ever(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * (DEEPEST + 3))
    deep.mkdir(parents=True)
    (deep / "x").write_text("")
    assert [(o.name, o.kind) for o in hashed(tmp_path).oddities] == [("d/" * DEEPEST + "d", "too deep")]
