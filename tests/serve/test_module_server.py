"""The module proxy over HTTP: what is right is given and kept, what is wrong is neither, and what went wrong is said as it is."""

from __future__ import annotations

import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from gosteward.modules.proxy import THREADS
from gosteward.serve.connections import USUAL
from serve.serving import Fault, Served, Upstream, module_zip, proxy, until, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE, VERSION = "example.com/text", "v1.2.3"
BASE = f"/{MODULE}/@v/{VERSION}"
LARGE = os.urandom(3 << 20)


class Time:
    """A clock that can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def behind() -> Iterator[Upstream]:
    with upstream() as served:
        served.add(MODULE, VERSION, {"text.go": b"package text\n"})
        served.add("example.com/large", VERSION, {"large.bin": LARGE})
        served.files[f"/{MODULE}/@v/list"] = b"v1.2.3\n"
        served.files[f"/{MODULE}/@latest"] = b'{"Version":"v1.2.3"}'
        served.files[f"/{MODULE}/@v/master.info"] = b'{"Version":"v1.2.4-0.20260101000000-abcdefabcdef"}'
        yield served


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def served(tmp_path: Path, behind: Upstream, clock: Time) -> Iterator[Served]:
    with proxy(tmp_path, behind.url, clock=clock) as found:
        yield found


def stored(tmp_path: Path) -> set[str]:
    top = tmp_path / "store/modules"
    return {f"/{path.relative_to(top)}" for path in top.rglob("*") if path.is_file()}


def nothing_is_left(tmp_path: Path) -> bool:
    return not stored(tmp_path) and not list((tmp_path / "store/incoming").iterdir())


@pytest.mark.parametrize("suffix", [".info", ".mod", ".zip"])
def test_a_file_comes_once_and_is_stored_under_its_path(
    served: Served, behind: Upstream, tmp_path: Path, suffix: str
) -> None:
    for _ in range(3):
        answer = served.get(BASE + suffix)
        assert (answer.status, answer.body) == (200, behind.files[BASE + suffix])
        assert "immutable" in answer.headers["cache-control"]
    assert behind.asked == [BASE + suffix]
    assert stored(tmp_path) == {BASE + suffix}
    assert (tmp_path / f"store/modules{BASE}{suffix}").stat().st_mode & 0o777 == 0o644


def test_a_large_zip_is_given_whole_while_it_comes_and_afterwards(served: Served, behind: Upstream) -> None:
    path = f"/example.com/large/@v/{VERSION}.zip"
    for unsized in (True, False):
        behind.faults[path] = Fault(unsized=unsized)
        assert served.get(path).body == behind.files[path]
    head = served.get(path, "HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(behind.files[path])))


def test_clients_are_served_while_a_file_comes_and_the_upstream_is_asked_once(served: Served, behind: Upstream) -> None:
    path = f"/example.com/large/@v/{VERSION}.zip"
    behind.faults[path] = Fault(pause=0.5)
    with socket.create_connection(("127.0.0.1", served.port)) as early, ThreadPoolExecutor(8) as clients:
        early.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        first = early.recv(1 << 16)
        assert first.startswith(b"HTTP/1.1 200 OK")
        answers = list(clients.map(served.get, [path] * 8))
        rest = b"".join(iter(lambda: early.recv(1 << 16), b""))
    assert {answer.body for answer in answers} == {behind.files[path]}
    assert (first + rest).endswith(behind.files[path])
    assert behind.asked.count(path) == 1


WRONG = {
    "another module's zip": module_zip("example.com/other", VERSION, {"go.mod": b"x", "text.go": LARGE}),
    "no zip": b"<html>" * 100_000,
    "cut zip": module_zip(MODULE, VERSION, {"text.go": LARGE})[:-100],
    "damaged zip": module_zip(MODULE, VERSION, {"text.go": LARGE})[:1000] + b"XXXX" + module_zip(MODULE, VERSION, {"text.go": LARGE})[1004:],
    "traversal": module_zip(MODULE, VERSION, {"../../../etc/x": LARGE}),
    "two names in one": module_zip(MODULE, VERSION, {"a.go": LARGE, "A.go": b"x"}),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_zip_is_never_whole_for_a_client_and_never_stored(
    served: Served, behind: Upstream, tmp_path: Path, wrong: str
) -> None:
    behind.files[f"{BASE}.zip"] = WRONG[wrong]
    answer = served.get(f"{BASE}.zip")
    assert answer.status == 502 or not answer.whole
    assert nothing_is_left(tmp_path)


def test_what_names_no_version_is_no_list_and_no_first_go_mod(tmp_path: Path, behind: Upstream) -> None:
    """A login page that says to be plain text: the list would be empty for go, and the page the go.mod that this version is held to."""
    page = Fault(body=b"<!doctype html>\nPlease log in.\n")
    behind.faults = {f"/{MODULE}/@v/list": page, f"{BASE}.mod": page}
    with proxy(tmp_path, behind.url) as served:
        assert [served.get(f"/{MODULE}/@v/list").status, served.get(f"{BASE}.mod").status] == [502, 502]
        behind.faults = {}
        assert [served.get(f"/{MODULE}/@v/list").status, served.get(f"{BASE}.mod").status] == [200, 200]


TROUBLES = {
    "cut": (Fault(cut=200), 502),
    "cut early": (Fault(cut=0), 502),
    "wrong length": (Fault(lie=100), 502),
    "forbidden": (Fault(status=403), 403),
    "password": (Fault(status=401), 403),
    "too many": (Fault(status=429), 503),
    "busy": (Fault(status=503), 503),
    "broken": (Fault(status=500), 502),
    "gateway": (Fault(status=502), 502),
    "late": (Fault(status=504), 504),
    "odd": (Fault(status=418), 502),
    "a login page": (Fault(headers=(("Content-Type", "Text/HTML; charset=utf-8"),)), 502),
    "another encoding": (Fault(headers=(("Content-Encoding", "gzip"),)), 502),
    "redirect to nowhere": (Fault(status=302, body=b"", headers=(("Location", "ftp://x/"),)), 502),
    "absent": (Fault(status=404, body=b"no such version"), 404),
    "gone": (Fault(status=410, body=b"taken down by its author"), 410),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_the_upstream_says_is_told_as_it_is(
    served: Served, behind: Upstream, tmp_path: Path, trouble: str
) -> None:
    fault, status = TROUBLES[trouble]
    paths = [f"{BASE}.zip", f"{BASE}.mod", f"{BASE}.info", f"/{MODULE}/@v/list", f"/{MODULE}/@latest"]
    for path in paths:
        behind.faults[path] = fault if fault.cut != 200 else fault._replace(cut=len(behind.files[path]) // 2)
        answer = served.get(path)
        assert (path, answer.status) == (path, status)
        assert answer.body.strip()
        if fault.body:
            assert answer.body == fault.body
    assert nothing_is_left(tmp_path)
    behind.faults.clear()
    if status not in (404, 410):
        assert [served.get(path).body for path in paths] == [behind.files[path] for path in paths]


@pytest.mark.parametrize("ahead", [61, -86_400])  # somebody may put the clock back
def test_absence_is_remembered_for_seconds_only(served: Served, behind: Upstream, clock: Time, ahead: int) -> None:
    path = f"/{MODULE}/@v/v1.9.0.mod"
    assert [served.get(path).status for _ in range(3)] == [404] * 3
    assert behind.asked.count(path) == 1
    behind.add(MODULE, "v1.9.0")
    clock.ahead = ahead
    assert served.get(path).status == 200


@pytest.mark.parametrize("path", [f"/{MODULE}/@v/list", f"/{MODULE}/@latest", f"/{MODULE}/@v/master.info"])
def test_changing_answers_are_kept_asked_for_again_and_given_while_nobody_answers(
    served: Served, behind: Upstream, tmp_path: Path, clock: Time, path: str
) -> None:
    old = behind.files[path]
    assert [served.get(path).body for _ in range(3)] == [old] * 3
    assert behind.asked == [path]
    behind.files[path] = new = old.replace(b"v1.2", b"v1.3")
    clock.ahead = 90  # old, but not too old: it is told at once, and a new one fetched
    answer = served.get(path)
    assert (answer.body, answer.headers["warning"]) == (old, '110 - "response is stale"')
    until = time.time() + 10
    while served.get(path).body != new and time.time() < until:
        time.sleep(0.02)
    assert served.get(path).body == new
    clock.ahead = 86_400
    behind.faults[path] = Fault(status=500)
    assert served.get(path).body == new
    behind.faults[path] = Fault(status=404)
    assert served.get(path).status == 404
    assert stored(tmp_path) == set()  # a web server must never find one of these


def test_the_first_hash_of_a_version_holds_where_no_database_knows_it(tmp_path: Path, behind: Upstream) -> None:
    with proxy(tmp_path, behind.url) as first:
        assert first.get(f"{BASE}.zip").status == 200
    (tmp_path / f"store/modules{BASE}.zip").unlink()
    behind.add(MODULE, VERSION, {"text.go": b"package evil\n"})
    with proxy(tmp_path, behind.url) as second:
        answer = second.get(f"{BASE}.zip")
    assert answer.status == 502
    assert answer.body.count(b"h1:") == 2
    assert nothing_is_left(tmp_path)


def test_clients_do_not_wait_for_the_disk_but_a_file_does_for_its_first_hash(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, hashes = threading.Event(), served.made.proxy.hashes
    persist = hashes.persist

    def waiting(module: str, version: str) -> None:
        assert synced.wait(30)
        persist(module, version)

    monkeypatch.setattr(hashes, "persist", waiting)
    served.waits = False
    assert served.get(f"{BASE}.mod").status == 200
    assert hashes.expected(MODULE, VERSION).mod_h1
    assert stored(tmp_path) == set()
    synced.set()
    until(lambda: stored(tmp_path) == {f"{BASE}.mod"})


def test_what_is_stored_is_served_without_the_upstream(tmp_path: Path, behind: Upstream) -> None:
    with proxy(tmp_path, behind.url) as first:
        first.get(f"{BASE}.mod")
        first.get(f"/{MODULE}/@v/list")
    with proxy(tmp_path, "off") as second:
        assert second.get(f"{BASE}.mod").body == behind.files[f"{BASE}.mod"]
        assert second.get(f"{BASE}.zip").status == 404
        assert second.get(f"/{MODULE}/@v/list").body == b"v1.2.3\n"


def test_the_next_upstream_is_asked_by_the_rules_of_goproxy(tmp_path: Path, behind: Upstream) -> None:
    with upstream() as other:
        other.add(MODULE, VERSION)
        other.files["/example.com/only/@v/list"] = b"v1.0.0\n"
        behind.faults["/example.com/only/@v/list"] = Fault(status=500)
        with proxy(tmp_path / "comma", f"{behind.url},{other.url}") as served:
            assert served.get(f"{BASE}.mod").body == behind.files[f"{BASE}.mod"]
            assert served.get("/example.com/only/@v/list").status == 502
            behind.faults.clear()
        with proxy(tmp_path / "again", f"{behind.url},{other.url}") as served:
            assert served.get("/example.com/only/@v/list").body == b"v1.0.0\n"
        behind.faults["/example.com/only/@v/list"] = Fault(status=500)
        with proxy(tmp_path / "bar", f"{behind.url}|{other.url}") as served:
            assert served.get("/example.com/only/@v/list").body == b"v1.0.0\n"
            assert served.get("/example.com/none/@v/list").status == 404


@pytest.mark.parametrize("path", [f"{BASE}.zip", f"/{MODULE}/@v/list", f"/{MODULE}/@v/main.info"])
def test_an_upstream_that_leads_back_to_the_proxy_is_no_reason_to_wait_for_oneself(
    served: Served, behind: Upstream, path: str
) -> None:
    behind.faults[path] = Fault(307, b"", headers=(("Location", f"http://127.0.0.1:{served.port}{path}"),))
    answer = served.get(path)
    assert answer.status == 502
    assert b"leads back to it" in answer.body
    del behind.faults[path]
    assert served.get(f"{BASE}.zip", via="1.1 another, 1.0 gateway").status == 200


def test_a_client_that_goes_away_takes_nothing_with_it(served: Served, behind: Upstream, tmp_path: Path) -> None:
    path = f"/example.com/large/@v/{VERSION}.zip"
    behind.faults[path] = Fault(pause=0.3)
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        client.recv(100)
    assert served.get(path).body == behind.files[path]
    assert behind.asked.count(path) == 1
    before = threading.active_count()
    assert before < 70
    assert len(os.listdir("/proc/self/fd")) < 200


def test_what_nobody_waits_for_any_more_makes_room_for_what_others_want(
    tmp_path: Path, behind: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gosteward.modules.proxy.THREADS", 4)
    slow = [f"/example.com/slow{number}/@v/{VERSION}.zip" for number in range(8)]
    for path in slow:
        behind.faults[path] = Fault(body=bytes(1000), drip=0.05)
    with proxy(tmp_path, behind.url, timeouts=USUAL._replace(head=0.2)) as served:
        served.waits = False
        for path in slow:
            with socket.create_connection(("127.0.0.1", served.port)) as client:
                client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        until(lambda: served.made.proxy.under_way == len(slow))
        assert served.get(f"/{MODULE}/@v/{VERSION}.zip").status == 200
        until(lambda: served.made.proxy.under_way <= 2)


def ask_and_go(served: Served, path: str) -> None:
    """Ask, and be gone before there is an answer."""
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def test_lists_that_drip_for_clients_that_went_away_keep_nobody_waiting(tmp_path: Path, behind: Upstream) -> None:
    slow = [f"/example.com/slow{number}/@v/list" for number in range(THREADS)]
    queued = [f"/example.com/queued{number}/@v/list" for number in range(THREADS)]
    for path in (*slow, *queued):
        behind.faults[path] = Fault(body=b"v1.0.0\n" * 1000, drip=0.5)
    with proxy(tmp_path, behind.url, timeouts=USUAL._replace(head=0.2)) as served:
        for path in slow:
            ask_and_go(served, path)
        until(lambda: len(behind.asked) == THREADS)
        for path in queued:
            ask_and_go(served, path)
        assert served.get(f"/{MODULE}/@v/list").status == 200
        assert served.get(f"{BASE}.mod").status == 200


def test_an_old_list_that_is_brought_up_to_date_by_drips_keeps_nobody_waiting(tmp_path: Path, behind: Upstream) -> None:
    slow = [f"/example.com/slow{number}/@v/list" for number in range(THREADS)]
    behind.files.update(dict.fromkeys(slow, b"v1.0.0\n"))
    clock = Time()
    with proxy(tmp_path, behind.url, clock=clock) as served:
        for path in slow:
            served.get(path)
        clock.ahead = 100.0
        for path in slow:
            behind.faults[path] = Fault(body=b"v1.1.0\n" * 1000, drip=0.5)
            assert served.get(path).headers["warning"].startswith("110 ")
        assert served.get(f"/{MODULE}/@v/list").status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/../../etc/passwd", 400),
        (f"/{MODULE}/@v/..%2f..%2fx.zip", 400),
        ("/%00", 400),
        (f"/{MODULE}/@v/{VERSION}.lock", 400),
        ("/x", 400),
    ],
)
def test_paths_that_ask_for_something_else_are_refused(
    served: Served, behind: Upstream, path: str, status: int
) -> None:
    assert served.get(path).status == status
    assert behind.asked == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(served: Served, method: str) -> None:
    answer = served.get(f"{BASE}.mod", method)
    assert answer.status in (400, 405)


def test_what_changes_is_told_from_memory_only_as_long_as_its_age_is_right(tmp_path: Path, behind: Upstream) -> None:
    now, list_path = [1_795_000_000.0], f"/{MODULE}/@v/list"
    with proxy(tmp_path, behind.url, list_ttl=10, clock=lambda: now[0]) as served:
        seen = []
        for seconds in (0.0, 0.5, 0.0, 0.4, 0.2, 0.0):
            now[0] += seconds
            answer = served.get(f"/{MODULE}/@v/list")
            seen.append(
                (answer.headers["cache-control"].partition("max-age=")[2], served.made.proxy.tally.brief["list"][0])
            )
        # The first comes from the upstream; the third and fourth, and the last, are what was said before.
        assert seen == [("10", 0), ("9", 0), ("9", 1), ("9", 2), ("8", 2), ("8", 3)]
        assert served.get(list_path, "HEAD").body == b""
        # Somebody puts the clock back: what is from the future is not believed until then.
        for seconds in (-3_600, 11):
            now[0] += seconds
            behind.files[list_path] += b"v1.3.%d\n" % abs(seconds)
            assert served.get(list_path).headers["warning"] == '110 - "response is stale"'
            until = time.monotonic() + 10
            while served.get(list_path).body != behind.files[list_path]:
                assert time.monotonic() < until
            assert served.get(list_path).headers["cache-control"].endswith("max-age=10")
