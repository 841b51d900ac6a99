"""Entries of a vulnerability database: which versions have a vulnerability, and what of an answer is not believed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang import advisories, goversion
from gosteward.golang.advisories import Advisory, AdvisoryError, Listed, Range

NUMBERS = st.integers(0, 9999)
VERSIONS = st.builds(
    lambda minor, tail: f"go1.{minor}{tail}",
    st.integers(1, 40), st.one_of(st.just(""), NUMBERS.map(".{}".format), NUMBERS.map("rc{}".format), NUMBERS.map("beta{}".format)),
)  # fmt: skip


def entry(
    *events: dict[str, str], module: str = "stdlib", imports: Any = ({"path": "net/http"},), **more: Any
) -> bytes:
    part = {
        "package": {"name": module, "ecosystem": "Go"},
        "ranges": [{"type": "SEMVER", "events": list(events)}],
        "ecosystem_specific": {"imports": list(imports)},
    }
    return json.dumps({"id": "GO-2026-0001", "aliases": ["CVE-2026-12345", "GHSA-x"], "affected": [part], **more}).encode()  # fmt: skip


def parsed(text: str) -> goversion.GoVersion:
    found = goversion.parse(text)
    assert found is not None
    return found


def test_fix_is_the_end_of_the_range_that_a_version_lies_in() -> None:
    found = advisories.parse(
        entry({"introduced": "0"}, {"fixed": "1.25.13"}, {"introduced": "1.26.0-0"}, {"fixed": "1.26.6"}, {"introduced": "1.27.0-0"}, {"fixed": "1.27.0-rc.3"})
    )  # fmt: skip
    assert (found.name, found.packages) == ("CVE-2026-12345", ("net/http",))
    fixes = {
        "go1.11": "go1.25.13", "go1.25.12": "go1.25.13", "go1.25.13": "", "go1.26beta1": "go1.26.6", "go1.26rc1": "go1.26.6",
        "go1.26.0": "go1.26.6", "go1.26.5": "go1.26.6", "go1.26.6": "", "go1.27rc2": "go1.27rc3", "go1.27rc3": "", "go1.27.0": "", "go1.28.0": "",
    }  # fmt: skip
    for version, fixed in fixes.items():
        end = found.fixed_after(parsed(version))
        assert (found.affects(parsed(version)), end and advisories.shown(end)) == (bool(fixed), fixed or None), version


def test_what_no_release_repairs_stays_open() -> None:
    found = advisories.parse(entry({"introduced": "1.20.0-0"}))
    assert found.affects(parsed("go1.99.0"))
    assert found.fixed_after(parsed("go1.99.0")) is None
    # last_affected is not known here: the range rather stays open than ends too early.
    assert advisories.parse(entry({"introduced": "0"}, {"last_affected": "1.2.0"})).affects(parsed("go1.3"))


def test_withdrawn_entries_and_those_of_other_systems_affect_nothing() -> None:
    events = ({"introduced": "0"}, {"fixed": "1.26.6"})
    windows = {"path": "os", "goos": ["windows"]}
    assert advisories.parse(entry(*events, withdrawn="2026-01-01T00:00:00Z")).ranges == ()
    assert advisories.parse(entry(*events, imports=[windows])).ranges == ()
    assert advisories.parse(entry(*events, module="golang.org/x/net")).ranges == ()
    assert advisories.parse(entry(*events, imports=[windows, {"path": "net", "goos": ["linux"]}])).packages == ("net",)


def test_faults_of_commands_are_told_apart() -> None:
    events = ({"introduced": "0"}, {"fixed": "1.26.6"})
    assert advisories.parse(entry(*events, module="toolchain", imports=[{"path": "cmd/go"}])).of_command
    assert advisories.parse(entry(*events, module="toolchain", imports=[])).of_command
    assert not advisories.parse(entry(*events)).of_command


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"<html>", b"[" * 100_000, b'{"id": "../../etc/passwd"}', b'{"id": "GO-2026-0001", "affected": {}}',
        entry({"introduced": "none"}), entry({"introduced": "0"}, {"fixed": "1.26.6\n"}), b" " * (advisories.ENTRY_LIMIT + 1),
        entry(*[{"introduced": "0"}, {"fixed": "1.1.1"}] * 200),
    ],
)  # fmt: skip
def test_what_is_no_entry_is_refused_with_a_reason(content: bytes) -> None:
    with pytest.raises(AdvisoryError):
        advisories.parse(content)


def test_index_names_the_entries_about_go_itself_once() -> None:
    lines = [
        {"id": "GO-2026-0002", "modified": "2026-01-02T03:04:05.678Z"},
        {"id": "GO-2026-0001", "modified": "2026-01-01T00:00:00Z"},
    ]
    rows = [
        {"path": "stdlib", "vulns": lines},
        {"path": "toolchain", "vulns": lines[1:]},
        {"path": "example.org/x", "vulns": [{"id": "../x"}]},
    ]
    assert advisories.listed(json.dumps(rows).encode()) == (
        Listed("GO-2026-0001", "2026-01-01T00:00:00Z"), Listed("GO-2026-0002", "2026-01-02T03:04:05Z"),
    )  # fmt: skip
    assert advisories.modified(b'{"modified": "2026-11-05T23:49:57Z"}') == "2026-11-05T23:49:57Z"


@pytest.mark.parametrize(
    "line", [{"id": "../x", "modified": "2026-01-01T00:00:00Z"}, {"id": "GO-2026-0001"}, {"id": "GO-2026-0001", "modified": "now"}, 1]
)  # fmt: skip
def test_index_with_an_impossible_line_is_refused_as_a_whole(line: object) -> None:
    with pytest.raises(AdvisoryError):
        advisories.listed(json.dumps([{"path": "stdlib", "vulns": [line]}]).encode())
    with pytest.raises(AdvisoryError):
        advisories.modified(json.dumps({"modified": line}).encode())


@given(VERSIONS)
def test_every_version_of_go_has_its_place_among_those_of_entries(text: str) -> None:
    version = parsed(text)
    if version.stage >= 0:
        semver = f"{version.language}.{0 if version.stage < 2 else version.number}"
        semver += ("-beta.{0}", "-rc.{0}", "")[version.stage].format(version.number)
        assert advisories.point(semver) == version
        assert advisories.point(f"{version.language}.0-0") <= version
    assert parsed(advisories.shown(version)) == version


@given(VERSIONS, VERSIONS, VERSIONS)
def test_a_version_is_affected_if_and_only_if_it_is_between_introduction_and_fix(low: str, end: str, text: str) -> None:
    first, last, version = parsed(low), parsed(end), parsed(text)
    if first.stage == last.stage == 2:
        one = Advisory(
            "GO-2026-0001", (), ("net",), (Range(f"{first.language}.{first.number}", f"{last.language}.{last.number}"),)
        )
        assert one.affects(version) == (first <= version < last)
        assert one.fixed_after(version) == (last if first <= version < last else None)
