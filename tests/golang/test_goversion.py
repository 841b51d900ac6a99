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


VERSIONS = st.from_regex(
    "(?:go)?[0-9]{1,4}(?:[.][0-9]{1,4})?(?:[.][0-9]{1,2}|rc[0-9]|beta[0-9])?[-+ a-z]{0,3}", fullmatch=True
)


@given(VERSIONS | st.text(max_size=40), VERSIONS | st.text(max_size=40))
def test_of_two_versions_at_most_one_is_older(first: str, second: str) -> None:
    one, other = goversion.parse(first), goversion.parse(second)
    older = goversion.older(first, second), goversion.older(second, first)
    assert sum(older) == (one is not None and other is not None and one != other)


@given(VERSIONS)
def test_the_language_version_is_that_of_every_release_of_it(text: str) -> None:
    found = goversion.parse(text)
    assert found is not None
    language = goversion.parse(found.language)
    assert language is not None
    assert language.language == found.language
