"""The time for reading: how it is shared out, and what is noted when it is up. The clock is the test's."""

from __future__ import annotations

from gosteward.host.reading_time import REASON, ReadingTime
from gosteward.snapshot import Gap


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_without_a_limit_it_is_never_up() -> None:
    clock = Clock()
    time = ReadingTime(clock=clock)
    time.share()
    clock.now = 1e12
    assert not time.is_up("x")
    assert time.gaps() == ()


def test_each_share_is_half_of_what_is_left() -> None:
    clock = Clock()
    time = ReadingTime(16.0, clock)
    time.share()
    clock.now += 7.9
    assert not time.is_up("first")
    clock.now += 0.1
    assert time.is_up("first")
    time.share()
    assert not time.is_up("second")
    clock.now += 4.0
    assert time.is_up("second")
    clock.now += 10.0
    time.share()
    assert time.is_up("third")


def test_what_was_not_used_is_left_for_the_others() -> None:
    clock = Clock()
    time = ReadingTime(16.0, clock)
    time.share()
    clock.now += 1.0
    time.share()
    clock.now += 7.4
    assert not time.is_up("x")
    clock.now += 0.1
    assert time.is_up("x")


def test_each_field_of_which_something_was_left_out_is_one_gap() -> None:
    time = ReadingTime(0.0, Clock())
    assert all(time.is_up(field) for field in ("units", "crontabs", "units"))
    assert time.gaps() == (Gap("units", REASON), Gap("crontabs", REASON))


def test_what_has_a_deadline_of_its_own_takes_nothing() -> None:
    clock = Clock()
    time = ReadingTime(16.0, clock)
    time.share()
    with time.paused():
        clock.now += 1000.0
    clock.now += 7.9
    assert not time.is_up("x")
    clock.now += 0.1
    assert time.is_up("x")
