"""What go accepts as GOPROXY, GOSUMDB and URL; whatever is written there, nothing escapes and no password is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang.modulepaths import proxy_list
from gosteward.golang.proxyurls import database_problem, entry_problem, masked, parse
from growth import grows_linearly

KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("https://goproxy.io", ""),
        ("goproxy.io", ""),
        ("http://u:p@h:3000/x", ""),
        ("file:///srv/goproxy", ""),
        ("file://srv/goproxy", "file-host"),
        ("goproxy", "scheme-missing"),
        ("/srv/goproxy", "scheme-missing"),
        ("htps://goproxy.io", "scheme"),
        ("https//goproxy.io", "scheme"),
        ("https:/goproxy.io", "host"),
        ("https://a b", "space"),
        ("https://a.example;https://b.example", "separator"),
    ],
)
def test_entries_of_goproxy_are_judged_as_go_judges_them(value: str, problem: str) -> None:
    (entry,) = proxy_list(value)
    assert entry_problem(entry) == problem


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("off", ""),
        ("sum.golang.org", ""),
        ("sum.golang.org https://sumdb.corp.example", ""),
        ("sum.golang.google.cn", ""),
        (KEY, ""),
        (f"{KEY} https://sumdb.corp.example", ""),
        (KEY.replace("033", "133"), "hash"),
        ("sum.corp.example", "unknown-name"),
        ("sum.golang.org+insecure", "unknown-name"),
        ("sum.golang.google.cn https://x.example", "unknown-name"),
        ("direct", "word"),
        ("a b c", "fields"),
        (f"{KEY} x", "url"),
    ],
)
def test_gosumdb_is_judged_as_go_judges_it(value: str, problem: str) -> None:
    assert database_problem(value) == problem


def test_passwords_are_never_shown() -> None:
    assert (
        masked("https://dev:secret@a.example|http://b.example,direct")
        == "https://dev:xxxxx@a.example|http://b.example,direct"
    )
    token = parse("https://t0ken@a.example/x")
    assert token is not None
    assert token.shown == masked("https://t0ken@a.example/x") == "https://xxxxx@a.example/x"
    url = parse("https://dev:secret@a.example:8443/x")
    assert url is not None
    assert url.shown == "https://dev:xxxxx@a.example:8443/x"


@pytest.mark.parametrize(
    "text", ["https://dev:sec@ret@a.example/x", "https://dev:sec,ret@a.example", "dev:secret@a.example", "https://dev:sec ret@a.example",
             "https://dev:sec/ret@a.example/x", "htps:/dev:secret@a.example", "https://b.example:80,https://dev:sec/ret@a.example"]
)  # fmt: skip
def test_a_password_is_not_shown_either_where_its_url_is_no_good(text: str) -> None:
    assert "sec" not in masked(text)
    assert "ret" not in masked(text)


@pytest.mark.parametrize(
    "text", ["https://a.example:8443/x@v1.2.3", "https://[::1]:8080/x@v", "https://b.example:80,direct", "/srv/a:b@c"]
)
def test_what_is_no_password_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize("part", ["://a:", "a,b:c", ":", "://a:b/", "://1:1"])
def test_masking_takes_time_in_proportion(part: str) -> None:
    assert grows_linearly(lambda size: masked(part * size + "\n@"), 1 << 14)


PARTS = (
    "http",
    "s",
    "file",
    ":",
    "/",
    "@",
    "dev",
    "secret",
    ".example",
    "[::1]",
    ",",
    "|",
    ";",
    " ",
    "?",
    "8080",
    "+",
    "\n",
    "é",
)


@given(st.text(max_size=200) | st.lists(st.sampled_from(PARTS), max_size=20).map("".join))
def test_a_url_is_made_of_the_text_and_masking_it_twice_changes_nothing(text: str) -> None:
    url = parse(text)
    if url is not None:
        assert all(part in text for part in (url.path, url.user))
        assert url.host in text.lower()
        assert 0 <= url.port <= 99_999
    assert masked(masked(text)) == masked(text)
    assert database_problem(text) in ("", "fields", "unknown-name", "word", "key", "hash", "name", "url")
    assert all(entry.kind in ("direct", "off") or entry.text in text for entry in proxy_list(text))


@given(
    st.from_regex(
        r"https?://(?:[a-z]{1,9}(?::[a-z]{1,9})?@)?[a-z]{1,9}[.]example(?::[0-9]{1,5})?(?:/[a-z]{0,9})?", fullmatch=True
    )
)
def test_a_sound_url_is_no_problem_and_shown_without_its_password(text: str) -> None:
    (entry,) = proxy_list(text)
    assert entry_problem(entry) == ""
    url = parse(text)
    assert url is not None
    assert url.user.partition(":")[2] in ("", "xxxxx") or f":{url.user.partition(':')[2]}@" not in url.shown
