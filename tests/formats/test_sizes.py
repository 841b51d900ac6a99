"""Sizes: the prefix says whether it counts in 1000 or in 1024, and what does not say it is none."""

from __future__ import annotations

import pytest

from gosteward.formats.sizes import bytes_of


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0), ("500000", 500_000), ("7B", 7), ("10kB", 10_000), ("10KiB", 10_240), ("10 GB", 10**10), ("10GiB", 10 << 30), ("1.5TiB", 3 << 39),
        ("0.000001MB", 1),
    ],
)  # fmt: skip
def test_what_is_written_is_meant(text: str, size: int) -> None:
    assert bytes_of(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "G",
        "10G",
        "10g",
        "10gb",
        "10KB",
        "10Gb",
        "-1",
        "+1",
        "1e3",
        "1.5",
        "1.5B",
        "1,5GB",
        "1 000",
        "١GB",
        "1GB\n",
        "9" * 13,
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert bytes_of(text) == -1
