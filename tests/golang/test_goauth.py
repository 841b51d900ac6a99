"""GOAUTH, in the forms of `go help goauth`."""

from __future__ import annotations

import pytest

from gosteward.golang.goauth import Methods, credentials, header_file, headers_for, methods


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", Methods(netrc=True)),
        ("netrc", Methods(netrc=True)),
        ("off", Methods(netrc=False)),
        ("off; netrc", Methods(netrc=False)),
        ("git /srv/app", Methods(netrc=False, programs=("git",))),
        ("/opt/helper --token s3cret; netrc", Methods(netrc=True, programs=("/opt/helper",))),
        (" ; ", Methods(netrc=False)),
    ],
)
def test_methods_are_told_apart(value: str, found: Methods) -> None:
    assert methods(value) == found


ANSWER = """https://athens.example/
https://goproxy.example:8443/go

Authorization: Bearer one
X-More:  two words \t

https://athens.example/deep

Authorization: Bearer deep

https://athens.example/none


"""


@pytest.mark.parametrize(
    ("place", "lines"),
    [
        ("athens.example/git.corp.example/@v/list", ("Authorization: Bearer one", "X-More: two words")),
        ("athens.example/deep/a", ("Authorization: Bearer deep",)),
        ("athens.example/deeper", ("Authorization: Bearer one", "X-More: two words")),
        ("athens.example/none/x", ()),
        ("goproxy.example:8443/go/a", ("Authorization: Bearer one", "X-More: two words")),
        ("goproxy.example:8443/gopher", ()),
        ("goproxy.example/go/a", ()),
        ("athens.example.evil/x", ()),
    ],
)
def test_what_a_command_says_counts_for_what_is_at_and_below_its_places(place: str, lines: tuple[str, ...]) -> None:
    assert headers_for(place, credentials(ANSWER)) == lines


@pytest.mark.parametrize(
    "output",
    [
        "https://a.example",
        "https://a.example\n",
        "https://a.example\n\nX: y\n",
        "https://a.example\n\nX: y",
        "https://a.example\n\nno header\n\n",
        "https://a.example\n\nHost: other\n\n",
        "https://a.example\n\nX: y\rGET / HTTP/1.1\n\n",
        "https://a.example\n\nX: \x00\n\n",
        "http://a.example\n\nX: y\n\n",
        "a.example\n\nX: y\n\n",
        "https://u:p@a.example\n\nX: y\n\n",
    ],
)
def test_an_answer_that_is_not_as_go_has_it_is_none(output: str) -> None:
    with pytest.raises(ValueError, match=r"line|header|https"):
        credentials(output)


def test_a_command_that_says_nothing_knows_nothing() -> None:
    assert credentials("") == {}


def test_a_header_file_has_comments_and_empty_lines() -> None:
    assert header_file("# token of ci\n\nAuthorization: Bearer abc\r\nX: y\n") == ("Authorization: Bearer abc", "X: y")
