"""Work is counted, and squared growth is seen whether it comes from lines or from copies."""

from __future__ import annotations

import pytest

from fuzz.target import Target, problem_of
from fuzz.work import TooMuchWorkError, grown, growth_of, work_of
from gosteward.formats.gitconfig import values
from gosteward.snapshot import Location


def lines(data: bytes) -> list[bytes]:
    return [line for line in data.split(b"\n") if line.startswith(b"x")]


def every_pair(data: bytes) -> int:
    total = 0
    for one in data[::10]:
        for other in data[::10]:
            total += one == other
    return total


def test_work_is_the_same_every_time_and_has_a_limit() -> None:
    once = work_of(lambda: every_pair(b"abc" * 100))
    assert once == work_of(lambda: every_pair(b"abc" * 100)) > 900
    with pytest.raises(TooMuchWorkError):
        work_of(lambda: every_pair(b"abc" * 100), 500)


def test_copies_of_our_own_code_count() -> None:
    text = "[safe]\n" + "directory = /srv/app\n" * 200
    assert work_of(lambda: values(text, "safe", "directory")) > work_of(
        lambda: values(text, "safe", "directory"), copies=False
    )


def test_squared_growth_is_a_problem_and_linear_growth_is_none() -> None:
    data = b"xy\nxz\n"
    assert [problem for _, problem in growth_of(Target(lines), data) if problem] == []
    assert [problem for _, problem in growth_of(Target(every_pair), data) if problem]


def test_an_input_grows_by_each_of_its_parts() -> None:
    longer = dict(grown(b"head\nmiddle\ntail", 100))
    assert longer["a line"].startswith(b"head\nmiddle\nmiddle\n")
    assert longer["a line"].endswith(b"\ntail")
    assert all(50 < len(data) < 150 for data in longer.values())


@pytest.mark.parametrize("line", [-1, 3])
def test_a_line_outside_of_the_text_is_a_problem(line: int) -> None:
    target = Target(lambda _: {"x": [Location("/x", line)]}, lines=True)
    assert problem_of(target, b"a\nb") == f"line {line} of a text with 2"
    assert problem_of(target._replace(lines=False), b"a\nb") == ""


def test_infinity_is_a_problem_and_a_documented_error_is_none() -> None:
    assert problem_of(Target(lambda _: (1.0, float("inf"))), b"") == "inf is no number of JSON"
    assert problem_of(Target(lambda _: int("x"), errors=(ValueError,)), b"") == ""
    with pytest.raises(ValueError, match="invalid literal"):
        problem_of(Target(lambda _: int("x")), b"")
