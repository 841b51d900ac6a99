"""A sound release in the place of a damaged or missing one: what a repair makes of `InstallRelease`."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from gosteward.actions import InstallRelease
from gosteward.host.places import Refused
from gosteward.repair.steps import carry_out
from gosteward.toolchains.installed.placing import Placing
from gosteward.toolchains.obtaining.acquiring import Acquiring, Keeping
from gosteward.toolchains.supply import Supply
from toolchains.conftest import ME
from toolchains.godev_server import toolchain_proxy
from toolchains.small_release import small_release

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from toolchains.conftest import Site
    from toolchains.godev_server import ToolchainProxy

RELEASE = small_release("go1.26.90")
NEWER = small_release("go1.26.91")


@pytest.fixture
def proxy(site: Site) -> Iterator[ToolchainProxy]:
    with toolchain_proxy(RELEASE, NEWER) as serving:
        site.environ.update(GOPROXY=serving.url, GOSUMDB=serving.vkey)
        yield serving


def supply(site: Site, *, offline: bool = False) -> Supply:
    keeping = Keeping(str(site.top / "cache"), str(site.top / "state/gosteward"))
    host = site.changing().host
    placing = Placing(host, str(site.root), str(site.bin), str(site.usual_place))
    return Supply(placing, Acquiring(host, ME, keeping, offline=offline))


def repaired(site: Site, wanted: InstallRelease, *, offline: bool = False) -> int:
    """The number of the run that did it."""
    with site.changing("doctor --fix").run() as executor:
        carry_out(supply(site, offline=offline).actions(wanted, executor), executor, 1)
        return executor.run


def version_of(go: Path) -> str:
    ran = subprocess.run([go, "version"], capture_output=True, text=True, check=True)
    return ran.stdout.split()[2]


def half_tree(place: Path) -> None:
    (place / "bin").mkdir(parents=True)
    (place / "VERSION").write_text("go1.26.90\n")


def test_a_damaged_tree_gives_way_to_the_same_release_and_comes_back_by_undo(site: Site, proxy: ToolchainProxy) -> None:
    half_tree(site.usual_place)
    run = repaired(site, InstallRelease(str(site.usual_place), "go1.26.90"))
    assert version_of(site.usual_place / "bin/go") == "go1.26.90"
    assert os.readlink(site.usual_place) == f"{site.root}/current"
    assert all(not undone.reason for undone in site.undo(run))
    assert sorted(os.listdir(site.usual_place)) == ["VERSION", "bin"]
    assert not site.root.exists()


def test_the_release_in_use_stays_in_use_where_another_tree_is_repaired(site: Site, proxy: ToolchainProxy) -> None:
    site.install("1.26.91")
    place = site.top / "sdk/go1.26.90"
    half_tree(place)
    repaired(site, InstallRelease(str(place), "go1.26.90"))
    assert os.readlink(place) == f"{site.root}/go1.26.90"
    assert version_of(site.bin / "go") == "go1.26.91"


def test_where_it_cannot_be_told_what_is_in_use_nothing_is_switched(
    site: Site, proxy: ToolchainProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.install("1.26.91")
    readlink = os.readlink

    def failing(path: str, **more: int) -> str:
        if path == f"{site.root}/current":
            raise OSError(errno.EIO, "Input/output error", path)
        return readlink(path, **more)

    monkeypatch.setattr(os, "readlink", failing)
    with pytest.raises(OSError, match="Input/output error"):
        repaired(site, InstallRelease(str(site.usual_place), "go1.26.90"))
    monkeypatch.undo()
    assert version_of(site.bin / "go") == "go1.26.91"
    assert not (site.root / "go1.26.90").exists()


def test_a_damaged_tree_of_ours_is_put_in_its_own_place_again(site: Site, proxy: ToolchainProxy) -> None:
    site.install("1.26.90")
    shutil.rmtree(site.root / "go1.26.90/src")
    wanted = InstallRelease(str(site.usual_place), "go1.26.90")
    repaired(site, wanted)
    assert (site.root / "go1.26.90/src").is_dir()
    assert (site.root / ".go1.26.90.aside").is_dir()
    assert version_of(site.bin / "go") == "go1.26.90"


def test_a_tree_in_the_place_of_the_root_leaves_its_programs_where_they_are_found(
    site: Site, proxy: ToolchainProxy
) -> None:
    half_tree(site.root)
    repaired(site, InstallRelease(str(site.root), "go1.26.90"))
    assert version_of(site.root / "bin/go") == "go1.26.90"


def test_a_link_that_lost_its_release_leads_to_it_again(site: Site, proxy: ToolchainProxy) -> None:
    (site.bin / "go").symlink_to("/gone/go1.26.90/bin/go")
    repaired(site, InstallRelease(str(site.bin / "go"), "go1.26.90", "bin/go"))
    assert version_of(site.bin / "go") == "go1.26.90"


def test_where_no_go_is_the_newest_comes_with_the_usual_links(site: Site, proxy: ToolchainProxy) -> None:
    repaired(site, InstallRelease(""))
    assert version_of(site.bin / "go") == "go1.26.91"
    assert version_of(site.usual_place / "bin/go") == "go1.26.91"


def test_without_network_another_release_at_hand_serves_unless_the_place_is_named_after_one(
    site: Site, proxy: ToolchainProxy
) -> None:
    site.install("1.26.91")  # its archive and its proof stay in our cache
    site.undo()
    half_tree(site.usual_place)
    named = site.top / "sdk/go1.26.90"
    half_tree(named)
    with pytest.raises(Refused, match=r"no source has go1\.26\.90"):
        repaired(site, InstallRelease(str(named), "go1.26.90"), offline=True)
    assert sorted(os.listdir(named)) == ["VERSION", "bin"]
    repaired(site, InstallRelease(str(site.usual_place), "go1.26.90"), offline=True)
    assert version_of(site.usual_place / "bin/go") == "go1.26.91"


def test_what_nothing_proves_changes_nothing(site: Site, proxy: ToolchainProxy) -> None:
    half_tree(site.usual_place)
    for path in [path for path in proxy.files if "/sumdb/" in path]:
        del proxy.files[path]
    site.environ.update(GOSUMDB=f"{proxy.vkey} http://127.0.0.1:9")
    with pytest.raises(Refused, match="no sound release"):
        repaired(site, InstallRelease(str(site.usual_place), "go1.26.90"))
    assert sorted(os.listdir(site.usual_place)) == ["VERSION", "bin"]
    assert not site.root.exists()


def test_what_cannot_be_changed_is_not_even_fetched(site: Site, proxy: ToolchainProxy) -> None:
    with pytest.raises(Refused, match="can only be changed"):
        repaired(site, InstallRelease("/proc/self/go", "go1.26.90"))
    assert not (site.top / "cache").exists()


def test_a_preview_says_the_same_and_writes_nothing(site: Site, proxy: ToolchainProxy) -> None:
    half_tree(site.usual_place)
    before = site.names()
    planned = supply(site).planned(InstallRelease(str(site.usual_place), "go1.26.90"))
    kinds = [type(action).__name__ for action in planned]
    assert kinds == ["UnpackTree", "ReplaceLink", "MoveAside", "ReplaceLink"]
    assert site.names() == before
    assert not (site.top / "cache/downloads").exists()
