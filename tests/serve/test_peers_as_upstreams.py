"""Athens and goproxy as upstreams: what they were seen to answer, and what a client of ours gets then.

Seen with Athens of 2026-06 (76c9424b) and goproxy of 2026-04 (80d3248), between `go mod download` and a public proxy. Their binaries are not needed here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from modules.care.stores import outside
from serve.serving import Fault, Served, Upstream, proxy, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE = "example.com/text"
BASE = f"/{MODULE}/@v/v1.2.3"
ATHENS_LATEST = b'{"Origin":null,"Name":"","Short":"","Version":"v1.2.3","Time":"2025-12-03T23:51:15Z","Tags":null}'
ATHENS_UNREACHABLE = b"not found: module example.com/text: git ls-remote -q: fatal: unable to access: Could not resolve host: example.com"
JSON = (("Content-Type", "application/json; charset=utf-8"), ("Cache-Control", "no-cache, no-store, must-revalidate"))


@pytest.fixture
def peer() -> Iterator[Upstream]:
    with upstream() as found:
        found.add(MODULE, "v1.2.3", {"large.bin": bytes(range(256)) * 4000})
        found.files[f"/{MODULE}/@v/list"] = b"v1.2.3\n"
        yield found


@pytest.fixture
def served(tmp_path: Path, peer: Upstream) -> Iterator[Served]:
    with proxy(tmp_path, peer.url) as found:
        yield found


def test_a_list_of_athens_is_given_as_the_text_that_it_is(served: Served, peer: Upstream) -> None:
    peer.faults[f"/{MODULE}/@v/list"] = Fault(headers=JSON)
    answer = served.get(f"/{MODULE}/@v/list")
    assert (answer.status, answer.body) == (200, b"v1.2.3\n")
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_long_list_of_athens_that_comes_in_chunks_is_whole(served: Served, peer: Upstream) -> None:
    chunks = b"7\r\nv1.2.3\n\r\n7\r\nv1.2.4\n\r\n0\r\n\r\n"
    headers = (*JSON, ("Transfer-Encoding", "chunked"))
    peer.faults[f"/{MODULE}/@v/list"] = Fault(body=chunks, unsized=True, headers=headers)
    assert served.get(f"/{MODULE}/@v/list").body == b"v1.2.3\nv1.2.4\n"


def test_latest_of_athens_names_its_version_among_much_else(served: Served, peer: Upstream) -> None:
    peer.files[f"/{MODULE}/@latest"] = ATHENS_LATEST
    answer = served.get(f"/{MODULE}/@latest")
    assert (answer.status, json.loads(answer.body)["Version"]) == (200, "v1.2.3")


def test_a_404_of_athens_without_a_word_gets_one(served: Served, peer: Upstream) -> None:
    for path in (f"{BASE}.info", f"/{MODULE}/@v/main.info", f"/{MODULE}/@latest"):
        peer.faults[path] = Fault(status=404, body=b"", headers=JSON)
        answer = served.get(path)
        assert (answer.status, answer.body) == (404, b"not found")


def test_a_404_that_athens_says_to_everything_is_told_with_its_reason(served: Served, peer: Upstream) -> None:
    """It is one: to tell it from others would be to read git's words, which are the same for what does not exist."""
    peer.faults[f"/{MODULE}/@v/list"] = Fault(status=404, body=ATHENS_UNREACHABLE, headers=JSON)
    answer = served.get(f"/{MODULE}/@v/list")
    assert (answer.status, answer.body) == (404, ATHENS_UNREACHABLE)


def test_files_to_which_athens_sends_elsewhere_come_from_there(tmp_path: Path, peer: Upstream) -> None:
    """ATHENS_DOWNLOAD_MODE=redirect, with a path in front."""
    with upstream() as athens, proxy(tmp_path, f"{athens.url}/go/") as served:
        for suffix in (".info", ".mod", ".zip"):
            location = ("Location", f"{peer.url}{BASE}{suffix}")
            athens.faults[f"/go{BASE}{suffix}"] = Fault(
                301, body=b"<a href=x>Moved Permanently</a>.\n", headers=(location,)
            )
            assert served.get(f"{BASE}{suffix}").body == peer.files[f"{BASE}{suffix}"]


def test_a_zip_that_athens_gives_while_it_writes_it_is_not_taken_for_the_whole(
    served: Served, peer: Upstream, tmp_path: Path
) -> None:
    """Its length is announced as that of what is there so far."""
    whole = peer.files[f"{BASE}.zip"]
    peer.faults[f"{BASE}.zip"] = Fault(body=whole[: len(whole) // 2])
    answer = served.get(f"{BASE}.zip")
    assert answer.status == 502 or not answer.whole
    assert not (tmp_path / f"store/modules{BASE}.zip").exists()
    peer.faults.clear()
    assert served.get(f"{BASE}.zip").body == whole


def test_a_500_of_goproxy_stops_at_a_comma_and_not_at_a_bar(tmp_path: Path, peer: Upstream) -> None:
    """It says so for what its own upstream refuses."""
    with upstream() as goproxy:
        goproxy.faults[f"{BASE}.mod"] = Fault(status=500, body=b"internal server error")
        with proxy(tmp_path / "comma", f"{goproxy.url},{peer.url}") as served:
            answer = served.get(f"{BASE}.mod")
            assert (answer.status, answer.body) == (502, f"{goproxy.url} answered 500: internal server error".encode())
        with proxy(tmp_path / "bar", f"{goproxy.url}|{peer.url}") as served:
            assert served.get(f"{BASE}.mod").status == 200


@pytest.mark.parametrize("supported", [200, 404])
def test_a_peer_that_does_not_relay_the_checksum_database_is_passed_over(tmp_path: Path, supported: int) -> None:
    """Athens says that it does, and then 502; goproxy says 404 where none is set up. The modules come from it nevertheless."""
    with outside() as published, upstream() as peer:
        name = published.vkey.partition("+")[0]
        peer.files.update(published.log.files)
        peer.faults[f"/sumdb/{name}/supported"] = Fault(status=supported, body=b"")
        for path in ("latest", "lookup/example.com/text@v1.2.3"):
            peer.faults[f"/sumdb/{name}/{path}"] = Fault(status=502 if supported == 200 else 404, body=b"")
        with proxy(tmp_path, f"{peer.url},{published.url}", published.vkey) as served:
            assert served.get(f"{BASE}.zip").status == 200
            assert served.get(f"/sumdb/{name}/lookup/example.com/text@v1.2.3").status == 200
        assert f"{BASE}.zip" in peer.asked
