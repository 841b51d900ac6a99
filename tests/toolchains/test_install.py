"""Installing from look-alikes of the real servers: what is proved is there whole, and what is not proved is not there at all."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import StewardError, UsageError
from gosteward.host import tree_hashing
from gosteward.host.accounts import group_named
from gosteward.host.local import LocalHost
from gosteward.sumdb.refusals import ForgeryError
from gosteward.toolchains.installed import goroots
from gosteward.toolchains.installed.changing import ChangeError
from gosteward.toolchains.installed.store import installed
from gosteward.toolchains.origins.web import UnreachableError
from gosteward.toolchains.proving.proofs import MismatchError, UnprovedError
from toolchains.godev_server import godev_server, toolchain_proxy
from toolchains.small_release import small_release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from toolchains.conftest import Site
    from toolchains.godev_server import ToolchainProxy

RELEASE = small_release("go1.26.90")
NEWER = small_release("go1.26.91")
LINKED = ["opt/go/.installed", "opt/go/current", "opt/go/go1.26.90", "usr/local/bin/go", "usr/local/bin/gofmt"]


@pytest.fixture
def proxy(site: Site) -> Iterator[ToolchainProxy]:
    with toolchain_proxy(RELEASE, NEWER) as serving:
        site.environ.update(GOPROXY=serving.url, GOSUMDB=serving.vkey)
        yield serving


def test_a_release_from_a_module_proxy_is_proved_by_the_log_and_runs_through_its_links(
    site: Site, proxy: ToolchainProxy
) -> None:
    result = site.install("1.26.90")
    assert (result.version, result.in_use) == ("go1.26.90", "go1.26.90")
    assert result.evidence is not None
    assert [proof.kind for proof in result.evidence.proofs] == ["log"]
    assert site.names() == [*LINKED, *sorted(f"usr/local/go/{name}" for name in os.listdir(site.root / "current"))]
    ran = subprocess.run([site.bin / "go", "version"], capture_output=True, text=True, check=True)
    assert ran.stdout == "go version go1.26.90 linux/amd64\n"
    record = json.loads((site.root / ".installed/go1.26.90.json").read_text())
    assert (record["source"], record["proofs"][0]["value"]) == (proxy.url, RELEASE.h1)


def test_the_tree_is_that_of_the_tarball_whatever_the_umask(site: Site, proxy: ToolchainProxy) -> None:
    before = os.umask(0o077)
    try:
        site.install("1.26.90")
    finally:
        os.umask(before)
    tree = site.root / "go1.26.90"
    modes = {name: stat.S_IMODE((tree / name).stat().st_mode) for name in ("bin/go", "VERSION", "bin", ".")}
    assert modes == {"bin/go": 0o755, "VERSION": 0o644, "bin": 0o755, ".": 0o755}
    assert (tree / "src/go.mod").exists()
    assert not list(tree.rglob("_go.mod"))


OLD = small_release("go1.20.90", **{"pkg/linux_amd64/fmt.a": b"!<arch>\n", "pkg/linux_amd64_race/fmt.a": b"!<arch>\n"})


def test_a_release_from_before_the_packer_is_proved_by_its_module_zip_and_verified(site: Site) -> None:
    with toolchain_proxy(OLD) as serving:
        site.environ.update(GOPROXY=serving.url, GOSUMDB=serving.vkey)
        result = site.install("1.20.90")
        assert result.evidence is not None
        assert [proof.kind for proof in result.evidence.proofs] == ["log"]
    tree = goroots.goroot_at(LocalHost(site.environ), str(site.root / "go1.20.90"))
    assert not goroots.cannot_be_logged(tree)
    assert goroots.cannot_be_logged(tree._replace(record={}))  # a tarball's tree has more, and which is not known
    descriptor = os.open(tree.path, os.O_RDONLY)
    assert tree_hashing.hash_tree(descriptor).h1("go1.20.90", "linux-amd64") == OLD.h1
    os.close(descriptor)


def test_a_go_that_warns_where_gopath_is_empty_is_no_broken_one(site: Site) -> None:
    # As go1.21.0 to go1.21.13 do, without HOME and GOPATH.
    script = b"""#!/bin/sh
[ -n "$GOPATH" ] || echo "warning: GOPATH set to GOROOT () has no effect" >&2
echo "go version go1.21.90 linux/amd64"
"""
    with toolchain_proxy(small_release("go1.21.90", **{"bin/go": script})) as serving:
        site.environ.update(GOPROXY=serving.url, GOSUMDB=serving.vkey)
        assert site.install("1.21.90").version == "go1.21.90"


def test_undo_leaves_nothing_and_what_was_there_is_as_before(site: Site, proxy: ToolchainProxy) -> None:
    before = site.names()
    site.install("1.26.90")
    assert all(not undone.reason for undone in site.undo())
    assert site.names() == before


def test_a_line_is_its_newest_patch_also_if_the_list_does_not_know_it_yet(site: Site, proxy: ToolchainProxy) -> None:
    listed = next(path for path in proxy.files if path.endswith("@v/list"))
    proxy.files[listed] = b"v0.0.1-go1.26.90.linux-amd64\n"
    assert site.install("1.26").version == "go1.26.91"


def test_go_mod_says_which_release(site: Site, proxy: ToolchainProxy) -> None:
    (site.top / "go.mod").write_text("module m\n\ngo 1.25\n\ntoolchain go1.26.90\n")
    assert site.install(str(site.top / "go.mod")).version == "go1.26.90"


def test_the_second_release_comes_into_use_only_if_it_is_told_to(site: Site, proxy: ToolchainProxy) -> None:
    site.install("1.26.90")
    assert site.install("1.26.91").in_use == "go1.26.90"
    assert site.install("1.26.91", use=True).in_use == "go1.26.91"
    trees = installed(site.changing().host, str(site.root))
    assert [(tree.version, tree.current) for tree in trees] == [("go1.26.91", True), ("go1.26.90", False)]


def test_files_that_two_releases_have_in_common_are_stored_once(site: Site, proxy: ToolchainProxy) -> None:
    site.install("1.26.90")
    site.install("1.26.91")
    paths = [site.root / version / "src/go.mod" for version in ("go1.26.90", "go1.26.91")]
    assert len({path.stat().st_ino for path in paths}) == 1


def test_what_is_in_the_way_of_a_link_stays_unless_it_may_be_moved(site: Site, proxy: ToolchainProxy) -> None:
    (site.bin / "go").write_text("mine")
    site.usual_place.mkdir()
    result = site.install("1.26.90")
    assert (site.bin / "go").read_text() == "mine"
    assert len(result.notes) == 2
    site.install("1.26.90", adopt=True)
    assert os.readlink(site.bin / "go") == f"{site.root}/current/bin/go"
    assert (site.bin / ".go.aside").read_text() == "mine"
    assert os.readlink(site.usual_place) == f"{site.root}/current"


def test_a_stored_proof_and_a_stored_archive_need_no_server(site: Site, proxy: ToolchainProxy) -> None:
    site.install("1.26.90")
    site.undo()
    proxy.files.clear()
    result = site.install("1.26.90", offline=True)
    assert result.evidence is not None
    assert [proof.kind for proof in result.evidence.proofs] == ["log"]


def test_what_go_has_downloaded_itself_is_not_fetched_again(site: Site, proxy: ToolchainProxy) -> None:
    place = site.top / "gopath/pkg/mod/cache/download/golang.org/toolchain/@v"
    place.mkdir(parents=True)
    (place / f"{RELEASE.module_version}.zip").write_bytes(RELEASE.zip())
    site.environ.update(GOPATH=str(site.top / "gopath"))
    del proxy.files[proxy.path(RELEASE, "zip")]
    assert site.install("1.26.90").source == f"{site.top}/gopath/pkg/mod/cache/download"


def test_a_download_that_is_wrong_is_not_tried_again(site: Site, proxy: ToolchainProxy) -> None:
    right = proxy.files[proxy.path(RELEASE, "zip")]
    proxy.files[proxy.path(RELEASE, "zip")] = right[:-100]
    with pytest.raises(MismatchError):
        site.install("1.26.90")
    proxy.files[proxy.path(RELEASE, "zip")] = right
    assert site.install("1.26.90").version == "go1.26.90"


@pytest.mark.parametrize("form", ["zip", "tar_gz"])
def test_an_archive_that_somebody_carried_in_is_proved_like_any_other(
    site: Site, proxy: ToolchainProxy, form: str
) -> None:
    name = f"{RELEASE.module_version}.zip" if form == "zip" else RELEASE.name
    (site.top / name).write_bytes(getattr(RELEASE, form)())
    result = site.install(str(site.top / name))
    assert result.evidence is not None
    assert result.evidence.h1 == RELEASE.h1


def test_a_tree_for_a_group_is_for_its_members_only(site: Site, proxy: ToolchainProxy) -> None:
    """Debian's user games is in the group games; nobody is not."""
    site.top.chmod(0o755)
    result = site.install("1.26.90", group=group_named("games"))
    assert [str(note) for note in result.notes] == ["games of games can run it, others cannot: tried"]
    modes = {name: (site.root / "go1.26.90" / name).stat() for name in (".", "bin", "bin/go")}
    gid = group_named("games").gid
    assert {name: (f"{s.st_mode & 0o7777:o}", s.st_gid) for name, s in modes.items()} == {
        ".": ("2750", gid), "bin": ("2755", gid), "bin/go": ("755", gid),
    }  # fmt: skip
    before = os.umask(0o077)
    try:
        (site.root / "go1.26.90/src/added").mkdir()
        added = site.root / "go1.26.90/src/added/by_root.go"
        added.write_text("package added")
    finally:
        os.umask(before)
    # By the default access lists: the group may read what comes later, and nobody but root may change it.
    assert (f"{added.stat().st_mode & 0o7777:o}", added.stat().st_gid) == ("640", gid)
    shutil.rmtree(added.parent)
    site.undo()
    assert not (site.root / "go1.26.90").exists()


def test_a_group_that_cannot_reach_the_tree_gets_none(site: Site, proxy: ToolchainProxy) -> None:
    site.top.chmod(0o700)
    before = site.names()
    with pytest.raises(ChangeError, match="games, who is in games, cannot run it"):
        site.install("1.26.90", group=group_named("games"))
    assert site.names() == before


class TestRefused:
    """Nothing of it is on the host afterwards."""

    def refused(self, site: Site, error: type[StewardError], said: str, spec: str = "1.26.90", **more: object) -> None:
        before = site.names()
        with pytest.raises(error, match=said):
            site.install(spec, **more)
        assert site.names() == before
        assert not list(site.top.rglob(".gosteward-*"))

    def test_tampered_file(self, site: Site, proxy: ToolchainProxy) -> None:
        evil = small_release("go1.26.90", **{"src/fmt/print.go": b"package fmt // evil\n"})
        proxy.files[proxy.path(RELEASE, "zip")] = evil.zip()
        self.refused(site, MismatchError, f"{re.escape(evil.h1)}.*{re.escape(RELEASE.h1)} is proved")

    def test_forked_log(self, site: Site, proxy: ToolchainProxy) -> None:
        site.install("1.26.91")
        with toolchain_proxy(RELEASE) as other:
            other.log.signer = proxy.log.signer
            site.environ.update(GOPROXY=other.url)
            self.refused(site, ForgeryError, "log|tree|tile|hash")

    def test_foreign_key(self, site: Site, proxy: ToolchainProxy) -> None:
        with toolchain_proxy(RELEASE, name="other.example") as other:
            site.environ.update(GOSUMDB=f"{other.vkey} {proxy.base}")
            self.refused(site, ForgeryError, "sign")

    def test_log_that_does_not_answer(self, site: Site, proxy: ToolchainProxy) -> None:
        for path in [path for path in proxy.files if "/sumdb/" in path]:
            del proxy.files[path]
        site.environ.update(GOSUMDB=f"{proxy.vkey} http://127.0.0.1:9")
        self.refused(site, UnprovedError, "not enough: nothing")

    def test_html_page_with_200(self, site: Site, proxy: ToolchainProxy) -> None:
        proxy.files[proxy.path(RELEASE, "zip")] = b"<!DOCTYPE html><title>Sign in</title>" * 100
        self.refused(site, StewardError, "zip")

    def test_release_for_another_machine(self, site: Site, proxy: ToolchainProxy) -> None:
        other = small_release("go1.26.90", "s390x")
        (site.top / other.name).write_bytes(other.tar_gz())
        self.refused(site, UsageError, "it is for linux-s390x", str(site.top / other.name))

    def test_release_that_does_not_run_here(self, site: Site) -> None:
        broken = small_release("go1.26.90", **{"bin/go": b"#!/nonexistent/loader\n"})
        with toolchain_proxy(broken) as proxy:
            site.environ.update(GOPROXY=proxy.url, GOSUMDB=proxy.vkey)
            self.refused(site, ChangeError, "does not run here")

    def test_release_that_nobody_has(self, site: Site, proxy: ToolchainProxy) -> None:
        self.refused(site, UnreachableError, "no source has go1.26.99", "1.26.99")

    def test_tree_that_is_not_ours(self, site: Site, proxy: ToolchainProxy) -> None:
        (site.root / "go1.26.90").mkdir(parents=True)
        self.refused(site, ChangeError, "something else already")


class TestLikeGoDev:
    """A server like go.dev/dl, without any checksum database in reach."""

    @pytest.fixture(autouse=True)
    def unreachable_log(self, site: Site) -> None:
        site.environ.update(GOPROXY="off")
        with toolchain_proxy(RELEASE) as proxy:
            site.environ.update(GOSUMDB=f"{proxy.vkey} http://127.0.0.1:9")

    def test_a_digest_of_its_own_server_is_not_enough(self, site: Site) -> None:
        with godev_server(RELEASE) as dev, pytest.raises(UnprovedError, match="stated"):
            site.install("1.26.90", source=dev.url)
        assert not site.root.exists()

    def test_a_reason_makes_it_enough_and_is_kept(self, site: Site) -> None:
        with godev_server(RELEASE) as dev:
            site.install("latest", source=dev.url, reason="lab without network")
        record = json.loads((site.root / ".installed/go1.26.90.json").read_text())
        assert record["unverified_reason"] == "lab without network"
        assert (site.root / "go1.26.90/test").is_dir()

    def test_a_wrong_digest_is_told_with_both_values_and_no_reason_helps(self, site: Site) -> None:
        with godev_server(RELEASE) as dev:
            dev.stated[RELEASE.name] = "0" * 64
            with pytest.raises(MismatchError, match=f"0{{64}}.*{dev.digests[RELEASE.name]}"):
                site.install("1.26.90", source=dev.url, reason="whatever")
        assert not site.root.exists()

    @pytest.mark.parametrize("trouble", ["cut", "statuses", "sizes"])
    def test_a_server_in_trouble_installs_nothing_half(self, site: Site, trouble: str) -> None:
        values = {"cut": (0, 99), "statuses": 503, "sizes": 1}
        with godev_server(RELEASE) as dev:
            getattr(dev, trouble)[RELEASE.name] = values[trouble]
            with pytest.raises(StewardError):
                site.install("1.26.90", source=dev.url, reason="whatever")
        assert not site.root.exists()

    def test_a_download_that_was_cut_goes_on(self, site: Site) -> None:
        with godev_server(RELEASE) as dev:
            dev.cut[RELEASE.name] = (1000, 2)
            assert site.install("1.26.90", source=dev.url, reason="lab").version == "go1.26.90"

    def test_a_directory_of_archives_is_a_source(self, site: Site) -> None:
        (site.top / "carried").mkdir()
        (site.top / "carried" / RELEASE.name).write_bytes(RELEASE.tar_gz())
        assert site.install("latest", source=str(site.top / "carried"), reason="lab").version == "go1.26.90"

    def test_archives_of_a_directory_may_be_links_to_a_store(self, site: Site) -> None:
        (site.top / "carried").mkdir()
        (site.top / "store").write_bytes(RELEASE.tar_gz())
        (site.top / "carried" / RELEASE.name).symlink_to(site.top / "store")
        assert site.install("latest", source=str(site.top / "carried"), reason="lab").version == "go1.26.90"


def test_two_at_once_one_waits_and_both_succeed(site: Site, proxy: ToolchainProxy) -> None:
    children = [_in_child(lambda: site.install("1.26.90")) for _ in range(3)]
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0, 0, 0]
    assert installed(site.changing().host, str(site.root))[0].record


def test_killed_at_any_moment_the_tree_is_whole_or_not_there_and_a_rerun_heals(
    site: Site, proxy: ToolchainProxy
) -> None:
    site.install("1.26.90")  # what is downloaded and proved is kept
    site.undo()
    whole = 0
    for step in itertools.count(1):
        pid = _in_child(lambda: site.install("1.26.90"))
        time.sleep(step * 0.004)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        tree = site.root / "go1.26.90"
        if tree.exists():
            whole += 1
            assert (tree / "VERSION").read_bytes() == RELEASE.files["VERSION"]
            assert (tree / "bin/go").stat().st_mode & 0o111
        if step > 38 and whole:  # on a busy machine it takes longer until one comes to its end
            break
        assert step < 1_000
    site.install("1.26.90")
    assert [name for name in site.names() if not name.startswith("usr/local/go/")] == LINKED


def _in_child(work: Callable[[], object]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)
