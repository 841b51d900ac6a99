"""What is wrong with the text of a PATH entry, and what its writer meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.reasoning.path_text import defect, expanded_line, meant

HOME = "/home/dev"


@pytest.mark.parametrize(
    ("entry", "kind", "directory"),
    [
        ("/usr/local/go/bin", "", "/usr/local/go/bin"),
        ("/usr/local/go/bin\r", "carriage-return", "/usr/local/go/bin"),
        ("~/go/bin", "tilde", "/home/dev/go/bin"),
        ("$HOME/go/bin", "dollar", "/home/dev/go/bin"),
        ("${HOME}/go/bin", "dollar", "/home/dev/go/bin"),
        ("$PATH", "dollar", ""),
        ("'/usr/local/go/bin'", "quote", "/usr/local/go/bin"),
        ("\u201c/usr/local/go/bin\u201d", "quote", "/usr/local/go/bin"),
        ("", "relative", ""),
        (".", "relative", ""),
    ],
)
def test_an_entry_tells_its_fault_and_what_was_meant(entry: str, kind: str, directory: str) -> None:
    assert (defect(entry), meant(entry, HOME)) == (kind, directory)


def test_a_line_for_a_file_that_expands_nothing_has_no_variable_left() -> None:
    line = expanded_line("export PATH=$PATH:${HOME}/go/bin:~/bin", HOME)
    assert line == (
        "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/home/dev/go/bin:/home/dev/bin"
    )


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    directory = meant(text, HOME)
    assert directory == "" or (directory.startswith("/") and "$" not in directory)
