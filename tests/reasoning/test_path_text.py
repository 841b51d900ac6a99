"""What is wrong with the text of a PATH entry, and what its writer meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.reasoning.path_text import (
    defect,
    doubly_quoted,
    expanded_line,
    keeping_old,
    meant,
    plainly_quoted,
    visible,
    with_entry,
    without_entry,
)

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


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("PATH=/usr/bin:/bin", "PATH=/usr/bin:/bin:/x"),
        ('PATH = "/usr/bin:/bin"  ', 'PATH = "/usr/bin:/bin:/x"  '),
        ("ENV_PATH\tPATH=/usr/bin:/bin", "ENV_PATH\tPATH=/usr/bin:/bin:/x"),
        ('Environment="PATH=/usr/bin" A=b', 'Environment="PATH=/usr/bin:/x" A=b'),
        ("SetEnv A=b PATH=/usr/bin", "SetEnv A=b PATH=/usr/bin:/x"),
        ("MANPATH=/usr/bin", ""),
        ("PATH=/usr/bin # why", ""),
        ("PATH=$HOME/bin", ""),
        ("PATH=/usr/bin PATH=/bin", ""),
        ("PATH=", ""),
    ],
)
def test_one_more_entry_stands_behind_the_others(text: str, new: str) -> None:
    assert with_entry(text, "/x") == new
    assert with_entry(text, "/x y") == ""


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("PATH=/usr/bin:~/go/bin", "PATH=/usr/bin"),
        ('PATH="~/go/bin:/usr/bin"', 'PATH="/usr/bin"'),
        ("PATH=/usr/bin:~/go/bin:/bin", "PATH=/usr/bin:/bin"),
        ("PATH=~/go/bin", ""),
        ("PATH=/usr/bin:~/go/binary", ""),
    ],
)
def test_one_of_several_entries_is_taken_out(text: str, new: str) -> None:
    assert without_entry(text, "~/go/bin") == new


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("export PATH=/usr/local/go/bin", "export PATH=/usr/local/go/bin:$PATH"),
        ('PATH="/usr/bin:/bin"; export PATH', 'PATH="/usr/bin:/bin:$PATH"; export PATH'),
        ("path=(/usr/bin /bin)", "path=(/usr/bin /bin $path)"),
        ("set -gx PATH /usr/bin /bin", "set -gx PATH /usr/bin /bin $PATH"),
        ("PATH='/usr/bin'; export PATH", "PATH='/usr/bin':$PATH; export PATH"),
        ("PATH=$PATH:/x", ""),
        ('PATH=/usr/bin:"$FOO"', ""),
        ("PATH=/a; PATH=/b", ""),
        ("MYPATH=/a", ""),
    ],
)
def test_a_reset_keeps_the_old_value(text: str, new: str) -> None:
    assert keeping_old(text) == new


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("export PATH=\u201c$PATH:/x\u201d", 'export PATH="$PATH:/x"'),
        (r"export PATH=\"$PATH:/x\"", 'export PATH="$PATH:/x"'),
        ("""export PATH='"$PATH:/x"'""", 'export PATH="$PATH:/x"'),
        ("""PATH="$PATH:'~/go/bin'" """, 'PATH="$PATH:$HOME/go/bin"'),
        ("PATH='a b'", ""),
        ("PATH=`x`:'/y'; echo", ""),
        ("alias x='PATH=y'", ""),
    ],
)
def test_quotes_stand_once_around_the_value(text: str, new: str) -> None:
    assert plainly_quoted(text, for_shell=True) == new


def test_a_file_that_keeps_quotes_gets_none() -> None:
    assert plainly_quoted("PATH='/usr/bin':/x", for_shell=False) == "PATH=/usr/bin:/x"


def test_single_quotes_become_double_ones_where_nothing_else_changes() -> None:
    assert doubly_quoted("export PATH='$PATH:/x'") == 'export PATH="$PATH:/x"'
    assert doubly_quoted("PATH='$PATH':'/x'") == ""
    assert doubly_quoted("""PATH='$PATH:"/x"'""") == ""


def test_what_cannot_be_seen_is_a_blank_or_nothing() -> None:
    assert visible("\ufeffexport\u00a0PATH=$PATH:/\u200bx") == "export PATH=$PATH:/x"
