"""What a line of a start-up file says, whether or not it runs today."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gosteward.shells import csh_lines, environment_lines, fish_lines, posix_lines
from gosteward.shells.startup_facts import FileFacts, Sourced

if TYPE_CHECKING:
    from gosteward.snapshot import StartupLine

HOME = "/home/dev"


def facts(text: str, shell: str = "bash") -> FileFacts:
    lines = text.split("\n")
    if shell == "fish":
        return fish_lines.read("/f", lines, home=HOME)
    if shell == "csh":
        return csh_lines.read("/f", lines, home=HOME)
    return posix_lines.read("/f", lines, home=HOME, zsh=shell == "zsh")


def only(text: str, shell: str = "bash") -> StartupLine:
    (line,) = facts(text, shell).lines
    return line


@pytest.mark.parametrize(
    ("shell", "text", "adds", "keeps", "at_end"),
    [
        ("bash", "export PATH=$PATH:/usr/local/go/bin", ("/usr/local/go/bin",), True, True),
        ("bash", 'PATH="$HOME/go/bin:$PATH"', ("/home/dev/go/bin",), True, False),
        ("bash", '[ -d /x ] && PATH="${PATH:+$PATH:}/x"', ("/x",), True, True),
        ("bash", 'export PATH="/y${PATH:+:$PATH}"', ("/y",), True, False),
        ("bash", "PATH+=:/x", ("/x",), True, True),
        ("bash", "export PATH=/usr/bin:/bin", ("/usr/bin", "/bin"), False, False),
        ("bash", "export PATH=$PATH:$GOBIN", ("$GOBIN",), True, True),
        ("bash", "PATH=$PATH:", ("",), True, True),
        ("bash", 'for d in /a ~/b; do PATH="$d:$PATH"; done', ("/a", "/home/dev/b"), True, False),
        ("bash", "pathmunge /opt/bin after", ("/opt/bin",), True, True),
        ("zsh", "path=(/usr/local/go/bin $HOME/go/bin $path)", ("/usr/local/go/bin", "/home/dev/go/bin"), True, False),
        ("zsh", "path+=(~/x(N))", ("/home/dev/x",), True, True),
        ("zsh", "path=(/a /b)", ("/a", "/b"), False, False),
        ("fish", "set -gx PATH $PATH ~/go/bin", ("/home/dev/go/bin",), True, True),
        ("fish", "set -gx PATH /usr/bin /bin", ("/usr/bin", "/bin"), False, False),
        ("fish", "fish_add_path /usr/local/go/bin", ("/usr/local/go/bin",), True, False),
        ("fish", "fish_add_path -a /x", ("/x",), True, True),
        ("csh", "set path = ( $path /usr/local/go/bin )", ("/usr/local/go/bin",), True, True),
        ("csh", "setenv PATH ${PATH}:/x", ("/x",), True, True),
        ("csh", "if ( -d ~/go ) set path = (~/go/bin $path)", ("/home/dev/go/bin",), True, False),
    ],
)
def test_a_path_line_says_what_it_adds_and_where(
    shell: str, text: str, adds: tuple[str, ...], keeps: bool, at_end: bool
) -> None:
    line = only(text, shell)
    assert (line.kind, line.adds, line.keeps, line.at_end) == ("path", adds, keeps, at_end)


@pytest.mark.parametrize(
    ("shell", "text", "literal", "syntax"),
    [
        ("bash", 'export PATH="$PATH:~/go/bin"', "tilde", ""),
        ("bash", "export PATH=$PATH:~/go/bin", "", ""),
        ("bash", "export PATH='$PATH:/x'", "dollar", ""),
        ("bash", "export GOPATH=\"'/home/dev/go'\"", "quote", ""),
        ("bash", "export GOPATH='/home/dev/go'", "", ""),
        ("bash", "export PATH = $PATH:/x", "", "spaces-around-equals"),
        ("bash", "PATH = $PATH:/x", "", "spaces-around-equals"),
        ("bash", "GOPATH= /x", "", "spaces-around-equals"),
        ("bash", "export PATH=“$PATH:/x”", "", "smart-quotes"),
        ("bash", "set -gx PATH $PATH /x", "", "fish-in-posix"),
        ("bash", "fish_add_path /x", "", "fish-in-posix"),
        ("zsh", "setenv GOPATH /x", "", "csh-in-posix"),
        ("fish", "export PATH=$PATH:/x", "", "export-in-fish"),
        ("fish", 'export PATH="$PATH:/x"', "", ""),
        ("fish", "PATH=$PATH:/x", "", "export-in-fish"),
        ("fish", 'set -gx PATH $PATH "~/go/bin"', "tilde", ""),
    ],
)
def test_what_a_shell_will_not_take_as_meant_is_named(shell: str, text: str, literal: str, syntax: str) -> None:
    line = only(text, shell)
    assert (line.literal, line.syntax) == (literal, syntax)


@pytest.mark.parametrize(
    ("shell", "text", "line"),
    [
        ("bash", "case $- in\n    *i*) ;;\n      *) return;;\nesac", 3),
        ("bash", '[ -z "$PS1" ] && return', 1),
        ("bash", '[ -n "$PS1" ] || return 0', 1),
        ("bash", "[[ $- != *i* ]] && return", 1),
        ("bash", "[[ $- == *i* ]] || return", 1),
        ("bash", "if [ -z ${PS1+x} ]; then\n  return\nfi", 2),
        ("bash", "[ -t 0 ] || return", 1),
        ("bash", "tty -s || return", 1),
        ("bash", "return", 1),
        ("bash", '[ -n "$PS1" ] && return', 0),
        ("bash", "[ -f /etc/x ] || return", 0),
        ("bash", "f() { return; }", 0),
        ("zsh", "[[ -o interactive ]] || return", 1),
        ("fish", "status is-interactive; or exit", 1),
        ("fish", "if not status --is-interactive\n  return\nend", 2),
        ("fish", "if status is-interactive\n  return\nend", 0),
        ("csh", "if (! $?prompt) exit", 1),
    ],
)
def test_lines_behind_an_early_return_are_not_reached(shell: str, text: str, line: int) -> None:
    behind = {"fish": "set -gx GOPATH /x", "csh": "setenv GOPATH /x"}.get(shell, "export GOPATH=/x")
    found = facts(f"{text}\n{behind}", shell)
    assert (found.early_return, found.lines[-1].reached) == (line, line == 0)


@pytest.mark.parametrize(
    ("shell", "text"),
    [
        ("bash", 'case ":$PATH:" in *:/z:*) ;; *) PATH="$PATH:/z" ;; esac'),
        ("bash", '[[ ":$PATH:" == *":/z:"* ]] || PATH="$PATH:/z"'),
        ("bash", 'if ! echo "$PATH" | grep -q /z; then PATH=$PATH:/z; fi'),
        ("zsh", "path=(/z $path)\ntypeset -U path"),
        ("fish", "contains /z $PATH; or set -gx PATH $PATH /z"),
        ("fish", "if not contains /z $PATH; set -gx PATH $PATH /z; end"),
        ("fish", "begin; contains /z $PATH; or set -a PATH /z; end"),
    ],
)
def test_a_test_of_path_keeps_a_second_copy_away(shell: str, text: str) -> None:
    assert [line.guarded for line in facts(text, shell).lines if line.kind == "path"] == [True]


def test_a_plain_line_is_not_guarded() -> None:
    assert not only("[ -d /z ] && PATH=$PATH:/z").guarded


def test_export_further_down_exports_the_variable() -> None:
    first, second = facts("GOPATH=/a\nGOBIN=/b\nexport GOPATH").lines
    assert (first.exported, second.exported) == (True, False)
    assert only("set GOPATH /a", "fish").exported is False


def test_carriage_returns_are_seen_and_not_part_of_the_value() -> None:
    line = only("export PATH=$PATH:/usr/local/go/bin\r")
    assert line.carriage_return
    assert line.adds == ("/usr/local/go/bin",)


def test_the_files_that_a_file_reads_are_named() -> None:
    text = ". ~/.env\nset -a; . \"$HOME/.env2\"; set +a\nexport $(grep -v '^#' ~/.env3 | xargs -d '\\n')\n. $UNKNOWN/x\nfor f in ~/.d/*; do . $f; done"
    assert facts(text).sourced == (
        Sourced("/home/dev/.env"),
        Sourced("/home/dev/.env2", exported=True),
        Sourced("/home/dev/.env3", exported=True, pairs=True, quotes=True),
    )


def test_nothing_is_expanded_in_etc_environment() -> None:
    (line,) = environment_lines.pam_environment("/etc/environment", ["export PATH=$PATH:/usr/local/go/bin"]).lines
    assert (line.literal, line.syntax, line.keeps) == ("dollar", "dollar-in-environment-file", False)
    (line,) = environment_lines.pam_environment("/etc/environment", ['export GOPATH="/x"']).lines
    assert (line.literal, line.syntax, line.value) == ("", "export-in-environment-file", "/x")


def test_environment_d_expands_and_does_not_know_export() -> None:
    first, second = environment_lines.systemd_environment("/f", ["PATH=${PATH}:/x", "export GOPATH=/x"]).lines
    assert (first.keeps, first.adds, first.syntax) == (True, ("/x",), "")
    assert second.syntax == "export-in-environment-file"


def test_fish_variables_hold_user_paths() -> None:
    text = [r"SETUVAR fish_user_paths:/usr/local/go/bin\x1e/opt/a\x2db", r"SETUVAR --export GOPATH:/x\x20y"]
    path, variable = fish_lines.universal_variables("/f", text).lines
    assert path.adds == ("/usr/local/go/bin", "/opt/a-b")
    assert (variable.name, variable.value, variable.exported) == ("GOPATH", "/x y", True)


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("export PATH=$PATH:/x", True),
        ("  PATH=$PATH:/x  # go", True),
        ("pathmunge /x after", True),
        ("[ -d /x ] && PATH=$PATH:/x", False),
        ("umask 022; PATH=$PATH:/x", False),
        ("PATH=$PATH:/x; export PATH", False),
        ("export PATH=$PATH:\\\n/x", False),
        ("if true; then\nPATH=$PATH:/x\nfi", False),
        ("if true; then\n:\nfi; PATH=$PATH:/x", False),
        ("if true; then\nexport PATH=$PATH:/x", False),
    ],
)
def test_a_line_that_is_one_whole_command_may_be_moved(text: str, alone: bool) -> None:
    assert {line.alone for line in facts(text).lines if line.kind == "path"} == {alone}


def test_sudoers_says_what_it_includes_and_where() -> None:
    text = [
        'Defaults secure_path="/usr/bin:/bin"',
        "@includedir /etc/sudoers.d",
        "#includedir local",
        "# @includedir /x",
    ]
    found = environment_lines.sudoers("/etc/sudoers", text).lines
    assert [(line.kind, line.location.line, line.name) for line in found] == [
        ("path", 1, "PATH"),
        ("source", 2, "/etc/sudoers.d"),
        ("source", 3, "/etc/local"),
    ]


@pytest.mark.parametrize(("shell", "text"), [("bash", "unset PATH"), ("zsh", "unset -v PATH"), ("fish", "set -e PATH")])
def test_a_line_that_removes_path_is_a_path_line_that_keeps_and_adds_nothing(shell: str, text: str) -> None:
    line = only(text, shell)
    assert (line.kind, line.keeps, line.adds) == ("path", False, ())


def test_a_umask_is_a_line_of_its_own_where_it_stands_alone() -> None:
    found = only("umask 0177")
    assert (found.kind, found.value, found.alone) == ("umask", "0177", True)
    assert not only("if x; then\numask 0177\nfi").alone
    assert facts("umask -S\numask u=rwx").lines == ()


@pytest.mark.parametrize("text", ["export $PATH=$PATH:/usr/local/go/bin", "${PATH}=$PATH:/usr/local/go/bin"])
def test_a_dollar_before_the_name_sets_nothing(text: str) -> None:
    assert (only(text).syntax, only(text).adds) == ("dollar-name", ("/usr/local/go/bin",))


def test_a_path_line_behind_a_quote_that_is_never_closed_is_still_seen() -> None:
    found = only('export EDITOR="vi\nexport PATH=$PATH:/usr/local/go/bin')
    assert (found.location.line, found.syntax, found.adds) == (2, "open-quote", ("/usr/local/go/bin",))
    assert facts("X='a\nexport PATH=$PATH:/x\n'").lines == ()
