"""The feed of a store: every version is named once it comes, in an order that never changes, and none is missed by who reads on from what it saw."""

from __future__ import annotations

import json
import os
import tracemalloc
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from gosteward.modules.storage import feed as feeds
from gosteward.modules.storage.disk import DiskStore
from gosteward.modules.storage.feed import Feed, entries, entry_of, near, normalized

if TYPE_CHECKING:
    from pathlib import Path

LIB = "example.com/lib"
NOW = 1_795_000_000.0  # 2026-11-18T11:06:40Z


def store_at(top: Path) -> DiskStore:
    store = DiskStore(str(top))
    store.prepare()
    return store


def put(store: DiskStore, version: str, kind: str = "zip", at: float = 0.0) -> None:
    incoming = store.incoming()
    incoming.write(b"content")
    incoming.keep(f"{LIB}/@v/{version}.{kind}")
    incoming.discard()
    if at:
        os.utime(f"{store.top}/modules/{LIB}/@v/{version}.{kind}", (at, at))


def told(feed: Feed, since: str = feeds.EARLIEST) -> list[str]:
    return [entry.version for entry in feed.since(since)]


def file_of(top: Path) -> Path:
    return top / "feed" / "entries"


def test_a_version_is_named_when_its_zip_comes_for_the_first_time(tmp_path: Path) -> None:
    store, feed = store_at(tmp_path), Feed(str(tmp_path), lambda: NOW)
    store.came = feed.came
    put(store, "v1.0.0", "mod")
    assert told(feed) == []
    for version in ("v1.0.0", "v1.2.0", "v1.1.0", "v1.0.0"):
        put(store, version)
    assert told(feed) == ["v1.0.0", "v1.2.0", "v1.1.0"]
    assert [json.loads(line)["Timestamp"] for line in file_of(tmp_path).read_text().splitlines()] == [
        "2026-11-18T11:06:40.000000Z", "2026-11-18T11:06:40.000001Z", "2026-11-18T11:06:40.000002Z",
    ]  # fmt: skip


def test_a_clock_that_is_put_back_leaves_the_order_as_it_is(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    for seconds, version in ((NOW, "v1.0.0"), (NOW - 9_999, "v1.1.0")):
        store.came = Feed(str(tmp_path), lambda seconds=seconds: seconds).came
        put(store, version)
    assert told(Feed(str(tmp_path)), "2026-11-18T11:06:40.000001Z") == ["v1.1.0"]


def test_a_store_from_before_is_named_by_the_times_of_its_files(tmp_path: Path) -> None:
    store, feed = store_at(tmp_path), Feed(str(tmp_path), lambda: NOW)
    for version, at in (("v1.1.0", NOW - 50), ("v1.0.0", NOW - 100), ("v1.2.0", NOW + 900)):
        put(store, version, at=at)
    feed.settle(store)
    feed.settle(store)
    assert told(feed) == ["v1.0.0", "v1.1.0", "v1.2.0"]
    assert told(feed, "2026-11-18T11:05:50.000000Z") == ["v1.1.0", "v1.2.0"]


def test_what_a_crash_took_from_the_end_is_named_anew_and_later_than_all(tmp_path: Path) -> None:
    store, feed = store_at(tmp_path), Feed(str(tmp_path), lambda: NOW)
    store.came = feed.came
    for version in ("v1.0.0", "v1.1.0", "v1.2.0"):
        put(store, version)
    whole = file_of(tmp_path).read_bytes()
    seen = list(feed.since(feeds.EARLIEST))[-1].time
    file_of(tmp_path).write_bytes(whole[:-20])
    assert told(feed) == ["v1.0.0", "v1.1.0"]
    later = Feed(str(tmp_path), lambda: NOW + 60)
    later.settle(store)
    assert told(feed) == ["v1.0.0", "v1.1.0", "v1.2.0"]
    assert told(feed, seen) == ["v1.2.0"]


def test_most_of_a_long_file_is_about_what_is_gone_and_goes(tmp_path: Path) -> None:
    store, feed = store_at(tmp_path), Feed(str(tmp_path), lambda: NOW)
    for number in range(9):
        put(store, f"v1.{number}.0")
    feed.settle(store)
    gone = b"".join(
        b'{"Path":"example.com/gone","Version":"v1.0.%d","Timestamp":"2026-01-01T00:00:00.000000Z"}\n' % n
        for n in range(14_000)
    )
    file_of(tmp_path).write_bytes(gone + file_of(tmp_path).read_bytes())
    feed.settle(store)
    assert told(feed) == [f"v1.{number}.0" for number in range(9)]
    assert os.listdir(tmp_path / "feed") == ["entries"]


def test_a_long_file_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    store, feed = store_at(tmp_path), Feed(str(tmp_path), lambda: NOW)
    put(store, "v1.0.0")
    feed.settle(store)
    lines = file_of(tmp_path).read_bytes()

    def peak(count: int) -> int:
        gone = b'{"Path":"example.com/gone","Version":"v1.0.1","Timestamp":"2026-01-01T00:00:00.000000Z"}\n' * count
        file_of(tmp_path).write_bytes(gone + lines)
        tracemalloc.start()
        try:
            feed.settle(store)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    short, long = peak(2_000), peak(13_000)  # the second is worth clearing
    for _ in range(5):  # threads of other tests only ever add to it
        if long < short * 1.5:
            break
        long = min(long, peak(13_000))
    assert long < short * 1.5
    assert file_of(tmp_path).read_bytes() == lines


def test_a_directory_that_others_may_write_to_is_left_alone(tmp_path: Path) -> None:
    store, feed = store_at(tmp_path), Feed(str(tmp_path), lambda: NOW)
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed").chmod(0o777)
    store.came = feed.came
    put(store, "v1.0.0")
    assert not file_of(tmp_path).exists()


@given(st.integers(0, 3_000), st.integers(0, 3_100), st.integers(0, 400))
def test_reading_on_gives_just_what_is_not_earlier(count: int, place: int, padding: int) -> None:
    lines = [
        b'{"Path":"example.com/%s","Version":"v1.0.%d","Timestamp":"2026-11-18T11:06:%02d.%06dZ"}\n' % (b"a" * (number * 7 % (padding + 1)), number, number // 100, number)
        for number in range(count)
    ]  # fmt: skip
    content = b"".join(lines)
    earliest = f"2026-11-18T11:06:{place // 100:02}.{place:06}Z"
    start = near(lambda at, size: content[at : at + size], len(content), earliest)
    found = [
        entry
        for entry in entries(lambda at, size: content[at : at + size], start, len(content))
        if entry.time >= earliest
    ]
    assert [entry.text for entry in found] == lines[place:]
    assert len(content) - start <= len(b"".join(lines[place:])) + (1 << 17)


@given(st.binary(max_size=300))
def test_lines_of_others_are_passed_over(content: bytes) -> None:
    assert entry_of(content) is None or b'"Timestamp"' in content
    assert list(entries(lambda at, size: content[at : at + size], 0, len(content))) == []


def test_times_are_read_as_go_writes_them() -> None:
    assert normalized("2026-11-28T13:00:00Z") == "2026-11-28T13:00:00.000000Z"
    assert normalized("2026-11-28T13:00:00.123456789+02:00") == "2026-11-28T11:00:00.123456Z"
    assert [normalized(text) for text in ("", "now", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+09:00")] == [""] * 4
