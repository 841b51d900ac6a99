"""The table of releases: what operators are told about the go that they run."""

from __future__ import annotations

from gosteward.knowledge.releases import LINES, ended, line_of, supported


def test_lines_of_current_releases_have_not_ended() -> None:
    for version in ("go1.26.8", "go1.26.11", "go1.27.4"):
        assert not ended(version)


def test_two_lines_are_supported_and_each_end_is_the_start_of_the_second_next_line() -> None:
    assert len(supported()) == 2
    for line, later in zip(LINES, LINES[2:]):
        assert line.ended == later.released


def test_what_is_not_known_is_not_judged() -> None:
    for version in ("", "devel go1.28-abc", "go1.99.0", "go2.0.1"):
        assert not ended(version)
        assert line_of(version) is None
