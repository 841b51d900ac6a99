"""Readers of files that anybody may have written: no exception escapes, lines are lines, and more text takes as much more work."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.shell_targets import TARGETS
from fuzz.target import problem_of
from fuzz.work import work_of

WORDS = st.sampled_from(
    sorted({word for target in TARGETS.values() for word in target.words.split(" ")} | {"\u201c", "\u00e9", "\0"})
)
TEXTS = st.one_of(
    st.lists(st.one_of(WORDS, st.sampled_from(("\n", " ", "\n", ";"))), max_size=60).map(" ".join),
    st.lists(st.one_of(WORDS, st.just("\n")), max_size=60).map("".join),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=200),
)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(text=TEXTS)
def test_no_text_makes_a_reader_fail_or_name_a_line_that_is_not_there(name: str, text: str) -> None:
    assert problem_of(TARGETS[name], text.encode("utf-8", "surrogateescape")) == ""


# Each is repeated many times: what makes a careless parser start again, nest, or double.
FRAGMENTS = (
    '"', "'", "`", "$(", "${", "$((", "[[ ", "[[ '", "(( ", "( ", "{ ", "if ", "case x in ", "<<A\n", "f() ", "a=(", "\\", " ", "\t", "#", "!",
    "PATH=$PATH:x\n", "A=$A$A\n", "A=${A}${A}\n", "path+=(x)\n", "set -a PATH x\n", "set -x A $A $A\n", "Defaults x", "User_Alias A=A,A\n", ",", "=", "%", "A DEFAULT=${A}${A}\n",
    "for i in a b c d e f g h; do ", "f() { f; f; }\nf\n", "function f; f; f; end; f\n", "x && ", "x | ", "export ", "[ ( ", "*", "auth [", "ExecStart=a ; ", 'eval "', "begin;",
)  # fmt: skip
HEADS = {"sudoers": "Defaults A=", "manager": "[Manager]\nDefaultEnvironment=", "unit": "[Service]\n"}
SIZE = 300
LITTLE = 5_000


@pytest.mark.parametrize("name", [name for name in TARGETS if "zsh" not in name])  # the same code as for bash
def test_four_times_the_text_takes_about_four_times_the_work(name: str) -> None:
    for fragment in FRAGMENTS:
        short, long = ((HEADS.get(name, "") + fragment * (size // len(fragment))).encode() for size in (SIZE, 4 * SIZE))
        once, more = (work_of(partial(TARGETS[name].read, text), copies=False) for text in (short, long))
        assert more < 9 * max(once, LITTLE), fragment  # squared growth would be 16
