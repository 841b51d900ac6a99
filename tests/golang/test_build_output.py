"""What make.bash is doing, by what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from gosteward.golang.build_output import phase_of

SEEDS = Path(__file__).parents[1] / "fuzz/seeds/build-output"


def test_the_phases_of_a_real_build_are_told_in_order() -> None:
    lines = (SEEDS / "go1.26").read_text().splitlines()
    assert [phase for line in lines if (phase := phase_of(line))] == [
        "cmd/dist", "toolchain1", "bootstrap cmd/go", "toolchain2", "toolchain3", "packages and commands",
    ]  # fmt: skip


@pytest.mark.parametrize("line", ["", "cmd/compile", "Building \x1b[31m.", "# runtime", "Building Go " + "x" * 500])
def test_a_line_that_says_nothing_of_it_is_no_phase(line: str) -> None:
    assert phase_of(line) == ""
