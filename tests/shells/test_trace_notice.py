"""What could notice a trace, and what only looks like it."""

from __future__ import annotations

import pytest

from gosteward.shells import trace_notice
from gosteward.shells.xtrace import RS

NOTICES = (
    "[[ $- == *x* ]] && return",
    "[[ $- = *ix* ]] && return",
    "case $- in *x*) return ;; esac",
    "case $- in *i*) ;; *x*) return ;; *) ;; esac",
    'case "$-" in *ix*|*xi*) return ;; esac',
    "flags=$-",
    "flags=${-}",
    "name=-; flags=${!name}",
    "[ -o xtrace ] && return",
    "echo $SHELLOPTS",
    "set +x",
    "set -eux",
    "set -e -x",
    "set -o | grep on",
    "options=$(set +o)",
    "shopt -po",
    "PS4='+ '",
    "unset BASH_XTRACEFD",
    "bash -ex ~/more",
    "ps -o args= -p $$",
    "ls /proc/$$/fd",
    "ls /dev/fd/",
    "exec 9>&-",
    "exec {log}>&1",
    "sh ask <&$descriptor",
    "read -t 1 answer",
    "read -r -t1 answer",
    "timeout 1 vault status",
    "((SECONDS > 1)) && return",
)
HARMLESS = (
    "case $- in\n    *i*) ;;\n      *) return;;\nesac\n",
    'case "$-" in *i*) PATH=/opt/x/bin:$PATH ;; esac',
    "[[ $- == *i* ]] || return",
    '[[ "$-" != *i* ]] && return',
    "[ $- = *i* ]",
    "[[ ${-} =~ i ]] && export PS1",
    'if [ "${-#*i}" != "$-" ]; then\n    . "$i"\nfi\n',
    "# set -x\n  # [[ $- == *x* ]]\n",
    "if ! shopt -oq posix; then :; fi",
    "for i in ${!paths[@]} ${!GO@}; do :; done",
    "set -- a b; set -e; set -o vi; set -u x",
    "read -r line < ~/.version",
    "command -v go >/dev/null 2>&1",
    "sh -e ~/.more.x",
    "alias extra='ls -x'",
    "PATH=$HOME/.local/bin:$PATH",
)


@pytest.mark.parametrize("text", NOTICES)
def test_what_could_notice_a_trace_is_found(text: str) -> None:
    assert trace_notice.in_text(f"true\n{text}\ntrue\n")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_it_is_not(text: str) -> None:
    assert trace_notice.in_text(text) == ""


def test_an_exec_counts_where_it_ran_and_not_where_it_only_stands() -> None:
    assert trace_notice.in_text("go() { exec /opt/go/bin/go; }") == ""
    for command in ("exec", "exec zsh", "builtin exec zsh", "command exec zsh"):
        assert trace_notice.in_commands(f"{RS}true\n{RS}{command}\n") == "exec"
    assert trace_notice.in_commands(f"{RS}echo exec\n") == ""


def test_the_head_of_a_case_says_nothing_in_a_trace_and_everything_in_an_eval() -> None:
    assert trace_notice.in_commands(f"{RS}case $- in\n{RS}true\n") == ""
    assert trace_notice.in_commands(f"{RS}eval 'case $- in *x*) go=1 ;; esac'\n{RS}case $- in\n") == "$-"
    assert trace_notice.in_commands(f"{RS}eval 'case $- in *i*) go=1 ;; esac'\n{RS}case $- in\n") == ""
