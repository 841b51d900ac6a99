"""GOFLAGS is split and refused as `go` does it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang.goflags import fault, split


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", ()),
        (" -v\t-x ", ("-v", "-x")),
        ("'-ldflags=-s -w' -v", ("-ldflags=-s -w", "-v")),
        ("-tags='a b'", ("-tags='a", "b'")),  # a quote inside of a word is none
        ("'-v", None),
    ],
)
def test_words(value: str, words: tuple[str, ...] | None) -> None:
    assert split(value) == words


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("-mod=vendor -trimpath --count=1", ""),
        ("-ldflags -s -w", "value"),
        ("-v foo", "word"),
        ("-", "word"),
        ("---v", "word"),
        ("-zz", "unknown"),
        ("-mod=foo", "mod"),
        ('"-v', "quote"),
    ],
)
def test_faults(value: str, kind: str) -> None:
    found = fault(value)
    assert (found.kind if found else "") == kind


@given(st.text(max_size=300))
def test_no_value_makes_the_reader_fail(value: str) -> None:
    fault(value)
