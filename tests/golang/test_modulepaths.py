"""Patterns of module paths, proxy lists and checksum databases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang import modulepaths, proxyurls


@pytest.mark.parametrize(
    ("patterns", "path", "covered"),
    [
        ("git.corp.example", "git.corp.example/team/greet", True),
        ("git.corp.example/team", "git.corp.example/teams", False),
        ("*.corp.example", "git.corp.example/x", True),
        ("*.corp.example", "git.sub.corp.example/x", True),
        ("*.corp.example/*", "git.corp.example", False),
        ("none", "none.example/x", False),
        ("", "a.example", False),
        (" a.example , b.example/x/ ", "b.example/x/y", True),
        ("a.example/[xy]", "a.example/y", True),
        ("a.example/[^x]", "a.example/y", True),
    ],
)
def test_patterns_match_leading_elements(patterns: str, path: str, covered: bool) -> None:
    assert modulepaths.covers(patterns, path) is covered


@pytest.mark.parametrize(
    "pattern", ["git.corp.example", "*.corp.example/team-?/", "a.example/[^xy]z", "*", "github.com/Corp/x_y~z"]
)
def test_a_glob_that_can_fit_a_module_is_a_pattern(pattern: str) -> None:
    assert modulepaths.is_pattern(pattern)


@pytest.mark.parametrize(
    "wrong",
    ["", "https://git.corp.example", "a.example/[", "a.example/[x", "a.example/x]", "a//b", "/a", "a b", "a,b", "[]"],
)
def test_what_fits_no_module_is_no_pattern(wrong: str) -> None:
    assert not modulepaths.is_pattern(wrong)


def test_another_spelling_is_touched_and_not_covered() -> None:
    for patterns, path in (("github.com/corp", "github.com/Corp/x"), ("github.com/[A-C]orp/*", "github.com/borp/X")):
        assert modulepaths.touches(patterns, path)
        assert not modulepaths.covers(patterns, path)
    assert not modulepaths.touches("github.com/corp", "github.com/corporation/x")


def test_proxy_list_ends_at_direct_or_off_and_knows_its_separators() -> None:
    entries = modulepaths.proxy_list("https://a.example|file:///srv/p,direct,https://never.example")
    assert [(e.text, e.kind, e.falls_through) for e in entries] == [
        ("https://a.example", "url", True),
        ("file:///srv/p", "file", False),
        ("direct", "direct", False),
    ]


def test_checksum_database_forms() -> None:
    assert proxyurls.sum_database("").name == "sum.golang.org"
    assert proxyurls.sum_database("off").name == ""
    assert proxyurls.sum_database("sum.golang.google.cn").name == "sum.golang.org"
    assert proxyurls.sum_database("s.example+aa+bb https://x.example/db/").url == "https://x.example/db"


def test_longest_module_owns_a_package() -> None:
    modules = frozenset({"a.example/m", "a.example/m/sub"})
    assert modulepaths.requirement_of("a.example/m/sub/pkg", modules) == "a.example/m/sub"
    assert modulepaths.requirement_of("a.example/mm", modules) == ""


@given(st.text(alphabet="a.*[]?^-!,/|\\", max_size=60), st.text(alphabet="a./[", max_size=30))
def test_more_patterns_cover_more_and_entries_end_at_direct(value: str, path: str) -> None:
    assert modulepaths.covers(f"{value},{path},*", path) or not path
    assert modulepaths.covers(f"x.example,{value}", path) >= modulepaths.covers(value, path)
    entries = modulepaths.proxy_list(f"{value},direct,never")
    assert [entry.text for entry in entries][-1] == "direct"
    assert all(entry.text in value for entry in entries[:-1])
    assert proxyurls.sum_database(value).name in (value or proxyurls.DEFAULT_DATABASE)
