"""Names of C compilers and what they build for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.formats import c_targets


@pytest.mark.parametrize(
    ("name", "triple", "goarch"),
    [
        ("aarch64-linux-gnu-gcc-12", "aarch64-linux-gnu", "arm64"),
        ("x86_64-linux-gnu-gcc-12", "x86_64-linux-gnu", "amd64"),
        ("x86_64-redhat-linux-gcc", "x86_64-redhat-linux", "amd64"),
        ("x86_64-alpine-linux-musl-gcc", "x86_64-alpine-linux-musl", "amd64"),
        ("arm-linux-gnueabihf-g++", "arm-linux-gnueabihf", "arm"),
        ("i686-linux-gnu-gcc", "i686-linux-gnu", "386"),
        ("powerpc64le-linux-gnu-clang", "powerpc64le-linux-gnu", "ppc64le"),
        ("aarch64-linux-musl-cc", "aarch64-linux-musl", "arm64"),
        ("gcc", "", ""),
        ("gcc-12", "", ""),
        ("my-fancy-gcc", "", ""),
        ("vax-linux-gnu-gcc", "vax-linux-gnu", ""),
    ],
)
def test_triple_in_a_name(name: str, triple: str, goarch: str) -> None:
    assert c_targets.triple_of(name) == triple
    assert c_targets.goarch_of(triple) == goarch


def test_options_that_choose_the_target() -> None:
    assert c_targets.target_option(("cc", "-target", "aarch64-linux-musl")) == "arm64"
    assert c_targets.target_option(("--target=riscv64-linux-gnu",)) == "riscv64"
    assert c_targets.target_option(("-O2",)) == ""


@given(st.text(alphabet="a-_x86gclinu+.\n", max_size=60), st.sampled_from(("gcc", "g++-12", "ld", "clang++", "")))
def test_a_triple_is_what_stands_before_the_tool(name: str, tool: str) -> None:
    triple = c_targets.triple_of(f"{name}-{tool}")
    assert f"{name}-{tool}".startswith(triple)
    assert c_targets.target_option((f"--target={triple}",)) == c_targets.goarch_of(triple)
    assert triple or not c_targets.goarch_of(triple)
