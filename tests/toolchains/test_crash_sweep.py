"""A part of the fault sweep over whole commands (`make sweep` does all of it), and hosts that an injected error is not enough for."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gosteward.errors import StewardError
from gosteward.host.accounts import group_named
from gosteward.repair.journal import Journal, JournalError
from gosteward.toolchains.installed.placing import Placing
from gosteward.toolchains.installed.store import installed
from sumdb.log_server import Signer
from toolchains.godev_server import godev_server, toolchain_proxy
from toolchains.small_release import small_release
from toolchains.test_cli import Shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gosteward.repair.journal import Entry
    from toolchains.conftest import Site
    from toolchains.godev_server import ToolchainProxy

HERE = Path(__file__).parent
OLD, NEW = small_release("go1.26.90"), small_release("go1.26.91")
NEW_MOUNTS = 0x20000  # CLONE_NEWNS
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount, and trace what it starts")


@pytest.fixture
def proxy(site: Site) -> Iterator[ToolchainProxy]:
    with toolchain_proxy(OLD, NEW) as serving:
        site.environ.update(GOPROXY=serving.url, GOSUMDB=serving.vkey)
        yield serving


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("strace"), reason="the sweep needs root and strace")
def test_some_faults_leave_every_command_done_or_not_done() -> None:
    command = [sys.executable, HERE / "crash_sweep.py", "--every", "1800", "--jobs", "1"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def child(work: Callable[[], str], said: Path) -> int:
    """Do some work in a child, and write down what it says."""
    pid = os.fork()
    if not pid:
        try:
            said.write_text(work())
        finally:
            os._exit(0)
    return pid


def modes(top: Path) -> dict[str, int]:
    return {
        str(path.relative_to(top)): path.lstat().st_mode & 0o7777
        for path in (top, *top.rglob("*"))
        if not path.is_symlink()
    }


def test_umask_077_keeps_nobody_out_of_what_is_installed(site: Site, proxy: ToolchainProxy) -> None:
    site.install("1.26.91")
    expected = modes(site.top / "opt")
    site.undo()
    before = os.umask(0o077)
    try:
        site.install("1.26.91")
        assert modes(site.top / "opt") == expected
        assert all(mode & 0o044 == 0o044 for mode in expected.values())
    finally:
        os.umask(before)


@only_root
def test_setgid_parents_hand_nothing_on_to_a_tree(site: Site, proxy: ToolchainProxy) -> None:
    site.root.mkdir()
    for path in (site.top / "opt", site.root):
        os.chown(path, 0, group_named("games").gid)
        path.chmod(0o2775)
    before = modes(site.top / "opt")
    site.install("1.26.90")
    tree = modes(site.root / "go1.26.90")
    assert not [name for name, mode in tree.items() if mode & 0o7022]
    assert {site.root.stat().st_mode & 0o7777, (site.top / "opt").stat().st_mode & 0o7777} == {0o2775}
    assert all(not undone.reason for undone in site.undo())
    assert modes(site.top / "opt") == before


BUILD = """
n=0
while [ ! -e "$1/stop" ]; do
    "$1/usr/local/bin/go" version && "$1/opt/go/go1.26.90/bin/go" version && sh "$1/opt/go/go1.26.90/pkg/tool/linux_amd64/compile" || exit 1
    n=$((n + 1))
done
echo "$n"
"""


def test_builds_that_run_notice_nothing_of_a_switch(site: Site, proxy: ToolchainProxy) -> None:
    """One that found go by its link, and one that has the path of its tree."""
    site.install("1.26.90")
    site.install("1.26.91")
    with subprocess.Popen(
        ["sh", "-c", BUILD, "build", site.top], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as build:
        for version in ("go1.26.91", "go1.26.90") * 30:
            placing = Placing(site.changing().host, str(site.root), str(site.bin), str(site.usual_place))
            site.changing("use").do((placing.switched(version), *placing.links().actions))
        (site.top / "stop").touch()
        said, complaints = build.communicate()
    *versions, count = said.splitlines()
    assert (build.returncode, complaints) == (0, "")
    assert int(count) > 1
    assert set(versions) == {f"go version {release.version} linux/amd64" for release in (OLD, NEW)}


@only_root
def test_a_build_that_runs_keeps_its_release_from_being_taken_away_and_is_named(tmp_path: Path) -> None:
    with toolchain_proxy(OLD, NEW) as proxy:
        shell = Shell(tmp_path, GOPROXY=proxy.url, GOSUMDB=proxy.vkey)
        at = f"--root {shell.root} --no-links"
        assert [ran.code for ran in shell.run(f"install 1.26.90 {at}", f"install 1.26.91 {at}")] == [0, 0]
        compiler = shell.root / "go1.26.91/pkg/tool/linux_amd64/compile"
        shutil.copy("/bin/sleep", compiler)
        with subprocess.Popen([compiler, "60"]) as running:
            try:
                refused, used = shell.run(f"uninstall 1.26.91 --root {shell.root}", f"use 1.26.91 {at}")
            finally:
                running.kill()
    assert (refused.code, used.code) == (75, 0)
    assert f"process {running.pid} (compile) runs {compiler}" in refused.said


def test_two_releases_at_once_are_both_there(site: Site, proxy: ToolchainProxy) -> None:
    children = [child(lambda v=v: site.install(v).version, site.top / v) for v in ("1.26.90", "1.26.91")]  # type: ignore[misc]
    for pid in children:
        os.waitpid(pid, 0)
    assert [(site.top / v).read_text() for v in ("1.26.90", "1.26.91")] == ["go1.26.90", "go1.26.91"]
    trees = installed(site.changing().host, str(site.root))
    assert [(tree.version, bool(tree.record)) for tree in trees] == [("go1.26.91", True), ("go1.26.90", True)]


MOUNTS = {
    "read-only": ("ro", "is mounted read-only"),
    "noexec": ("noexec", "is mounted noexec: no program runs there"),
    "full": ("size=64k", "has 65536 bytes free, 274432 are needed"),
    "without inodes": ("nr_inodes=9", "has 6 inodes free, 31 are needed"),
}


@only_root
@pytest.mark.parametrize(("options", "reason"), MOUNTS.values(), ids=MOUNTS.keys())
def test_root_that_cannot_take_a_tree_is_named_and_nothing_lies_in_it(
    site: Site, proxy: ToolchainProxy, options: str, reason: str
) -> None:
    site.root.mkdir()

    def work() -> str:
        if ctypes.CDLL(None, use_errno=True).unshare(NEW_MOUNTS):
            return "no namespace"
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", site.root], check=True)
        try:
            site.install("1.26.90")
        except StewardError as error:
            return f"{error}; left: {os.listdir(site.root)}"
        return "installed"

    os.waitpid(child(work, site.top / "said"), 0)
    assert (site.top / "said").read_text() == f"{site.root} {reason}; left: []"


def test_a_tree_whose_record_a_kill_prevented_gets_it_by_the_journal_alone(site: Site) -> None:
    """Nothing but a reason was given for it: no log can say what it is, and our journal does."""
    site.environ.update(GOPROXY="off", GOSUMDB=f"{Signer().vkey} http://127.0.0.1:9")
    with godev_server(OLD) as dev:
        site.install("1.26.90", source=dev.url, reason="lab")
        record = site.root / ".installed/go1.26.90.json"
        before = json.loads(record.read_text())
        record.unlink()
        site.install("1.26.90", source=dev.url, reason="lab")
        after = json.loads(record.read_text())
        assert {**after, "installed_at": ""} == {**before, "installed_at": ""}
        record.unlink()
        (site.root / "go1.26.90/src/go.mod").write_text("module changed\n")
        with pytest.raises(StewardError):
            site.install("1.26.90", source=dev.url, reason="lab")
    assert not record.exists()


def test_a_step_that_the_journal_has_no_room_for_is_taken_back(
    site: Site, proxy: ToolchainProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first lines fit; then there is room again, as there is when what came last is gone."""
    site.install("1.26.91")
    before = site.names()
    keep = Journal.append
    kept: list[str] = []

    def full(journal: Journal, run: int, phase: str, **details: Any) -> Entry:
        kept.append(phase)
        if kept.count("done") == 2 and "full" not in kept:
            kept.append("full")
            raise JournalError("the journal cannot be written (No space left on device)")
        return keep(journal, run, phase, **details)

    monkeypatch.setattr(Journal, "append", full)
    with pytest.raises(JournalError):
        site.install("1.26.90")
    monkeypatch.undo()
    assert site.names() == before
    assert site.install("1.26.90").version == "go1.26.90"
