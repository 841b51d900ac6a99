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
def test_every_line_is_nothing_or_a_sum_or_malformed(text: str) -> None:
    found = gosum.parse(text)
    sums = {entry.number for entries in found.sums.values() for entry in entries}
    malformed = {number for number, _ in found.malformed}
    lines = {number: len(line.split()) for number, line in enumerate(text.split("\n"), 1)}
    assert malformed == {number for number, words in lines.items() if words not in (0, 3)}
    assert sums <= {number for number, words in lines.items() if words == 3}
    assert all((entry.path, entry.version) == key for key, entries in found.sums.items() for entry in entries)


def test_a_file_with_one_module_over_and_over_is_read_in_linear_time() -> None:
    sums = gosum.parse("a.example/b v1.0.0 h1:x=\n" * 50_000).sums
    assert len(sums["a.example/b", "v1.0.0"]) == gosum.MOST_DIGESTS
