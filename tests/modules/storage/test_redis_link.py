"""The door to a real Redis: what it cannot do is said once, and nobody waits for it twice."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from gosteward.modules.storage import redis_link
from gosteward.modules.storage.redis_link import RedisGoneError, RedisLink
from modules.storage.redis_server import RedisServer, linked, metadata, redis_server
from serve.guarded import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path / "redis") as found:
        yield found


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_link, "ANSWER_SECONDS", 0.5)


def answers(link: RedisLink) -> bool:
    try:
        link.put("key", b"value", 60)
        return link.get("key", 100) == b"value"
    except RedisGoneError:
        return False


def troubles(link: RedisLink) -> list[str]:
    return [one.text for one in reversed(link.tally.recent())]


def test_prefix_and_database_keep_users_of_one_redis_apart(server: RedisServer) -> None:
    with (
        linked(metadata(f"{server.url}/3?prefix=team-a")) as ours,
        linked(metadata(f"{server.url}/3?prefix=team-b")) as theirs,
        linked(metadata(f"unix://{server.socket}?db=3&prefix=team-a")) as same,
        linked(metadata(f"{server.url}/4?prefix=team-a")) as elsewhere,
    ):
        ours.put("key", b"value", 60)
        assert [one.get("key", 9) for one in (ours, same, theirs, elsewhere)] == [b"value", b"value", b"", b""]
    with server.client(3) as client:
        assert client.keys() == [b"team-a:key"]
        assert 0 < client.ttl("team-a:key") <= 60


def test_a_value_that_is_too_long_or_of_another_type_is_none(server: RedisServer) -> None:
    with linked(metadata(server.url)) as link, server.client() as client:
        client.set("gosteward:long", b"x" * 11)
        client.rpush("gosteward:list", "x")
        assert (link.get("long", 11), link.get("long", 10), link.get("list", 10)) == (b"x" * 11, b"", b"")
        assert not troubles(link)


def test_an_outage_is_told_once_and_so_is_its_end(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_link, "PAUSE", 1.0)
    with linked(metadata(server.url)) as link:
        assert answers(link)
        server.kill()
        assert not any(answers(link) for _ in range(20))
        assert link.tally.metadata["failed"] == 1  # nobody asked after the first one
        assert not link.tally.metadata_up
        until = time.monotonic() + 20
        server.start()
        while not answers(link) and time.monotonic() < until:
            time.sleep(0.05)
        assert answers(link)
        assert link.tally.metadata_up
        first, last = troubles(link)
        assert "is not used for now" in first
        assert last.endswith("answers again")


def test_a_restart_between_two_questions_is_not_noticed(server: RedisServer) -> None:
    with linked(metadata(server.url)) as link:
        assert answers(link)
        server.kill()
        server.start()
        assert answers(link)
        assert not troubles(link)


def test_many_who_ask_a_redis_that_hangs_wait_once_together(server: RedisServer) -> None:
    with linked(metadata(server.url)) as link:
        assert answers(link)
        server.stop()
        try:
            threads = [threading.Thread(target=answers, args=(link,)) for _ in range(20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
            assert not any(thread.is_alive() for thread in threads)
            assert not answers(link)
            assert len(troubles(link)) == 1
        finally:
            server.go_on()


@pytest.mark.parametrize("wrong", ["", "wrong"])
def test_a_wrong_password_is_told_and_never_shown(tmp_path: Path, wrong: str) -> None:
    with redis_server(tmp_path / "redis", "--requirepass", "p:w@d") as server:
        with linked(metadata(server.url, wrong)) as link:
            assert not answers(link)
            (told,) = troubles(link)
            assert not wrong or wrong not in told
        with linked(metadata(server.url.replace("//", "//:p%3Aw%40d@"))) as link:
            assert answers(link)
            assert "p:w" not in link.shown


def test_users_have_passwords_of_their_own(tmp_path: Path) -> None:
    with redis_server(tmp_path / "redis") as server, server.client() as client:
        client.execute_command(
            "ACL", "SETUSER", "gopher", "on", ">secret", "~team:*", "+@read", "+@write", "+@scripting"
        )
        url = server.url.replace("//", "//gopher@")
        with linked(metadata(f"{url}?prefix=team", "secret")) as link:
            assert answers(link)
            assert link.take("lock", "token", 5)
        with linked(metadata(f"{url}?prefix=other", "secret")) as link:
            assert not answers(link)


def test_a_password_that_changes_is_used_from_the_next_connection_on(tmp_path: Path) -> None:
    now = ["old"]
    with (
        redis_server(tmp_path / "redis", "--requirepass", "old") as server,
        linked(metadata(server.url)._replace(password=lambda: now[0])) as link,
    ):
        assert answers(link)
        server.kill()
        server.settings = ("--requirepass", "new")
        now[0] = "new"
        server.start()
        assert answers(link)


def test_tls_is_spoken_with_an_authority_of_ones_own_alone(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "corp")
    certificate, key = authority.issue("redis").pair
    files = ("--tls-auth-clients", "no", "--tls-cert-file", certificate, "--tls-key-file", key)
    with redis_server(tmp_path / "tls", *files) as server:
        url = server.url.replace("redis:", "rediss:")
        with linked(metadata(url, authorities=str(authority.path))) as link:
            assert answers(link)
        with linked(metadata(url)) as link:
            assert not answers(link)
            assert "certificate" in troubles(link)[0].lower()
        with linked(metadata(url.replace("127.0.0.1", "127.0.0.2"), authorities=str(authority.path))) as link:
            assert not answers(link)
        with linked(metadata(server.url)) as link:
            assert not answers(link)


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"$99999999\r\n", b":x\r\n", b"*-5\r\n", b"+OK\r\n" * 9, b"\0" * 99, b""],
)
def test_what_is_no_redis_is_only_an_outage(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):  # the test is over
                while True:
                    answer(listening.accept()[0])

        def answer(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.recv(1 << 16)
                connection.sendall(said)

        threading.Thread(target=serve, daemon=True).start()
        with linked(metadata(f"redis://127.0.0.1:{listening.getsockname()[1]}")) as link:
            try:
                found = link.get("key", 100)
            except RedisGoneError:
                found = b""
            assert found == b""
