"""Clients that switch to a newer go through our proxy: for a module out of a repository that wants it, and where there is no network at all."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modules.checkout.git_servers import HOST, Repository, git_server
from serve.guarded import guarded
from serve.serving import proxy
from serve.test_go_client import GOROOT, Go, url_of
from toolchains.bundling.test_bundles import RELEASE, pack
from toolchains.conftest import Site
from toolchains.godev_server import toolchain_proxy
from toolchains.small_release import small_release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolchains.small_release import SmallRelease

pytestmark = pytest.mark.skipif(not os.path.exists(f"{GOROOT}/bin/go"), reason=f"no go in {GOROOT}/bin")
MODULE = f"{HOST}/team/new"
SWITCHED = "go version go1.26.90 linux/amd64\n"
SPEC = f"golang.org/toolchain@{RELEASE.module_version}"


def later_release() -> SmallRelease:
    """The go of the tests, which says of itself that it is one of later, in a tree that is enough for modules."""
    own = Path(f"{GOROOT}/VERSION").read_text().split()[0]
    later = re.sub(r"\.\d\d", ".99", own, count=1)  # of the same length
    program = Path(f"{GOROOT}/bin/go").read_bytes().replace(own.encode(), later.encode())
    return small_release(later, **{"bin/go": program})


def test_a_module_of_a_repository_makes_both_sides_switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for directory in (tmp_path, *tmp_path.parents[:2]):
        directory.chmod(0o755)
    later = later_release()
    wanted = later.version.removeprefix("go")
    with git_server(tmp_path) as server, toolchain_proxy(later) as toolchains:
        server.public = True
        server.metas["/team/new"] = f"{MODULE} git https://{MODULE}.git"
        go_mod = f"module {MODULE}\n\ngo {wanted}\n"
        Repository(tmp_path, "team/new").commit({"go.mod": go_mod, "new.go": "package new\n"}, "v1.0.0")
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        policy = tmp_path / "policy.toml"
        policy.write_text(f'private = ["{HOST}"]\n\n[[route]]\nmodules = ["{HOST}"]\nupstream = "checkout"\n')
        flags = ("--policy", f"{policy}", "--checkout-user", "nobody", "--checkout-go", GOROOT)
        with guarded(tmp_path, toolchains.url, *flags, "--sumdb", toolchains.vkey) as served:
            go = Go(tmp_path / "client", f"http://127.0.0.1:{served.port}", toolchains.vkey)
            go.environment.update(GONOSUMDB=HOST, GOTOOLCHAIN="local")
            refused = go(f"mod download {MODULE}@v1.0.0")
            assert (refused.code, f"requires go >= {wanted}" in refused.said) == (1, True), refused
            switched = go(f"mod download -json {MODULE}@v1.0.0", GOTOOLCHAIN="auto")
            assert switched.code == 0, switched
            assert (go.place / f"gopath/pkg/mod/{MODULE}@v1.0.0/new.go").is_file()
            assert (go.place / f"gopath/pkg/mod/golang.org/toolchain@{later.module_version}/bin/go").is_file()
    # The proxy's own go took it from there, too: ours makes no zip of such a module.
    assert list((tmp_path / "store/checkout").glob("*/toolchains/unpacked/toolchain@*"))


@contextmanager
def without_network(tmp_path: Path) -> Iterator[tuple[Path, Path, str]]:
    """A bundle, the module cache of a go that switched while there was a network, and the key of the checksum database; nobody answers any more."""
    site = Site(tmp_path / "outside", {"HOME": str(tmp_path), "SOURCE_DATE_EPOCH": "1785931200"})
    site.top.mkdir()
    with toolchain_proxy(RELEASE) as serving:
        site.environ.update(GOPROXY=serving.url, GOSUMDB=serving.vkey)
        pack(site, "1.26.90")
        there = Go(tmp_path / "there", serving.url, serving.vkey)
        assert there("version", GOTOOLCHAIN="go1.26.90").out == SWITCHED
        key = serving.vkey
    yield site.top / "go.bundle", there.place / "gopath/pkg/mod/cache/download", key


def test_a_bundle_alone_is_not_enough_for_go_which_asks_the_database_whatever_it_is_told(tmp_path: Path) -> None:
    with without_network(tmp_path) as (bundle, _, key), proxy(tmp_path, f"file://{bundle}", key) as served:
        go = Go(tmp_path / "client", url_of(served), key)
        for settings in ({}, {"GONOSUMDB": "*"}, {"GOPRIVATE": "golang.org", "GONOPROXY": "none"}, {"GOINSECURE": "*"}):
            failed = go("version", GOTOOLCHAIN="go1.26.90", **settings)
            assert (failed.code, f"lookup/{SPEC}: 502 Bad Gateway" in failed.said) == (1, True), failed
        off = go("version", GOTOOLCHAIN="go1.26.90", GOSUMDB="off")
        assert (off.code, "checksum database disabled by GOSUMDB=off" in off.said) == (1, True)


def test_with_answers_of_the_database_beside_the_bundle_go_proves_it_itself(tmp_path: Path) -> None:
    with without_network(tmp_path) as (bundle, cache, key):
        (tmp_path / "mirror").mkdir()
        (cache / "sumdb").rename(tmp_path / "mirror/sumdb")
        with proxy(tmp_path, f"file://{bundle},file://{tmp_path}/mirror", key) as served:
            go = Go(tmp_path / "client", url_of(served), key)
            switched = go("version", GOTOOLCHAIN="go1.26.90")
            assert (switched.code, switched.out) == (0, SWITCHED), switched
            assert served.get("/sumdb/log.example/latest").status == 502  # of a head, only servers know the newest
        lookup = next((tmp_path / "mirror/sumdb").rglob("toolchain@*"))
        lookup.write_bytes(lookup.read_bytes().replace(b" h1:", b" h1:A"))
        with proxy(tmp_path / "other", f"file://{bundle},file://{tmp_path}/mirror", key) as served:
            forged = Go(tmp_path / "other/client", url_of(served), key)("version", GOTOOLCHAIN="go1.26.90")
            assert (forged.code, forged.out) == (1, "")


def test_a_store_that_go_reads_as_a_directory_needs_no_database(tmp_path: Path) -> None:
    with without_network(tmp_path) as (bundle, _, key), proxy(tmp_path, f"file://{bundle}", key) as served:
        assert served.get(f"/golang.org/toolchain/@v/{RELEASE.module_version}.zip").status == 200
    mirror = f"file://{tmp_path}/store/modules"
    go = Go(tmp_path / "client", mirror, key)
    go.environment["GONOSUMDB"] = "golang.org/toolchain"
    assert (
        go("version", GOTOOLCHAIN="go1.26.90", GOPROXY=f"{mirror},off").code == 1
    )  # go asks again in a list of several
    assert go("version", GOTOOLCHAIN="go1.26.90").out == SWITCHED


def test_a_go_on_path_is_taken_before_anybody_is_asked(tmp_path: Path) -> None:
    """As `gosteward install --from BUNDLE` and a link with the name of the version make it."""
    go = Go(tmp_path / "client", "off", "off")
    program = tmp_path / "bin/go1.26.90"
    program.parent.mkdir()
    program.write_bytes(RELEASE.files["bin/go"])
    program.chmod(0o755)
    path = f"{program.parent}:{go.environment['PATH']}"
    go.go_mod("\ntoolchain go1.26.90\n")
    assert go("version", GOTOOLCHAIN="auto", PATH=path).out == SWITCHED
