"""The order of Go's versions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang import goversion


@pytest.mark.parametrize(
    ("left", "right"),
    [("1.9", "1.10"), ("1.21", "1.21rc1"), ("1.21rc1", "1.21.0"), ("go1.21.0", "go1.21.1"), ("1.20rc1", "1.20"), ("1.22beta1", "1.22rc1"), ("1.19.8-2+deb12u1", "1.26")],
)  # fmt: skip
def test_order(left: str, right: str) -> None:
    assert goversion.older(left, right)
    assert not goversion.older(right, left)


def test_first_release_is_its_own_language_version_before_121_only() -> None:
    assert goversion.parse("1.20") == goversion.parse("1.20.0")
    assert goversion.parse("1.21") != goversion.parse("1.21.0")


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    goversion.older(text, "1.21")
