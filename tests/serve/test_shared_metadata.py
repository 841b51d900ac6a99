"""Proxies that share a real Redis: upstreams are asked once for all of them; without it, or with lies in it, nothing is wrong."""

from __future__ import annotations

import contextlib
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from gosteward.modules import requests
from gosteward.modules.shared.places import SharedPlace
from gosteward.modules.storage import redis_link
from modules.care.stores import outside
from modules.storage.redis_server import RedisServer, metadata, redis_server
from serve.serving import Fault, Served, Upstream, proxy, until, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gosteward.modules.requests import ModuleRequest

MODULE, VERSION = "example.com/text", "v1.2.3"
BASE = f"/{MODULE}/@v/{VERSION}"
LIST, LATEST = f"/{MODULE}/@v/list", f"/{MODULE}/@latest"
LARGE = f"/example.com/large/@v/{VERSION}.zip"
PLACES = {"list": LIST, "latest": LATEST, "branch": f"/{MODULE}/@v/master.info", "info": f"{BASE}.info"}


@pytest.fixture
def behind() -> Iterator[Upstream]:
    with upstream() as served:
        served.add(MODULE, VERSION, {"text.go": b"package text\n"})
        served.add("example.com/large", VERSION, {"large.bin": os.urandom(3 << 20)})
        served.files[LIST] = b"v1.2.3\n"
        served.files[LATEST] = b'{"Version":"v1.2.3"}'
        served.files[PLACES["branch"]] = b'{"Version":"v1.2.4-0.20260101000000-abcdefabcdef"}'
        yield served


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path / "redis") as found:
        yield found


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_link, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(redis_link, "PAUSE", 0.5)


@contextlib.contextmanager
def proxies(tmp_path: Path, behind: str, url: str, count: int = 2, **more: object) -> Iterator[list[Served]]:
    with contextlib.ExitStack() as opened:
        yield [
            opened.enter_context(proxy(tmp_path / f"proxy{number}", behind, metadata=metadata(url), **more))
            for number in range(count)
        ]


@pytest.mark.parametrize("path", PLACES.values(), ids=PLACES)
def test_what_one_proxy_learnt_the_others_know(
    tmp_path: Path, behind: Upstream, server: RedisServer, path: str
) -> None:
    with proxies(tmp_path, behind.url, server.url, 3) as (first, second, third):
        with ThreadPoolExecutor(2) as clients:  # both at once
            behind.faults[path] = Fault(delay=0.3)
            together = list(clients.map(lambda served: served.get(path), (first, second)))
        assert [answer.body for answer in (*together, third.get(path))] == [behind.files[path]] * 3
        assert behind.asked == [path]
        assert third.made.proxy.tally.metadata["hit"] == 1
        behind.files.clear()
        assert third.get(path).status == 200  # from what it has itself


def test_that_there_is_nothing_every_proxy_hears_from_the_upstream(
    tmp_path: Path, behind: Upstream, server: RedisServer
) -> None:
    with proxies(tmp_path, behind.url, server.url) as served:
        path = "/example.com/none/@v/list"
        assert [one.get(path).status for one in served] == [404, 404]
        assert behind.asked == [path, path]


def test_a_list_is_believed_no_longer_for_having_come_through_redis(
    tmp_path: Path, behind: Upstream, server: RedisServer
) -> None:
    ahead = [0.0]
    with proxies(tmp_path, behind.url, server.url, clock=lambda: time.time() + ahead[0]) as (first, second):
        first.get(LIST)
        ahead[0] = 50.0
        answer = second.get(LIST)
        assert answer.headers["cache-control"] in ("public, max-age=10", "public, max-age=9")
        ahead[0] = 61.0
        behind.files[LIST] = b"v1.2.3\nv1.2.4\n"
        second.get(LIST)  # old, and a new one is fetched
        until = time.time() + 10
        while second.get(LIST).body != behind.files[LIST] and time.time() < until:
            time.sleep(0.02)
        assert second.get(LIST).body == behind.files[LIST]
        assert first.get(LIST).headers.get("warning")
        while first.get(LIST).body != behind.files[LIST] and time.time() < until:
            time.sleep(0.02)
        assert first.get(LIST).body == behind.files[LIST]
        assert behind.asked == [LIST, LIST]


def test_an_old_list_of_others_is_given_while_the_upstream_fails(
    tmp_path: Path, behind: Upstream, server: RedisServer
) -> None:
    ahead = [0.0]
    with proxies(tmp_path, behind.url, server.url, clock=lambda: time.time() + ahead[0]) as (first, second):
        first.get(LIST)
        behind.faults[LIST] = Fault(status=500)
        ahead[0] = 86_400.0
        answer = second.get(LIST)
        assert (answer.status, answer.body) == (200, b"v1.2.3\n")
        assert answer.headers["warning"]


def place(tmp_path: Path) -> SharedPlace:
    """Where files are shared."""
    (tmp_path / "files").mkdir()
    return SharedPlace(f"file://{tmp_path}/files")


def test_a_cold_zip_is_fetched_by_one_proxy_for_all(tmp_path: Path, behind: Upstream, server: RedisServer) -> None:
    behind.faults[LARGE] = Fault(pause=0.5)
    with (
        proxies(tmp_path, behind.url, server.url, 3, shared=place(tmp_path)) as served,
        ThreadPoolExecutor(12) as clients,
    ):
        answers = list(clients.map(lambda one: one.get(LARGE), served * 4))
        assert {answer.body for answer in answers} == {behind.files[LARGE]}
        assert behind.asked == [LARGE]
    with server.client() as client:
        assert client.keys() == []


@pytest.mark.parametrize("loss", ["kill", "stop", "flush"])
def test_redis_lost_in_the_middle_of_a_zip_costs_a_fetch_at_most(
    tmp_path: Path, behind: Upstream, server: RedisServer, loss: str
) -> None:
    behind.faults[LARGE] = Fault(pause=1.0)
    with proxies(tmp_path, behind.url, server.url, shared=place(tmp_path)) as served, ThreadPoolExecutor(2) as clients:
        answers = clients.map(lambda one: one.get(LARGE), served)
        until = time.time() + 10
        while LARGE not in behind.asked and time.time() < until:
            time.sleep(0.02)
        time.sleep(0.2)
        if loss == "flush":
            with server.client() as client:
                client.flushall()
        else:
            getattr(server, loss)()
        assert {answer.body for answer in answers} == {behind.files[LARGE]}
        assert behind.asked in ([LARGE], [LARGE, LARGE])


def test_a_fetch_that_failed_is_made_by_the_next_one(tmp_path: Path, behind: Upstream, server: RedisServer) -> None:
    behind.faults[LARGE] = Fault(cut=2 << 20)
    with proxies(tmp_path, behind.url, server.url, shared=place(tmp_path)) as (first, second):
        assert not first.get(LARGE).whole
        behind.faults.clear()
        assert second.get(LARGE).body == behind.files[LARGE]


def test_proxies_without_files_in_common_do_not_wait_for_each_others_zips(
    tmp_path: Path, behind: Upstream, server: RedisServer
) -> None:
    with proxies(tmp_path, behind.url, server.url) as (first, second):
        turns = first.made.proxy.sharing.turns
        request = _request(f"{BASE}.zip")
        with turns.turn(request):
            assert second.get(f"{BASE}.zip").body == behind.files[f"{BASE}.zip"]
        with second.made.proxy.sharing.turns.turn(request), turns.turn(request) as others_had_one:
            assert not others_had_one


def _request(path: str) -> ModuleRequest:
    found = requests.file_at(path[1:])
    assert found is not None
    return found


def test_two_proxies_on_one_store_wait_for_each_other(tmp_path: Path, behind: Upstream, server: RedisServer) -> None:
    behind.faults[LARGE] = Fault(pause=0.5)
    shared = metadata(server.url)
    with proxy(tmp_path / "one", behind.url, metadata=shared) as first, proxy(tmp_path / "one", behind.url, metadata=shared) as second:  # fmt: skip
        with ThreadPoolExecutor(2) as clients:
            answers = list(clients.map(lambda one: one.get(LARGE), (first, second)))
        assert [answer.body for answer in answers] == [behind.files[LARGE]] * 2
        assert behind.asked == [LARGE]


@pytest.mark.parametrize("loss", ["kill", "stop"])
def test_without_redis_everything_is_served_and_ready_and_it_is_used_again_when_it_is_back(
    tmp_path: Path, behind: Upstream, server: RedisServer, loss: str
) -> None:
    with proxies(tmp_path, behind.url, server.url) as (first, second):
        assert first.get(LIST).status == 200
        getattr(server, loss)()
        for path in (LIST, LATEST, *(f"{BASE}{suffix}" for suffix in (".info", ".mod", ".zip"))):
            answer = second.get(path)
            assert (answer.status, answer.body) == (200, behind.files[path])
        assert second.get("/readyz").status == 200
        assert b"gosteward_proxy_metadata_up 0" in second.get("/metrics").body
        (told,) = [one for one in second.made.proxy.tally.recent() if one.kind == "metadata"]
        assert "is not used for now" in told.text
        if loss == "kill":
            server.start()
        else:
            server.go_on()
        until, number = time.time() + 20, 0
        while not second.made.proxy.tally.metadata_up and time.time() < until:
            behind.files[f"/example.com/m{number}/@v/list"] = b"v1.0.0\n"
            assert second.get(f"/example.com/m{number}/@v/list").body == b"v1.0.0\n"
            number += 1
            time.sleep(0.05)
        assert b"gosteward_proxy_metadata_up 1" in second.get("/metrics").body
        texts = [one.text for one in second.made.proxy.tally.recent() if one.kind == "metadata"]
        assert len(texts) == 2
        assert texts[0].endswith("answers again")


@pytest.mark.parametrize("lie", ["garbage", "huge", "another type", "another path", "future", "absent"])
@pytest.mark.parametrize("path", PLACES.values(), ids=PLACES)
def test_lies_in_redis_are_not_believed(
    tmp_path: Path, behind: Upstream, server: RedisServer, path: str, lie: str
) -> None:
    key = f"gosteward:answer:{path[1:]}"

    def value(**other: object) -> bytes:
        return json.dumps({"path": path[1:], "status": 200, "at": time.time(), **other}).encode() + b"\n" + wrong

    wrong = behind.files[path].replace(b"v1.2.3", b"v9.9.9")
    with server.client() as client:
        if lie == "another type":
            client.rpush(key, value())
        else:
            lies = {
                "garbage": b"\x80\0{" * 99,
                "huge": value() + b"v1.2.9\n" * (1 << 20),
                "another path": value(path="example.com/other/@v/list"),
                "future": value(at=time.time() + 3_600),
                "absent": value(status=404),
            }
            client.set(key, lies[lie])
        with proxies(tmp_path, behind.url, server.url, 1) as (served,):
            answer = served.get(path)
            assert (answer.status, answer.body) == (200, behind.files[path])
            assert behind.asked == [path]
            until(lambda: not served.made.proxy.under_way)  # a client has a file before it is stored
        assert client.type(key) == b"string"  # the truth has replaced it
        assert client.get(key).endswith(behind.files[path])


def test_a_wrong_password_leaves_the_proxy_alone_but_working(tmp_path: Path, behind: Upstream) -> None:
    with redis_server(tmp_path / "redis", "--requirepass", "p:w@d") as server:
        url = server.url.replace("//", "//:Wrong-Word@")
        with proxies(tmp_path, behind.url, url, 1) as (served,):
            assert served.get(LIST).body == b"v1.2.3\n"
            assert b"Wrong-Word" not in served.get("/-/").body + served.get("/metrics").body
            assert "invalid username-password" in served.made.proxy.tally.recent()[0].text


def test_answers_of_a_checksum_database_are_shared(tmp_path: Path, server: RedisServer) -> None:
    with outside() as published, contextlib.ExitStack() as opened:
        name = published.vkey.partition("+")[0]
        path = f"/sumdb/{name}/lookup/example.com/text@v1.2.3"
        first, second = (
            opened.enter_context(
                proxy(tmp_path / str(number), published.url, published.vkey, metadata=metadata(server.url))
            )
            for number in range(2)
        )
        answers = [served.get(path) for served in (first, second)]
        assert answers[0].body == answers[1].body
        assert b"example.com/text v1.2.3 h1:" in answers[1].body
        assert second.made.proxy.tally.metadata["hit"] == 1
    with server.client() as client:
        assert client.ttl(f"gosteward:answer:{path[1:]}") > 365 * 86_400
