"""Release data: what ships is true and complete, what is newer adds to it, and nothing that is known is lost by silence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import DecodeError
from gosteward.golang import advisories, goversion
from gosteward.golang.advisories import Advisory, Range
from gosteward.knowledge import release_data, release_document, releases
from gosteward.knowledge.advisory_table import TABLE
from gosteward.knowledge.release_data import Advisories, ReleaseData, Releases, merged, with_listed
from gosteward.knowledge.releases import Line

if TYPE_CHECKING:
    from collections.abc import Callable

SHIPPED = release_data.shipped()
NOW = "2027-03-01T00:00:00Z"
VERSIONS = st.builds("go1.{}.{}".format, st.integers(5, 30), st.integers(0, 30))


def named(version: str) -> set[str]:
    return {one.name for one in SHIPPED.vulnerabilities_of(version)}


@pytest.mark.parametrize("version", ["go1.26.5", "go1.25.12"])
def test_releases_that_a_proxy_could_deceive_about_checksums_are_known(version: str) -> None:
    assert {"CVE-2026-56864", "CVE-2026-56865"} <= named(version)


def test_newest_releases_are_known_for_nothing_and_older_ones_for_all() -> None:
    for line in releases.supported():
        assert named(line.newest) == set()
    assert {"CVE-2026-94447", "CVE-2026-94444"} <= named("go1.26.8")
    assert SHIPPED.repaired_by("go1.26.8", SHIPPED.vulnerabilities_of("go1.26.8")) == "go1.26.10"
    assert SHIPPED.vulnerabilities_of("go1.26.8")[0].of_command
    assert not any(SHIPPED.vulnerabilities_of(version) for version in ("", "devel go1.28-abc", "go2.0.1"))


def test_table_is_written_as_its_tool_writes_it() -> None:
    lines = TABLE.split("\n")
    assert [release_data.line_of(one) for one in SHIPPED.advisories.entries] == lines[:-1]
    assert len({one.id for one in SHIPPED.advisories.entries}) == len(lines) - 1
    for one in SHIPPED.advisories.entries:
        assert one.ranges
        assert all(
            advisories.point(r.introduced) is not None and advisories.point(r.fixed) is not None for r in one.ranges
        )


@given(VERSIONS)
def test_what_repairs_a_version_is_later_and_has_none_of_its_vulnerabilities(version: str) -> None:
    known = SHIPPED.vulnerabilities_of(version)
    fixed = SHIPPED.repaired_by(version, known)
    assert bool(fixed) == bool(known)
    if fixed:
        assert goversion.older(version, fixed)
        assert not set(known) & set(SHIPPED.vulnerabilities_of(fixed))


def some(as_of: str, *entries: Advisory, lines: tuple[Line, ...] = releases.LINES) -> ReleaseData:
    return ReleaseData(Releases(as_of, "x", lines), Advisories(as_of, "x", entries))


def test_newer_parts_count_each_for_itself_and_silence_takes_nothing_away() -> None:
    old, new = Advisory("GO-2026-0001", (), ("net",), (Range("0", "1.2.3"),)), Advisory("GO-2026-0002", (), ("os",), ())
    both = merged(some("2026-01-01T00:00:00Z", old), some("2026-02-01T00:00:00Z", new))
    assert both.advisories == Advisories("2026-02-01T00:00:00Z", "x", (old, new))
    assert merged(both, some("2025-01-01T00:00:00Z")) == both
    gone = old._replace(ranges=())
    assert merged(both, some("2026-03-01T00:00:00Z", gone)).vulnerabilities_of("go1.1") == ()


def test_an_end_stays_and_the_newest_patch_never_goes_back() -> None:
    lied = tuple(line._replace(ended="", newest="") for line in releases.LINES)
    both = merged(SHIPPED, some(NOW, lines=lied))
    assert both.releases.lines == releases.LINES


def test_new_line_ends_the_third_newest() -> None:
    names = ("go1.26.14", "go1.27.8", "go1.28.1", "go1.28rc1", "go1.24.13", "nonsense")
    found = with_listed(SHIPPED.releases, names, {28: "2027-02"}, NOW, "proxy")
    lines = {line.minor: line for line in found.lines}
    assert lines[28] == Line(28, "2027-02", "", "go1.28.1")
    assert (lines[26].ended, lines[26].newest) == ("2027-02", "go1.26.14")
    assert (lines[27].ended, lines[24].newest) == ("", "go1.24.13")
    assert found.as_of == NOW
    assert with_listed(SHIPPED.releases, names, {}, NOW, "proxy").lines[-1].released == "2027-03"


@pytest.mark.parametrize("names", [("go1.99.0",), tuple(f"go1.{minor}.0" for minor in range(28, 99)), ("go9999.1.1",)])
def test_list_with_impossible_lines_does_not_end_those_that_get_fixes(names: tuple[str, ...]) -> None:
    found = with_listed(SHIPPED.releases, names, {}, "2026-12-01T00:00:00Z", "liar")
    assert len(found.lines) <= len(releases.LINES) + 1
    assert not found.lines[len(releases.LINES) - 1].ended


def test_document_is_read_as_it_was_written() -> None:
    content = release_document.written(SHIPPED)
    assert release_document.parse(content) == SHIPPED
    assert release_document.written(release_document.parse(content)) == content
    later = {**json.loads(content), "later": {"field": 1.5}}
    assert release_document.parse(json.dumps(later).encode()) == SHIPPED


def changed(*path: str | int, to: object) -> bytes:
    document = json.loads(release_document.written(SHIPPED))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "made",
    [
        lambda: b"", lambda: b"[]", lambda: b"\xff", lambda: b"[" * 100_000, lambda: b" " * (release_document.SIZE_LIMIT + 1),
        lambda: changed("schema", to="gosteward.release-data/2"),
        lambda: changed("releases", to=None),
        lambda: changed("releases", "as_of", to="tomorrow"),
        lambda: changed("releases", "source", to=7),
        lambda: changed("releases", "lines", to=[]),
        lambda: changed("releases", "lines", 0, "line", to="1.99"),
        lambda: changed("releases", "lines", 0, "released", to="2026-13"),
        lambda: changed("releases", "lines", 0, "ended", to="soon"),
        lambda: changed("releases", "lines", 0, "newest", to="go1.99.1"),
        lambda: changed("releases", "lines", 0, "newest", to="go1.11.1\x1b[2J"),
        lambda: changed("advisories", "entries", to=[1]),
        lambda: changed("advisories", "entries", 0, "id", to="../x"),
        lambda: changed("advisories", "entries", 1, "id", to=SHIPPED.advisories.entries[0].id),
        lambda: changed("advisories", "entries", 0, "aliases", to=["\x1b[2J"]),
        lambda: changed("advisories", "entries", 0, "packages", to="net"),
        lambda: changed("advisories", "entries", 0, "ranges", to=[["0"]]),
        lambda: changed("advisories", "entries", 0, "ranges", to=[["0", "x"]]),
        lambda: changed("advisories", "entries", to=[{}] * (advisories.MOST_ENTRIES + 1)),
    ],
)  # fmt: skip
def test_document_with_an_impossible_value_is_refused_with_a_reason(made: Callable[[], bytes]) -> None:
    with pytest.raises(DecodeError):
        release_document.parse(made())


def test_source_is_shown_without_control_characters() -> None:
    found = release_document.parse(changed("releases", "source", to="a\x1b[2J"))
    assert found.releases.source == "a?[2J"
