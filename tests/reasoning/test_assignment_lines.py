"""Lines without an assignment, or with another value, in every syntax that a setting may stand in."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosteward.reasoning.assignment_lines import with_value, without

GONE = ()
UNKNOWN = None


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("export GOROOT=/x", GONE),
        ("  GOROOT=/x  # of old", GONE),
        ('declare -x GOROOT="/x y"', GONE),
        ("GOROOT=/x; export GOROOT", GONE),
        ("[ -d /x ] && export GOROOT=/x", GONE),
        ('[ -z "$GOROOT" ] && GOROOT=/x && export GOROOT', GONE),
        ("export GOROOT=$(brew --prefix go)/libexec", GONE),
        ("export A=1 GOROOT=/x B=2", "export A=1 B=2"),
        ("export A=1 GOROOT=/x", "export A=1"),
        ("GOROOT=/x export PATH=$PATH:/y", "export PATH=$PATH:/y"),
        ("export GOROOT=/x && export PATH=$PATH:/x/bin", "export PATH=$PATH:/x/bin"),
        ("umask 022; export GOROOT=/x; alias l=ls", "umask 022; alias l=ls"),
        ("test -f a && . a; export GOROOT=/x", "test -f a && . a"),
        ("if [ -d /x ]; then export GOROOT=/x; fi", "if [ -d /x ]; then :; fi"),
        ("case $A in a) export GOROOT=/x;; esac", "case $A in a) :;; esac"),
        ("go_here() { export GOROOT=/x; }", "go_here() { :; }"),
        ("GOROOT=/x go build", "go build"),
        ("env GOROOT=/x go build", "env go build"),
        ("export GOROOT=/x \\", UNKNOWN),
        ('export GOROOT="/x', UNKNOWN),
        ("cat <<E && export GOROOT=/x", UNKNOWN),
        ("if export GOROOT=/x; then", UNKNOWN),
        ("alias old='GOROOT=/x go'", UNKNOWN),
        ("echo GOROOT=/x", UNKNOWN),
        ("GOROOT=(a b)", UNKNOWN),
    ],
)
def test_in_a_shell_the_rest_of_the_line_stays(line: str, left: str | tuple[str, ...] | None) -> None:
    assert without(line, "GOROOT", "shell") == ((left,) if isinstance(left, str) else left)


@pytest.mark.parametrize(
    ("syntax", "line", "left"),
    [
        ("fish", "set -gx GOROOT /x", GONE),
        ("fish", "    set --export --global GOROOT /x", GONE),
        ("fish", "set -gx GOROOT /x; set A b", UNKNOWN),
        ("fish-variables", "SETUVAR --export GOROOT:/x", GONE),
        ("csh", "setenv GOROOT /x", GONE),
        ("csh", "if (-d /x) setenv GOROOT /x", GONE),
        ("lines", "GOROOT=/x", GONE),
        ("lines", 'export GOROOT="/x"', GONE),
        ("lines", "GOROOT2=/x", UNKNOWN),
        ("crontab", "GOROOT = /x", GONE),
        ("crontab", "5 * * * * GOROOT=/x go build", "5 * * * * go build"),
        ("crontab", "@daily dev cd /s && GOROOT=/x go build", "@daily dev cd /s && go build"),
        ("words", "Environment=GOROOT=/x", GONE),
        ("words", 'Environment="GOROOT=/x y"', GONE),
        ("words", 'Environment=A=1 "GOROOT=/x y" B=2', "Environment=A=1 B=2"),
        ("words", "DefaultEnvironment=GOROOT=/x A=1", "DefaultEnvironment=A=1"),
        ("words", "SetEnv A=1 GOROOT=/x", "SetEnv A=1"),
        ("words", "ExecStart=/bin/env GOROOT=/x go build", UNKNOWN),
        ("pam-rules", "GOROOT DEFAULT=/x", GONE),
    ],
)
def test_every_other_file_has_a_syntax_of_its_own(syntax: str, line: str, left: str | tuple[str, ...] | None) -> None:
    assert without(line, "GOROOT", syntax) == ((left,) if isinstance(left, str) else left)


@pytest.mark.parametrize(
    ("syntax", "line", "before", "after", "new"),
    [
        ("shell", 'export V="https://a;direct"', "https://a;direct", "https://a,direct", 'export V="https://a,direct"'),
        ("shell", "export V=https://a\\;direct", "https://a;direct", "https://a,direct", "export V=https://a,direct"),
        ("shell", "export V=\"'/h/go'\"", "'/h/go'", "/h/go", 'export V="/h/go"'),
        ("shell", "export V=\\'/h/go\\'", "'/h/go'", "/h/go", "export V=/h/go"),
        ("shell", "export A=1 V='-mod=vendor -v' B", "-mod=vendor -v", "-v", "export A=1 V='-v' B"),
        ("shell", 'export V="$OLD -mod=vendor"', "-v -mod=vendor", "-v", None),
        ("shell", "export V=a", "a", "b c", "export V='b c'"),
        ("shell", "export V='-l -s -w'", "-l -s -w", "'-l=-s -w'", "export V=\"'-l=-s -w'\""),
        ("lines", "V='/h/go'", "'/h/go'", "/h/go", "V=/h/go"),
        ("words", "Environment='V=-mod=vendor -v' A=1", "-mod=vendor -v", "-v", "Environment='V=-v' A=1"),
        ("fish", "set -gx V -mod=vendor -v", "-mod=vendor -v", "-v", "set -gx V -v"),
        ("fish", "set -gx V a", "a", "b c", None),
        ("csh", "setenv V '-mod=vendor -v'", "-mod=vendor -v", "-v", "setenv V '-v'"),
    ],
)
def test_a_value_is_exchanged_within_its_quotes(
    syntax: str, line: str, before: str, after: str, new: str | None
) -> None:
    assert with_value(line, "V", before, after, syntax) == new


PARTS = st.sampled_from(
    ["A=1", "GOROOT=/x", "export", "export B='a b'", ";", "&&", "||", "|", "true", "[ -d / ]", "{", "}", "(", ")", "if", "then", "fi",
     '"$(echo "a b")"', "`true`", "# c", "GOROOT='/x y'", "export GOROOT", "\\", "'", "$((1+1))", ">/dev/null", "env"]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(PARTS, max_size=9).map(" ".join))
def test_a_line_that_sh_could_read_it_can_still_read(line: str) -> None:
    left = without(line, "GOROOT", "shell")
    if left is None or _complaints(line):
        return
    assert not any(_complaints(new) for new in left), (line, left)


def _complaints(line: str) -> bool:
    return subprocess.run(["sh", "-n"], input=line.encode(), capture_output=True, check=False).returncode != 0
