"""A place that is out of order is told of once, and asked seldom; then it is used again."""

from __future__ import annotations

import pytest

from gosteward.modules.outages import Outage, Told
from gosteward.modules.shared.places import FIRST_PAUSE, LONGEST_PAUSE, outage_of
from gosteward.modules.tally import Tally


class Place:
    def __init__(self) -> None:
        self.now = 1000.0
        self.tally = Tally()
        self.tally.shares(lambda: True)
        self.outage = outage_of("s3://bucket", self.tally, lambda: self.now)

    @property
    def told(self) -> list[str]:
        return [one.text for one in self.tally.recent()]


@pytest.fixture
def place() -> Place:
    return Place()


def test_what_answers_is_asked_every_time(place: Place) -> None:
    assert [place.outage.asks() for _ in range(5)] == [True] * 5
    place.outage.answered()
    assert not place.outage.lasts
    assert place.told == []


def test_after_a_failure_one_asks_when_the_pause_is_over_and_the_others_go_on_without(place: Place) -> None:
    place.outage.failed("connection refused")
    assert [place.outage.asks() for _ in range(5)] == [False] * 5
    place.now += FIRST_PAUSE
    assert [place.outage.asks() for _ in range(5)] == [True, False, False, False, False]
    place.outage.answered()
    assert [place.outage.asks() for _ in range(5)] == [True] * 5


def test_an_outage_is_told_at_its_beginning_and_at_its_end(place: Place) -> None:
    for _ in range(20):
        place.outage.failed("connection refused")
        place.now += 100
    assert place.told == ["s3://bucket is done without until it answers: connection refused"]
    assert place.tally.shared["failed"] == 20
    for _ in range(3):
        place.outage.answered()
    assert place.told[0] == "s3://bucket answers again"
    assert len(place.told) == 2


def test_pauses_grow_up_to_a_minute_and_not_by_those_who_failed_together(place: Place) -> None:
    for _ in range(48):  # all that were under way
        place.outage.failed("timeout")
    place.now += FIRST_PAUSE
    assert place.outage.asks()
    for _ in range(10):
        place.outage.failed("timeout")
        place.now += LONGEST_PAUSE
        assert place.outage.asks()
    place.outage.failed("timeout")
    place.now += LONGEST_PAUSE - 1
    assert not place.outage.asks()


def test_who_was_asked_before_it_failed_says_nothing_about_now() -> None:
    now, told = [0.0], []
    outage = Outage(Told(lambda: None, told.append, lambda: told.append("back")), 5.0, 5.0, lambda: now[0])
    now[0] = 3.0
    outage.failed("gone")
    outage.answered(asked_at=2.0)
    assert (outage.lasts, told) == (True, ["gone"])
    outage.answered(asked_at=4.0)
    assert (outage.lasts, told) == (False, ["gone", "back"])
