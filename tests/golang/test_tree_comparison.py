"""A go.env that distributions write is understood, and whatever else stands in one is never called harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang import tree_comparison
from gosteward.golang.distribution import Entry
from gosteward.golang.proxyurls import DEFAULT_DATABASE, DEFAULT_PROXY
from gosteward.golang.tree_comparison import (
    compared,
    is_benign,
    original_go_env,
    own_settings,
    without_twins,
    wrong_modes,
)
from growth import grows_linearly

ORIGINAL = f"# a\n\nGOPROXY={DEFAULT_PROXY}\nGOSUMDB={DEFAULT_DATABASE}\n\n# b\nGOTOOLCHAIN=auto\n"


@pytest.mark.parametrize(
    "changed",
    [
        ORIGINAL,
        ORIGINAL.replace("=auto", "=local"),
        ORIGINAL.replace(DEFAULT_PROXY, "direct"),
        ORIGINAL + "GOTOOLCHAIN=local\n",
        ORIGINAL + "GOFLAGS=-mod=mod\n",
        ORIGINAL + "no setting\n",
    ],
)
def test_the_original_comes_back_where_only_settings_were_changed(changed: str) -> None:
    assert original_go_env(changed) == ORIGINAL


def test_a_default_that_is_gone_does_not_come_back() -> None:
    assert original_go_env(ORIGINAL.replace("GOTOOLCHAIN=auto\n", "")) != ORIGINAL


@pytest.mark.parametrize(
    ("text", "benign", "lines"),
    [
        (ORIGINAL, True, ()),
        (ORIGINAL + "GOTOOLCHAIN=local\n", True, ("GOTOOLCHAIN=local",)),
        ("GOPROXY=off\n" + ORIGINAL, True, ()),
        (ORIGINAL.replace("GOTOOLCHAIN=auto\n", ""), True, ("GOTOOLCHAIN is not set",)),
        (ORIGINAL + "GOSUMDB=off\n", False, ("GOSUMDB=off",)),
        ("", False, ("GOPROXY is not set", "GOSUMDB is not set", "GOTOOLCHAIN is not set")),
        (ORIGINAL + "GOPROXY\t=x\n", False, ("GOPROXY\t=x",)),
        (ORIGINAL + "GOTOOLCHAIN2=x\nCC=/tmp/cc\n", False, ("GOTOOLCHAIN2=x", "CC=/tmp/cc")),
    ],
)
def test_only_the_choice_of_proxy_and_toolchain_is_harmless(text: str, benign: bool, lines: tuple[str, ...]) -> None:
    assert (is_benign(text), own_settings(text)) == (benign, lines)


@given(st.text(alphabet="GOPRXYSUMDBTLCHAIN=#\n \t\r,autolocl\udc80", max_size=200))
def test_any_go_env_can_be_judged_and_restored(text: str) -> None:
    is_benign(text)
    restored = original_go_env(text)
    assert original_go_env(restored) == restored
    assert "GOFLAGS=" not in restored


def test_a_copied_go_mod_counts_once_and_a_changed_copy_does_not_hide() -> None:
    twins = (Entry("src/_go.mod", 0o644, "1"), Entry("src/go.mod", 0o644, "1"))
    assert without_twins(twins) == (twins[1:], True)
    changed = (twins[0], twins[1]._replace(sha256="2"))
    assert without_twins(changed) == (changed, False)
    assert without_twins(twins[:1]) == (twins[:1], False)


def test_the_work_grows_with_the_number_of_files() -> None:
    def work(count: int) -> None:
        entries = tuple(Entry(f"src/{n}/go.mod", 0o644, str(n)) for n in range(count))
        compared(entries, entries[::2])
        wrong_modes(entries)
        without_twins(entries)
        tree_comparison.parts_of(entries, "go1.26.8", "linux-amd64")
        original_go_env("A=b\n" * count)

    assert grows_linearly(work, 8000)
