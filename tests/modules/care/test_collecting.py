"""Removing what nobody uses: the oldest first, whole versions, none that is to be kept, and nobody who is served notices."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from gosteward.modules.care.collecting import Limits, collect
from gosteward.modules.care.storage_status import status_of
from gosteward.modules.storage.kept_answers import AnswersOnDisk, Kept
from modules.care.stores import MODULES, Published, filled, outside, ran, stored
from serve.serving import proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gosteward.modules.storage.disk import DiskStore

DAY = 86_400
NOW = time.time()


@pytest.fixture(scope="module")
def published() -> Iterator[Published]:
    with outside() as found:
        yield found


@pytest.fixture
def store(published: Published, tmp_path: Path) -> DiskStore:
    """The modules were used 30, 20 and 10 days ago."""
    found = filled(tmp_path / "store", published).store
    for path in (tmp_path / "store/modules").rglob("v*"):
        days = {"text": 30, "mod": 20, "large": 10}[path.parts[-3]]
        os.utime(path, (NOW - days * DAY, NOW - 100 * DAY))
    return found


def removed(store: DiskStore, limits: Limits, *keep: tuple[str, str], dry: bool = False) -> list[str]:
    return [one.module for one in collect(store, limits, frozenset(keep), dry=dry, now=NOW).removed]


def test_the_least_recently_used_goes_first(store: DiskStore, tmp_path: Path) -> None:
    names = [module for module, _ in MODULES]
    assert removed(store, Limits(age=25 * DAY), dry=True) == names[:1]
    assert removed(store, Limits(size=1 << 20), dry=True) == names
    assert removed(store, Limits(size=3 << 20), dry=True) == []
    assert len([*store.paths()]) == 9
    assert removed(store, Limits(age=15 * DAY)) == names[:2]
    assert {path.split("/@v/")[0] for path in stored(tmp_path / "store")} == {"/example.com/large"}
    assert [path.name for path in (tmp_path / "store/modules/example.com").iterdir()] == ["large"]


def test_what_is_to_be_kept_stays_and_what_is_newer_goes(store: DiskStore) -> None:
    found = collect(store, Limits(size=0), frozenset([MODULES[2]]), now=NOW)
    assert ([one.module for one in found.removed], found.kept) == ([MODULES[0][0], MODULES[1][0]], 1)


def test_what_a_client_got_is_used(store: DiskStore, tmp_path: Path) -> None:
    with proxy(tmp_path, "off") as served:
        assert served.get("/example.com/text/@v/v1.2.3.zip").status == 200
    assert removed(store, Limits(age=15 * DAY)) == [MODULES[1][0]]


def test_a_client_that_is_being_served_gets_its_file_to_the_end(store: DiskStore, published: Published) -> None:
    path = "example.com/large/@v/v1.0.0.zip"
    given = store.opened(path)
    assert given is not None
    collect(store, Limits(size=0), now=NOW + 200 * DAY)
    assert os.pread(given.descriptor, given.size, 0) == published.log.files[f"/{path}"]
    os.close(given.descriptor)
    assert store.opened(path) is None


def test_answers_that_nobody_is_told_any_more_go(store: DiskStore) -> None:
    kept = AnswersOnDisk(store.top)
    for days in (1, 20):
        kept.put(f"example.com/m{days}/@v/list", Kept(200, b"", NOW - days * DAY))
        kept.put(f"sumdb/x/tile/8/0/{days}", Kept(200, b"", NOW - days * DAY))
    assert collect(store, Limits(), now=NOW).answers == 1
    assert len(os.listdir(f"{store.top}/answers")) == 3


def test_the_command_takes_sizes_days_and_lists(store: DiskStore, tmp_path: Path) -> None:
    (tmp_path / "keep").write_text("example.com/text@v1.2.3\n")
    (tmp_path / "store/incoming/abandoned").write_bytes(b"x")
    arguments = ("--store", tmp_path / "store", "--keep", tmp_path / "keep", "--format", "json")
    found = json.loads(ran("gc", "--max-age", "5", "--dry-run", *arguments).stdout)
    assert found["removed"] == [f"{module}@{version}" for module, version in MODULES[1:]]
    found = json.loads(ran("gc", "--max-size", "0.5MiB", *arguments).stdout)
    assert (found["kept"], found["left"]) == (
        1,
        sum(os.stat(f"{store.top}/modules{p}").st_blocks * 512 for p in stored(tmp_path / "store")),
    )
    assert not list((tmp_path / "store/incoming").iterdir())
    assert ran("gc", "--max-size", "many", "--store", tmp_path / "store").returncode == 2
    assert ran("gc", "--max-size", "10G", "--store", tmp_path / "store").returncode == 2


def test_the_status_counts_what_is_there(store: DiskStore, published: Published, tmp_path: Path) -> None:
    store.set_aside("example.com/large/@v/v1.0.0.zip")
    (tmp_path / "store/modules/index.html").write_bytes(b"")
    found = status_of(store.top)
    size = sum(
        len(content) for path, content in published.log.files.items() if not path.endswith("large/@v/v1.0.0.zip")
    )
    assert (found.files, found.versions, found.modules, found.size) == (8, 3, 3, size)
    assert found.strays == ("index.html",)
    assert [path.rpartition(".")[0] for path in found.quarantine] == ["example.com/large/@v/v1.0.0.zip"]
    shown = ran("status", "--store", tmp_path / "store")
    assert (shown.returncode, "3 modules, 3 versions, 8 files" in shown.stdout) == (0, True)
    assert ran("status", "--store", tmp_path / "none").returncode == 2
    assert not (tmp_path / "none").exists()
