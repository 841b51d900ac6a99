"""Directories, exports and bundles as upstreams: read in place, and believed no more than a server."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from gosteward.errors import UsageError
from gosteward.modules.care.exporting import export
from gosteward.modules.upstreams import Upstream, upstreams, without_direct
from modules.care.stores import MODULES, Published, filled, outside
from serve.serving import proxy
from sumdb.log_server import escaped
from toolchains.bundling.test_bundles import NAME, RELEASE, pack
from toolchains.conftest import Site
from toolchains.godev_server import toolchain_proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE, VERSION = MODULES[0]
BASE = f"/{MODULE}/@v/{VERSION}"
DIRECTORY, EXPORT = "directory", "export"


@pytest.fixture(scope="module")
def published() -> Iterator[Published]:
    with outside() as found:
        yield found


@pytest.fixture(scope="module")
def places(published: Published, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """All three modules, in a directory with a space in its name, and in an export."""
    top = tmp_path_factory.mktemp("places")
    directory = top / "a directory"
    for path, content in published.log.files.items():
        file = directory / path[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    for module, version in MODULES:
        (directory / f"{escaped(module)}/@v/list").write_text(f"{version}\n")
    export(filled(top / "store", published), str(top / "all.export"))
    return {DIRECTORY: directory, EXPORT: top / "all.export"}


@pytest.fixture
def place(places: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """A copy to be spoilt."""
    shutil.copytree(places[DIRECTORY], tmp_path / "copy")
    shutil.copy(places[EXPORT], tmp_path / "copy.export")
    return {DIRECTORY: tmp_path / "copy", EXPORT: tmp_path / "copy.export"}


def url_of(path: Path) -> str:
    return f"file://{quote(str(path))}"


@pytest.mark.parametrize("kind", [DIRECTORY, EXPORT])
def test_all_that_is_there_comes_from_there_and_is_stored(
    places: dict[str, Path], published: Published, tmp_path: Path, kind: str
) -> None:
    with proxy(tmp_path, url_of(places[kind])) as served:
        for path, content in published.log.files.items():
            assert served.get(path).body == content
        for module, version in MODULES:
            assert served.get(f"/{escaped(module)}/@v/list").body == f"{version}\n".encode()
        assert served.get(f"/{MODULE}/@v/v1.9.9.mod").status == 404
        assert served.get("/example.com/none/@v/list").status == 404
        assert served.get(f"/{MODULE}/@v/main.info").status == 404
    assert (tmp_path / f"store/modules{BASE}.zip").read_bytes() == published.log.files[f"{BASE}.zip"]


def test_an_export_brings_its_proofs_so_that_no_database_has_to_be_asked(
    places: dict[str, Path], published: Published, tmp_path: Path
) -> None:
    with proxy(tmp_path, url_of(places[EXPORT]), published.vkey) as served:
        for path, content in published.log.files.items():
            assert served.get(path).body == content
    with proxy(tmp_path / "other", url_of(places[DIRECTORY]), published.vkey) as served:
        assert served.get(f"{BASE}.zip").status == 502  # there are none in it, and the name of the database is nobody's


@pytest.mark.parametrize("kind", [DIRECTORY, EXPORT])
def test_what_was_changed_there_is_not_given(
    place: dict[str, Path], published: Published, tmp_path: Path, kind: str
) -> None:
    whole = published.log.files[f"{BASE}.mod"]
    path = place[kind] / f"{BASE[1:]}.mod" if kind == DIRECTORY else place[kind]
    path.write_bytes(path.read_bytes().replace(whole, whole.upper()))
    with ExitStack() as stack:
        behind = f"{url_of(place[kind])},{published.url}"
        served = stack.enter_context(proxy(tmp_path, behind, published.vkey))
        assert served.get(f"{BASE}.mod").status == 502
        assert served.get(f"{BASE}.zip").status == 200


@pytest.mark.parametrize("kind", [DIRECTORY, EXPORT])
def test_a_place_that_is_gone_is_a_failure_and_no_absence(place: dict[str, Path], tmp_path: Path, kind: str) -> None:
    with proxy(tmp_path, url_of(place[kind])) as served:
        assert served.get(f"{BASE}.info").status == 200
        place[kind].rename(tmp_path / "elsewhere")
        answer = served.get(f"{BASE}.mod")
        assert (answer.status, b"cannot be read" in answer.body) == (502, True)
        (tmp_path / "elsewhere").rename(place[kind])
        assert served.get(f"{BASE}.mod").status == 200


def test_an_export_that_was_replaced_is_read_again_and_a_broken_one_is_none(
    place: dict[str, Path], tmp_path: Path
) -> None:
    path = place[EXPORT]
    with proxy(tmp_path, url_of(path)) as served:
        assert served.get(f"{BASE}.info").status == 200
        whole = path.read_bytes()
        for broken in (b"", b"x" * 100_000, whole[:-2000]):
            path.with_name("new").write_bytes(broken)
            path.with_name("new").replace(path)
            assert served.get(f"{BASE}.mod").status == 502
        path.write_bytes(whole)
        assert served.get(f"{BASE}.mod").status == 200


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def _linked_directory(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))
    path.parent.symlink_to("elsewhere")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("spoil", [_link, _linked_directory, _pipe, _folder])
def test_what_is_no_file_in_a_directory_is_a_failure_and_not_followed(
    place: dict[str, Path], tmp_path: Path, spoil: object
) -> None:
    path = place[DIRECTORY] / f"{BASE[1:]}.info"
    assert callable(spoil)
    spoil(path)
    with proxy(tmp_path, url_of(place[DIRECTORY])) as served:
        assert served.get(f"{BASE}.info").status == 502


def test_a_bundle_gives_its_toolchains_with_their_proofs(tmp_path: Path) -> None:
    site = Site(tmp_path / "outside", {"HOME": str(tmp_path), "SOURCE_DATE_EPOCH": "1785931200"})
    site.top.mkdir()
    with toolchain_proxy(RELEASE) as serving:
        site.environ.update(GOPROXY=serving.url, GOSUMDB=serving.vkey)
        pack(site, "1.26.90")
        key = serving.vkey
    base = "/golang.org/toolchain/@v"
    with proxy(tmp_path, url_of(site.top / "go.bundle"), key) as served:
        assert served.get(f"{base}/list").body == f"{RELEASE.module_version}\n".encode()
        assert served.get(f"{base}/{NAME}").body == RELEASE.zip()
        assert served.get(f"{base}/{RELEASE.module_version}.info").status == 200
        assert served.get(f"{base}/v0.0.1-go1.26.91.linux-amd64.zip").status == 404
        assert served.get(f"/{MODULE}/@v/list").status == 404


REFUSED = [
    "file://host/srv",
    "file:srv",
    "file:///",
    "/srv/mirror",
    "file:///a%00b",
    "ftp://x/",
    "s3://bucket",
    "direct",
]


@pytest.mark.parametrize("entry", REFUSED)
def test_what_can_be_no_upstream_is_said_at_once(entry: str) -> None:
    with pytest.raises(UsageError):
        upstreams(f"https://a.example,{entry}")


def test_entries_of_goproxy_for_directories_are_upstreams() -> None:
    assert without_direct("file:///srv/a%20b|https://a.example,direct") == "file:///srv/a%20b|https://a.example"
    first, second = upstreams("file:///srv/a%20b/|https://a.example")
    assert first == Upstream("file:///srv/a%20b", falls_through=True, shown="file:///srv/a%20b")
    assert (first.scheme, first.path, second.scheme) == ("file", "/srv/a b", "https")
