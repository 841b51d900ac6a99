"""Turns by locks in a real Redis: one at a time, and nobody is stopped by who is gone, or by Redis itself."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from gosteward.modules.requests import request_for
from gosteward.modules.storage import redis_link, redis_turns
from gosteward.modules.storage.redis_turns import TurnsInRedis
from modules.storage.redis_server import RedisServer, linked, metadata, redis_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gosteward.modules.storage.redis_link import RedisLink

KEY = "gosteward:turn:name"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path / "redis") as found:
        yield found


@pytest.fixture
def link(server: RedisServer) -> Iterator[RedisLink]:
    with linked(metadata(server.url)) as found:
        yield found


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_turns, "LASTS", 1.0)
    monkeypatch.setattr(redis_turns, "RENEWED", 0.2)
    monkeypatch.setattr(redis_link, "ANSWER_SECONDS", 0.5)


def test_turns_come_one_after_another_and_all_but_the_first_know_of_others(server: RedisServer) -> None:
    inside, most, others, together = [], [], [], threading.Barrier(8)

    def take() -> None:
        with linked(metadata(server.url)) as link:
            link.get("x", 1)
            together.wait(20)
            take_one(link)

    def take_one(link: RedisLink) -> None:
        with TurnsInRedis(link).of("name", 30) as others_had_one:
            inside.append(1)
            most.append(len(inside))
            others.append(others_had_one)
            time.sleep(0.1)
            inside.pop()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert max(most) == 1
    assert others[0] is False
    assert others.count(True) >= 6  # one may have come just when another was done
    with server.client() as client:
        assert client.keys() == []


def test_a_turn_lasts_as_long_as_it_is_needed_and_the_lock_is_given_back(server: RedisServer, link: RedisLink) -> None:
    turns = TurnsInRedis(link)
    with turns.of("name", 1), server.client() as client:
        token = client.get(KEY)
        time.sleep(2.5)  # longer than a lock lasts
        assert client.get(KEY) == token
        with turns.of("name", 0.1) as others_had_one:
            assert others_had_one  # whoever waited long enough goes on
    with server.client() as client:
        assert client.get(KEY) is None


HOLDER = """
import sys, time
sys.path[:0] = {path!r}
from gosteward.modules.storage import redis_turns
from modules.storage.redis_server import linked, metadata
redis_turns.LASTS, redis_turns.RENEWED = 1.0, 0.2
with linked(metadata({url!r})) as link, redis_turns.TurnsInRedis(link).of("name", 1):
    print("taken", flush=True)
    time.sleep(60)
"""


def test_the_lock_of_a_process_that_was_killed_ends_by_itself(server: RedisServer, link: RedisLink) -> None:
    program = HOLDER.format(path=sys.path, url=server.url)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"taken\n"
        holder.kill()
    with TurnsInRedis(link).of("name", 60) as others_had_one, server.client() as client:
        assert others_had_one
        assert client.get(KEY) is not None  # it is ours now, and nobody waited for the end of the patience


def test_whoever_has_lost_a_lock_does_not_take_it_from_the_next_one(server: RedisServer, link: RedisLink) -> None:
    with server.client() as client:
        with TurnsInRedis(link).of("name", 1):
            client.flushall()
            client.set(KEY, "somebody else's", px=20_000)
        assert client.get(KEY) == b"somebody else's"


@pytest.mark.parametrize("milliseconds", [None, 3_600_000])
def test_a_lock_that_no_proxy_made_stops_nobody(server: RedisServer, link: RedisLink, milliseconds: int | None) -> None:
    with server.client() as client:
        client.set(KEY, "x", px=milliseconds)
        with TurnsInRedis(link).of("name", 60) as others_had_one:
            assert not others_had_one
            assert client.pttl(KEY) <= 1_000


@pytest.mark.parametrize("loss", ["kill", "stop"])
def test_who_waits_or_has_a_turn_goes_on_without_redis(server: RedisServer, link: RedisLink, loss: str) -> None:
    turns, began, waited = TurnsInRedis(link), threading.Event(), []

    def wait() -> None:
        with linked(metadata(server.url)) as other:
            assert other.get("x", 1) == b""
            began.set()
            with TurnsInRedis(other).of("name", 600) as others_had_one:
                waited.append(others_had_one)

    with turns.of("name", 1):
        thread = threading.Thread(target=wait)
        thread.start()
        assert began.wait(10)
        time.sleep(0.3)
        getattr(server, loss)()
        thread.join(30)
        assert waited == [True]
    with turns.of("name", 600) as others_had_one:
        assert not others_had_one


def test_only_those_wait_who_would_find_the_file(server: RedisServer, link: RedisLink) -> None:
    info, zip_ = (request_for(kind, "example.com/text", "v1.0.0") for kind in ("info", "zip"))
    alone, other, together = (TurnsInRedis(link, scope) for scope in ("", "store-2", "store-1"))
    with together.turn(zip_), alone.turn(zip_) as first, other.turn(zip_) as second, server.client() as client:
        assert (first, second) == (False, False)
        assert len(client.keys()) == 2
    with alone.turn(info), server.client() as client:
        assert client.keys() == [f"gosteward:turn:all:{info.path}".encode()]
