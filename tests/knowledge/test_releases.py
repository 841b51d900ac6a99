"""The table of releases: what operators are told about the go that they run."""

from __future__ import annotations

import pytest

from gosteward.golang import goversion
from gosteward.knowledge.releases import LINES, VULNERABILITIES, ended, supported, vulnerabilities_of


def test_current_releases_are_neither_ended_nor_known_to_be_vulnerable() -> None:
    for version in ("go1.26.8", "go1.26.11", "go1.27.4"):
        assert not ended(version)
        assert not vulnerabilities_of(version)


def test_two_lines_are_supported_and_each_end_is_the_start_of_the_second_next_line() -> None:
    assert len(supported()) == 2
    for line, later in zip(LINES, LINES[2:]):
        assert line.ended == later.released


@pytest.mark.parametrize("version", ["go1.26.5", "go1.25.12"])
def test_releases_that_a_proxy_could_deceive_about_checksums_are_known(version: str) -> None:
    assert {"CVE-2026-56864", "CVE-2026-56865"} <= {v.id for v in vulnerabilities_of(version)}


def test_every_fix_is_a_release_and_ids_are_unique() -> None:
    ids = [v.id for v in VULNERABILITIES]
    assert len(ids) == len(set(ids))
    fixes = [goversion.parse(f) for v in VULNERABILITIES for f in v.fixed]
    assert all(f is not None and f.stage == 2 for f in fixes)


def test_what_is_not_known_is_not_judged() -> None:
    for version in ("", "devel go1.28-abc", "go1.99.0", "go2.0.1"):
        assert not ended(version)
        assert not vulnerabilities_of(version)
