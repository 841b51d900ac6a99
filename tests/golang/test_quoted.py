"""Values of several words are split as `go` splits them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang.quoted import split


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", ()),
        (" -v\t-x ", ("-v", "-x")),
        ("'-ldflags=-s -w' -v", ("-ldflags=-s -w", "-v")),
        ("-tags='a b'", ("-tags='a", "b'")),  # a quote inside of a word is none
        ("  ccache 'my gcc' \"-m 32\" a'b ", ("ccache", "my gcc", "-m 32", "a'b")),
        ("\"\" ''x", ("", "", "x")),
        ("'-v", None),
        ('x "', None),
    ],
)
def test_words(value: str, words: tuple[str, ...] | None) -> None:
    assert split(value) == words


@given(st.lists(st.text(alphabet='ab-= \t\r\n\u00a0é"', max_size=8)))
def test_quoted_words_come_out_as_they_went_in(words: list[str]) -> None:
    assert split(" ".join(f"'{word}'" for word in words)) == tuple(words)


@given(st.text(alphabet="ab-=. \t\r\n", max_size=60))
def test_without_quotes_blanks_alone_separate(text: str) -> None:
    assert split(text) == tuple(text.split())
