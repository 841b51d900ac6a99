"""GOFLAGS is split and refused as `go` does it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang.goflags import KNOWN, fault


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


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from(("-v", "--", "-mod=x", "-tags=", "'", '"', " ", "-x"))).map("".join)
)
def test_the_word_that_is_refused_stands_in_the_value(value: str) -> None:
    found = fault(value)
    assert found is None or found.word in value


@given(st.lists(st.sampled_from(sorted(KNOWN - {"mod"})).map("-{}=x".format)))
def test_known_flags_with_values_are_never_refused(flags: list[str]) -> None:
    assert fault(" ".join(flags)) is None
