"""Downloads: a cut one goes on where it ended, what is not the file is refused, and nobody writes where two would write."""

from __future__ import annotations

import os
import threading
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import PrivilegeError
from gosteward.host.local import LocalHost
from gosteward.host.own_directory import OwnDirectory, cache_for, state_for
from gosteward.snapshot import User
from gosteward.toolchains.origins.web import UnreachableError, Web
from toolchains.file_server import FileServer, file_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = bytes(range(256)) * 2000
LIMIT = 1 << 20


@pytest.fixture
def server() -> Iterator[FileServer]:
    with file_server() as served:
        served.files["/go.tar.gz"] = CONTENT
        yield served


@pytest.fixture
def cache(tmp_path: Path) -> OwnDirectory:
    return OwnDirectory(str(tmp_path / "cache/gosteward"))


def web(**environ: str) -> Web:
    return Web(LocalHost(environ), User(uid=os.geteuid(), gid=os.getegid()))


def test_a_download_that_was_cut_goes_on_where_it_ended(server: FileServer, cache: OwnDirectory) -> None:
    server.cut, server.cuts = 100_000, 2
    seen: list[tuple[int, int]] = []
    found = web().download(
        f"{server.url}/go.tar.gz", cache, "go", limit=LIMIT, progress=lambda *done: seen.append(done)
    )
    assert (found.size, found.sha256) == (len(CONTENT), sha256(CONTENT).hexdigest())
    assert [wanted for _, wanted in server.asked] == ["", "bytes=100000-", "bytes=200000-"]
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert cache.read("go") == CONTENT


def test_a_finished_download_is_not_fetched_again(server: FileServer, cache: OwnDirectory) -> None:
    for _ in range(2):
        assert web().download(f"{server.url}/go.tar.gz", cache, "go", limit=LIMIT).size == len(CONTENT)
    assert len(server.asked) == 1


def test_a_server_without_ranges_gives_all_of_it_again(server: FileServer, cache: OwnDirectory) -> None:
    server.ranges, server.cut, server.cuts = False, 1000, 1
    assert web().download(f"{server.url}/go.tar.gz", cache, "go", limit=LIMIT).sha256 == sha256(CONTENT).hexdigest()


def test_another_file_under_the_same_name_is_fetched_from_its_beginning(
    server: FileServer, cache: OwnDirectory
) -> None:
    cache.put("go.partial", b"x" * (len(CONTENT) + 1))
    assert web().download(f"{server.url}/go.tar.gz", cache, "go", limit=LIMIT).sha256 == sha256(CONTENT).hexdigest()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("status", 503, "the server answers 503"), ("lie", 10, "the answer ends after"), ("lie", LIMIT, "more than")],
)
def test_what_is_not_the_file_is_refused(
    server: FileServer, cache: OwnDirectory, name: str, value: int, said: str
) -> None:
    setattr(server, name, value)
    server.ranges = False
    with pytest.raises(UnreachableError, match=said):
        web().download(f"{server.url}/go.tar.gz", cache, "go", limit=LIMIT)


def test_two_downloads_at_once_are_one(server: FileServer, cache: OwnDirectory) -> None:
    found: list[str] = []

    def fetch() -> None:
        found.append(web().download(f"{server.url}/go.tar.gz", cache, "go", limit=LIMIT).sha256)

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [sha256(CONTENT).hexdigest()] * 4
    assert [wanted for _, wanted in server.asked].count("") == 1


def test_nothing_is_asked_offline_and_nothing_but_http(server: FileServer) -> None:
    offline = Web(LocalHost({}), User(), offline=True)
    for asking, url in ((offline, f"{server.url}/go.tar.gz"), (web(), "file:///etc/passwd"), (web(), "http://")):
        with pytest.raises(UnreachableError):
            asking.ask(url)
    assert server.asked == []


def test_several_answers_come_in_order(server: FileServer) -> None:
    answers = web().ask_all([f"{server.url}/{name}" for name in ("none", "go.tar.gz")])
    assert [getattr(answer, "status", 0) for answer in answers] == [404, 200]


def test_a_directory_of_somebody_else_or_a_link_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o700)
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("open", "link"):
        with pytest.raises(PrivilegeError):
            OwnDirectory(str(tmp_path / name)).put("x", b"")
    assert not list((tmp_path / "open").iterdir())


def test_a_planted_link_is_not_written_through(cache: OwnDirectory, tmp_path: Path) -> None:
    cache.put("other", b"")
    (tmp_path / "cache/gosteward/go").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="symbolic"), cache.growing("go"):
        pass
    cache.put("go", b"new")
    assert cache.read("go") == b"new"
    assert not (tmp_path / "victim").exists()


def test_an_error_of_the_kernel_names_the_file_and_leaves_nothing(cache: OwnDirectory) -> None:
    with pytest.raises(OSError, match="too long") as caught:
        cache.put("x" * 300, b"content")
    assert caught.value.filename == f"{cache.path}/{'x' * 300}"
    assert os.listdir(cache.path) == []


def test_root_and_others_have_their_places() -> None:
    hostile = {"XDG_CACHE_HOME": "/tmp/x", "XDG_STATE_HOME": "relative"}
    if os.geteuid() == 0:
        assert (cache_for(hostile, "/root"), state_for(hostile, "/root")) == (
            "/var/cache/gosteward",
            "/var/lib/gosteward",
        )
    else:
        assert (cache_for(hostile, "/h"), state_for(hostile, "/h")) == (
            "/tmp/x/gosteward",
            "/h/.local/state/gosteward",
        )
