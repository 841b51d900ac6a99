"""GOMEMLIMIT as the runtime reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang import memory_limit


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("off", (1 << 63) - 1),
        ("1024", 1024),
        ("1024B", 1024),
        ("2GiB", 2 << 30),
        ("8388607TiB", 8388607 << 40),
        ("8388608TiB", None),
        ("2G", None),
        ("2GB", None),
        ("2Gi", None),
        ("2gib", None),
        ("2 GiB", None),
        ("-1", None),
        ("1.5GiB", None),
        ("80%", None),
        ("\u0662GiB", None),
    ],
)
def test_a_number_with_a_unit_of_the_runtime_and_nothing_else(value: str, size: int | None) -> None:
    assert memory_limit.size(value) == size


@pytest.mark.parametrize(
    ("value", "meant"),
    [("2G", "2GiB"), ("512m", "512MiB"), ("2 GB", "2GiB"), ("2Gi", "2GiB"), ("80%", ""), ("1.5G", "")],
)
def test_what_was_meant_is_said_only_where_it_is_certain(value: str, meant: str) -> None:
    assert memory_limit.meant(value) == meant


@given(st.text(max_size=30))
def test_what_is_meant_is_a_value_that_the_runtime_takes(value: str) -> None:
    meant = memory_limit.meant(value)
    assert not meant or memory_limit.size(meant) is not None
