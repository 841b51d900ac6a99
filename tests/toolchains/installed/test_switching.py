"""Living with installed releases: switching is one rename, nobody loses what they use, and only `prune` is for good."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import UsageError
from gosteward.snapshot import Binary, Context, Location, PathEntry, Setting, Snapshot
from gosteward.toolchains.installed import pruning, store, switching
from gosteward.toolchains.installed.placing import Placing
from toolchains.godev_server import toolchain_proxy
from toolchains.small_release import small_release

if TYPE_CHECKING:
    from pathlib import Path

    from gosteward.toolchains.installed.store import Installed
    from toolchains.conftest import Site

OLD, NEW = small_release("go1.26.90"), small_release("go1.26.91")


@pytest.fixture
def two(site: Site) -> Site:
    """1.26.90, which is in use, and 1.26.91."""
    with toolchain_proxy(OLD, NEW) as proxy:
        site.environ.update(GOPROXY=proxy.url, GOSUMDB=proxy.vkey)
        site.install("1.26.90")
        site.install("1.26.91")
    return site


def tree(site: Site, version: str) -> Installed:
    return switching.installed_as(version, site.changing().host, str(site.root))


def says(site: Site) -> str:
    return subprocess.run([site.bin / "go", "version"], capture_output=True, text=True, check=True).stdout


def test_a_switch_is_seen_through_all_links_and_undone(two: Site) -> None:
    placing = Placing(two.changing().host, str(two.root), str(two.bin), str(two.usual_place))
    assert placing.links().actions == ()
    before = os.lstat(two.bin / "go").st_ino
    two.changing("use").do((placing.switched("go1.26.91"),))
    assert says(two) == "go version go1.26.91 linux/amd64\n"
    assert os.lstat(two.bin / "go").st_ino == before
    two.undo()
    assert says(two) == "go version go1.26.90 linux/amd64\n"


@pytest.mark.parametrize(
    ("text", "version"), [("1.26.90", "go1.26.90"), ("go1.26.90", "go1.26.90"), ("1.26", "go1.26.91"), ("latest", "go1.26.91")]
)  # fmt: skip
def test_an_installed_release_has_many_names(two: Site, text: str, version: str) -> None:
    assert tree(two, text).version == version


def test_one_that_is_not_installed_is_told_with_those_that_are(two: Site) -> None:
    with pytest.raises(UsageError) as caught:
        tree(two, "1.25")
    assert "1.26.91, 1.26.90" in caught.value.hint


def test_what_is_taken_away_comes_back_and_only_prune_is_for_good(two: Site) -> None:
    host, root = two.changing().host, str(two.root)
    two.changing("uninstall").do(switching.removal(tree(two, "1.26.91"), host))
    assert [i.version for i in store.installed(host, root)] == ["go1.26.90"]
    assert all(not undone.reason for undone in two.undo())
    assert tree(two, "1.26.91").record
    two.changing("uninstall").do(switching.removal(tree(two, "1.26.91"), host))
    cache = str(two.top / "cache")
    found = pruning.remains(host, root, cache)
    assert (len(found.trees), len(found.files), len(found.downloads), found.running) == (1, 2, 2, ())
    pruning.remove(found, cache, two.changing().who)
    assert pruning.remains(host, root, cache) == ((), (), (), ())
    assert sorted(os.listdir(root)) == [".installed", "current", "go1.26.90"]


def test_a_tree_whose_program_runs_is_neither_taken_nor_pruned(two: Site) -> None:
    program = two.root / "go1.26.91/bin/sleeper"
    program.write_bytes((two.top / "/bin/sleep").read_bytes())
    program.chmod(0o755)
    with subprocess.Popen([program, "60"]) as running:
        try:
            (found,) = switching.uses(tree(two, "1.26.91"), Snapshot())
            assert f"process {running.pid} " in str(found)
            aside = two.root / ".go1.26.91.aside"
            (two.root / "go1.26.91").rename(aside)
            assert pruning.remains(two.changing().host, str(two.root), "/nonexistent").running == (str(aside),)
        finally:
            running.kill()


def test_a_root_that_is_reached_through_a_link_hides_no_use_and_is_pruned(two: Site) -> None:
    """/opt is a link to another disk on many hosts: the kernel, and whoever resolves paths, know trees by the other name."""
    link = two.top / "disk"
    link.symlink_to("opt")
    host, root = two.changing().host, f"{link}/go"
    found, real = switching.installed_as("1.26.91", host, root), f"{two.root}/go1.26.91"
    program = two.root / "go1.26.91/bin/sleeper"
    program.write_bytes((two.top / "/bin/sleep").read_bytes())
    program.chmod(0o755)
    go = Binary(f"{found.tree}/bin/go", kind="elf", executable=True, real_path=f"{real}/bin/go")
    context = Context("cron:/etc/crontab:3", "cron", search_path=(PathEntry(f"{found.tree}/bin", go=go),))
    setting = Setting("GOROOT", real, "file", location=Location("/home/dev/.profile", 7))
    with subprocess.Popen([program, "60"]) as running:
        try:
            texts = [str(t) for t in switching.uses(found, Snapshot(contexts=(context,), go_settings=(setting,)))]
        finally:
            running.kill()
    assert texts[0].startswith(f"process {running.pid} ")
    assert texts[1:] == ["cron:/etc/crontab:3 finds its go", "/home/dev/.profile:7 names it"]
    two.changing("uninstall").do(switching.removal(found, host))
    remains = pruning.remains(host, root, str(two.top / "cache"))
    assert len(remains.trees) == 1
    pruning.remove(remains, str(two.top / "cache"), two.changing().who)
    assert sorted(os.listdir(two.root)) == [".installed", "current", "go1.26.90"]


def test_what_is_in_use_is_not_switched_to_again(two: Site) -> None:
    placing = Placing(two.changing().host, str(two.root), str(two.bin), str(two.usual_place))
    assert placing.for_release("go1.26.90", use=True).actions == ()
    assert len(placing.for_release("go1.26.91", use=True).actions) == 1


def test_a_directory_where_current_belongs_is_named_and_stays(two: Site) -> None:
    two.changing("uninstall").do(switching.removal(tree(two, "1.26.91"), two.changing().host))
    (two.root / "current").unlink()
    (two.root / "current").mkdir()
    with pytest.raises(UsageError, match="it is no link"):
        two.install("1.26.91")
    placing = Placing(two.changing().host, str(two.root), "")
    with pytest.raises(UsageError, match="it is no link"):
        placing.switched("go1.26.91")


def test_a_tree_that_a_session_a_job_or_a_setting_names_is_in_use(two: Site) -> None:
    found = tree(two, "1.26.91")
    go = Binary(f"{found.tree}/bin/go", kind="elf", executable=True)
    snapshot = Snapshot(
        contexts=(Context("cron:/etc/crontab:3", "cron", search_path=(PathEntry(f"{found.tree}/bin", go=go),)),),
        go_settings=(Setting("GOROOT", f"{found.tree}/", "file", location=Location("/home/dev/.profile", 7)),),
    )
    assert [str(text) for text in switching.uses(found, snapshot)] == [
        "cron:/etc/crontab:3 finds its go",
        "/home/dev/.profile:7 names it",
    ]
    assert [str(text) for text in switching.uses(tree(two, "1.26.90"), Snapshot())] == [
        "go1.26.90 is in use: `gosteward use` switches to another one"
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("module m\n\ngo 1.25\n", "module m\n\ngo 1.25\n\ntoolchain go1.26.91\n"),
        ("module m\ngo 1.25.0\n\ntoolchain go1.26.1 // ci\n", "module m\ngo 1.25.0\n\ntoolchain go1.26.91 // ci\n"),
    ],
)
def test_a_module_is_pinned_by_its_toolchain_line(two: Site, before: str, after: str) -> None:
    path = two.top / "go.mod"
    path.write_text(before)
    two.changing("use").do((switching.pinned(str(path), before, "go1.26.91"),))
    assert path.read_text() == after
    two.undo()
    assert path.read_text() == before


@pytest.mark.parametrize("content", ["module m\n", "module m\n\ngo 1.27\n"])
def test_a_module_that_cannot_be_built_with_it_is_not_pinned(content: str) -> None:
    with pytest.raises(UsageError):
        switching.pinned("/m/go.mod", content, "go1.26.91")


def test_a_command_with_a_release_in_front_finds_no_other_go(two: Site, tmp_path: Path) -> None:
    environ = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "GOROOT": "/usr/local/go",
        "GOTOOLCHAIN": "go1.25.0",
        "GOFLAGS": "-v",
    }
    found = switching.environment_of(tree(two, "1.26.91"), environ)
    ran = subprocess.run(["sh", "-c", "go version"], env=found, capture_output=True, text=True, check=True)
    assert ran.stdout == "go version go1.26.91 linux/amd64\n"
    assert (found.get("GOROOT"), found["GOTOOLCHAIN"], found["GOFLAGS"]) == (None, "local", "-v")
