"""go.sum."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang import gosum

TEXT = """example.com/greet v1.0.0 h1:dSpi6cf4DAPgmBgKCuzwTDKiELNEKPgCSVWmwTIJfTQ=
example.com/greet v1.0.0/go.mod h1:GlCIkEaW8mB+yuc7rEhPCGzQMpFEPTHNkAVlnVGzM7A=

<<<<<<< HEAD
example.com/other v2.0.0/go.mod h1:x=
"""


def test_zip_and_go_mod_have_lines_of_their_own() -> None:
    sums = gosum.parse(TEXT)
    line = sums.of("example.com/greet", "v1.0.0")
    assert line is not None
    assert (line.digest, line.number) == ("h1:dSpi6cf4DAPgmBgKCuzwTDKiELNEKPgCSVWmwTIJfTQ=", 1)
    assert sums.of("example.com/other", "v2.0.0") is None
    assert sums.malformed == ((4, "<<<<<<< HEAD"),)


@given(st.text(alphabet="a v1/h:\n\r\t\x00é", max_size=200))
def test_no_text_breaks_the_parser(text: str) -> None:
    gosum.parse(text)


def test_a_file_with_one_module_over_and_over_is_read_in_linear_time() -> None:
    sums = gosum.parse("a.example/b v1.0.0 h1:x=\n" * 50_000).sums
    assert len(sums["a.example/b", "v1.0.0"]) == gosum.MOST_DIGESTS
