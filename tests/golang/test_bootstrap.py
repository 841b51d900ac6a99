"""Which Go builds which: the floor of every release, and the chain to it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.golang import bootstrap
from gosteward.golang.bootstrap import chain, minimum, refusal

GOROOT = Path(os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go"))  # `make test` names the one of the fault lab


@pytest.mark.parametrize(
    ("target", "needed"),
    [("go1.3.3", ""), ("go1.4", ""), ("go1.5", "go1.4"), ("go1.19.13", "go1.4"), ("go1.20", "go1.17.13"), ("go1.21.13", "go1.17.13"), ("go1.22.0", "go1.20.6"), ("go1.23.12", "go1.20.6"), ("go1.24rc1", "go1.22.6"), ("go1.25.14", "go1.22.6"), ("go1.26.11", "go1.24.6"), ("go1.27.4", "go1.24.6"), ("go1.28.0", "go1.26.6")],
)  # fmt: skip
def test_floor_of_a_release(target: str, needed: str) -> None:
    assert minimum(target) == needed


def test_floor_is_the_one_that_the_sources_of_the_go_here_have() -> None:
    version = GOROOT.joinpath("VERSION").read_text().split()[0]
    found = re.search(r'minBootstrap = "(.*)"', GOROOT.joinpath("src/cmd/dist/buildtool.go").read_text())
    assert found is not None
    assert minimum(version) == found[1]


def test_chain_from_nothing_begins_with_the_go_that_c_builds() -> None:
    assert chain("go1.27.4", ()) == ("go1.4", "go1.17.13", "go1.20.14", "go1.22.12", "go1.24.13", "go1.27.4")
    assert chain("go1.3.3", ()) == ("go1.3.3",)


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        (("go1.26.8", "go1.24.6", "go1.20.14"), ("go1.24.6", "go1.27.4")),
        (
            ("go1.24.5",),
            ("go1.24.5", "go1.24.13", "go1.27.4"),
        ),  # too old itself, and new enough for the patch that it lacks
        (("go1.20.14", "junk", "go1.22.5/../x"), ("go1.20.14", "go1.22.12", "go1.24.13", "go1.27.4")),
    ],
)
def test_chain_begins_with_the_oldest_that_is_enough(available: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert chain("go1.27.4", available) == expected


def test_chain_cannot_begin_with_c_where_the_first_go_knows_no_such_machine() -> None:
    with pytest.raises(UsageError):
        chain("go1.27.4", (), "arm64")
    assert chain("go1.27.4", ("go1.26.8",), "arm64") == ("go1.26.8", "go1.27.4")


@pytest.mark.parametrize(
    ("target", "other", "part"),
    [
        ("go1.27.4", "go1.24.5", "go1.24.6 or later"),  # the right line, and too old a patch
        ("go1.27.4", "go1.21.13", "go1.24.6 or later"),
        ("go1.27.4", "go1.24", "go1.24.6 or later"),
        ("go1.27.4", "go1.24rc2", "go1.24.6 or later"),
        ("go1.27.4", "devel go1.28-abc", "no version"),
        ("go1.4", "go1.26.8", "C compiler"),
        ("go1.27.4", "go1.26.8", ""),
        ("go1.27.4", "go1.24.6", ""),
        ("go1.27.4", "go1.24.7 X:nodwarf5", ""),
    ],
)
def test_refusal_names_what_is_needed(target: str, other: str, part: str) -> None:
    said = refusal(target, other)
    assert part in said
    assert bool(said) == bool(part)


def test_newest_tree_that_can_build_is_taken() -> None:
    trees = {"/a": "go1.24.5", "/b": "go1.25.1", "/c": "go1.25.1", "/d": "go1.24.13", "/e": "devel go1.28-abc"}
    assert bootstrap.newest("go1.27.4", trees) == "/b"
    assert bootstrap.newest("go1.28.0", trees) == ""


def test_steps_lead_back_to_the_go_that_c_builds() -> None:
    assert bootstrap.steps_to("go1.27.4") == ("go1.24.13", "go1.22.12", "go1.20.14", "go1.17.13")
    assert bootstrap.steps_to("go1.19.1") == bootstrap.steps_to("go1.3") == ()


def test_tree_cannot_build_itself() -> None:
    assert "GOROOT_BOOTSTRAP" in refusal("go1.27.4", "go1.26.8", "/opt/go", "/opt/go")
    assert not refusal("go1.27.4", "go1.26.8", "/opt/go", "/opt/go1.26.8")


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 20))
def test_each_release_of_a_chain_may_build_the_next(minor: int, other: int, patch: int) -> None:
    steps = chain(f"go1.{minor}.9", (f"go1.{other}.{patch}",))
    assert steps[-1] == f"go1.{minor}.9"
    assert not any(refusal(target, builder) for builder, target in zip(steps, steps[1:]))
    assert steps[0] == f"go1.{other}.{patch}" or not bootstrap.minimum(steps[0])


@given(st.text(max_size=20))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    said = ""
    try:
        chain(text, (text,))
    except UsageError as error:
        said = str(error)
    assert said.isprintable()
