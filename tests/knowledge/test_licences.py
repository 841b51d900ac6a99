"""Licences: known by all of their words, and by nothing less; what adds a condition is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosteward.knowledge import licences
from gosteward.knowledge.licences import FILES, named
from growth import grows_linearly

OURS = (Path(__file__).parents[2] / "LICENSE").read_text()
TERMS = OURS[OURS.index("Apache License") :]


def test_our_own_licence_is_known() -> None:
    assert named(OURS.encode()) == ("Apache-2.0",)


@pytest.mark.parametrize("prefix", ["# ", " * ", "// "])
def test_how_a_text_is_set_does_not_count(prefix: str) -> None:
    text = "".join(f"{prefix}{line.upper()}\r\n" for line in OURS.splitlines())
    assert named(text.encode()) == ("Apache-2.0",)


def test_titles_and_names_do_not_count_but_conditions_do() -> None:
    front = "My Tool\nCopyright (c) 2026 Zo\u00eb Example and friends. All rights reserved.\n\n"
    assert named((front + TERMS).encode()) == ("Apache-2.0",)
    assert named((front + TERMS + "\nThe Software must not be sold.\n").encode()) == ()
    assert named(("Commons Clause License\n" + TERMS).encode()) == ()
    assert named(("word " * 200 + TERMS).encode()) == ()


@settings(max_examples=20)
@given(st.data())
def test_a_licence_with_another_word_in_it_is_unknown(data: st.DataObject) -> None:
    words = TERMS.split()
    end = words.index("APPENDIX:") if "APPENDIX:" in words else len(words)
    at = data.draw(st.integers(6, end - 12))
    changed = [*words[:at], data.draw(st.sampled_from(["not", "never", "except"])), *words[at:]]
    assert named(" ".join(changed).encode()) == ()


def test_two_licences_are_both() -> None:
    notice = TERMS[TERMS.rindex("Licensed under the Apache") :]
    assert named((TERMS + notice).encode()) == ("Apache-2.0",)


@given(st.binary(max_size=400))
def test_what_is_no_licence_is_unknown(content: bytes) -> None:
    assert named(content) == ()


def test_what_is_too_long_is_unknown() -> None:
    assert named(TERMS.encode() + b" " * licences.LONGEST) == ()


def test_files_that_have_a_licence() -> None:
    yes = (
        "LICENSE",
        "LICENCE.txt",
        "license.md",
        "COPYING",
        "COPYING.LESSER",
        "LICENSE-MIT",
        "UNLICENSE",
        "MIT-LICENSE.txt",
    )
    assert all(FILES.fullmatch(name) for name in yes)
    assert not any(
        FILES.fullmatch(name)
        for name in ("licenses.go", "LICENSE-3rdparty.csv", "license.go", "README.md", "copyingfile")
    )


def test_reading_takes_time_in_proportion() -> None:
    text = ("redistribution and use " * 8_000).encode()
    assert grows_linearly(lambda count: named(text[:count]), len(text))
