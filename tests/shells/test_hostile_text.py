"""Parsers of files that anybody may have written: no exception escapes, and twice the text takes twice the work."""

from __future__ import annotations

import contextlib
import time
from typing import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosteward.shells import (
    crontab,
    csh_lines,
    environment_lines,
    fish_lines,
    login_defs,
    pam,
    posix_lines,
    sshd,
    sudo,
    systemd,
    unit_file,
)
from gosteward.shells.fish_run import FishRun
from gosteward.shells.posix_run import PosixRun
from gosteward.shells.shell_state import StoppedError
from gosteward.snapshot import EnvironmentVariable

HOME = "/home/dev"
FIRST = (EnvironmentVariable("PATH", "/usr/bin:/bin"), EnvironmentVariable("HOME", HOME))


class OneFile:
    """A host that holds one file and knows nothing else."""

    uid, user, home = 1000, "dev", HOME

    def __init__(self, lines: list[str]) -> None:
        self.only = lines

    def file_test(self, test: str, path: str) -> bool | None:
        return None

    def lines(self, path: str) -> list[str] | None:
        return self.only

    def glob(self, pattern: str) -> list[str]:
        return []

    def home_of(self, user: str) -> str:
        return ""


def follow_posix(lines: list[str], shell: str) -> object:
    run = PosixRun(OneFile(lines), FIRST, {}, shell=shell, interactive=True, collecting=True)
    with contextlib.suppress(StoppedError):
        run.source("/x")
    return run.entries()


def follow_fish(lines: list[str]) -> object:
    run = FishRun(OneFile(lines), FIRST, {}, interactive=True)
    with contextlib.suppress(StoppedError):
        run.universal_variables("/x")
        run.source("/x")
    return run.entries()


def evaluate_sudoers(lines: list[str]) -> object:
    return sudo.evaluate(sudo.lines_of("/etc/sudoers", lambda _: lines, lambda _: ["a"]), "dev", 1000, ("sudo",))


def environment_d(lines: list[str]) -> object:
    known: dict[str, str] = {}
    for assignment in systemd.environment_file(lines):
        known[assignment.name] = systemd.expanded(assignment.value, known)
    return known


def pam_conf(lines: list[str]) -> object:
    known: dict[str, str] = {}
    for rule in pam.rules(lines):
        known[rule.name] = pam.apply(rule, known, {"HOME": HOME}) or ""
    return known


PARSERS: dict[str, Callable[[list[str]], object]] = {
    "posix lines": lambda lines: posix_lines.read("/x", lines, home=HOME),
    "zsh lines": lambda lines: posix_lines.read("/x", lines, home=HOME, zsh=True),
    "fish lines": lambda lines: fish_lines.read("/x", lines, home=HOME),
    "fish variables": lambda lines: fish_lines.universal_variables("/x", lines),
    "csh lines": lambda lines: csh_lines.read("/x", lines, home=HOME),
    "following bash": lambda lines: follow_posix(lines, "bash"),
    "following zsh": lambda lines: follow_posix(lines, "zsh"),
    "following fish": follow_fish,
    "crontab": lambda lines: (crontab.entries(lines, system=True), environment_lines.cron("/x", lines)),
    "sudoers": lambda lines: (evaluate_sudoers(lines), environment_lines.sudoers("/x", lines)),
    "pam_env": lambda lines: environment_lines.pam_environment("/x", lines),
    "pam_env.conf": lambda lines: (pam_conf(lines), environment_lines.pam_rules("/x", lines)),
    "pam service": lambda lines: pam.calls("su", lambda _: lines),
    "environment.d": lambda lines: (environment_d(lines), environment_lines.systemd_environment("/x", lines)),
    "unit": lambda lines: unit_file.unit(systemd.entries("/x", ["[Service]", *lines]), {"h": HOME}),
    "manager": lambda lines: environment_lines.manager_configuration("/x", ["[Manager]", *lines]),
    "login.defs": lambda lines: (login_defs.values(lines), environment_lines.login_definitions("/x", lines)),
    "sshd_config": lambda lines: sshd.settings("/x", lambda _: lines, lambda _: [], "dev"),
    "ssh environment": lambda lines: environment_lines.ssh_environment("/x", lines),
    "env pairs": lambda lines: environment_lines.pairs("/x", lines, quotes=False),
}

TOKENS = """PATH=$PATH:/usr/local/go/bin export GOPATH=~/go path+=(/x) path=( set -gx fish_add_path setenv if [ -d ~/go ] ; then else elif
    fi case $- in *i*) ;; esac for do done while { } ( ) (( )) [[ ]] function f() begin end switch and or not && || | & < > << EOF
    ' " ` $( ${ } ${PATH:+ :$PATH $'x\\n' \\ # \r \t = == -- . source ~/.env eval exec exit return alias go='git' unset emulate -c
    PATH "$PATH Defaults secure_path="/usr/bin" env_keep+= !env_reset #include @includedir /etc/sudoers.d User_Alias A=B,A ALL=(ALL)
    [Service] ExecStart=go ExecStart=/bin/sh Environment="A=b" EnvironmentFile=-/x %h %% * * * * * @reboot PATH = DEFAULT="${HOME}/bin"
    OVERRIDE=@{HOME} auth required pam_env.so Match User dev SetEnv A=b ENV_PATH PATH=/usr/bin SETUVAR fish_user_paths:/a\\x1e/b Include *
    status is-interactive command -v contains test $argv[1] $1 ${1} "$@" $((1+ \x01 \x00 é “ ”"""
WORDS = st.sampled_from(TOKENS.split(" "))
TEXTS = st.one_of(
    st.lists(st.one_of(WORDS, st.sampled_from(("\n", " ", "\n", ";"))), max_size=60).map(" ".join),
    st.lists(st.one_of(WORDS, st.just("\n")), max_size=60).map("".join),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=200),
)


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(text=TEXTS)
def test_no_text_makes_a_parser_fail(name: str, text: str) -> None:
    PARSERS[name](text.split("\n"))


# Each is repeated many times: what makes a careless parser start again, nest, or double.
FRAGMENTS = (
    '"', "'", "`", "$(", "${", "$((", "[[ ", "[[ '", "(( ", "( ", "{ ", "if ", "case x in ", "<<A\n", "f() ", "a=(", "\\", " ", "\t", "#", "!",
    "PATH=$PATH:x\n", "A=$A$A\n", "A=${A}${A}\n", "path+=(x)\n", "set -a PATH x\n", "set -x A $A $A\n", "Defaults x", "User_Alias A=A,A\n", ",", "=", "%", "A DEFAULT=${A}${A}\n",
    "for i in a b c d e f g h; do ", "f() { f; f; }\nf\n", "function f; f; f; end; f\n", "x && ", "x | ", "export ", "[ ( ", "*", "auth [", "ExecStart=a ; ", 'eval "', "begin;",
)  # fmt: skip
SIZE = 5_000


def seconds(parse: Callable[[list[str]], object], text: str) -> float:
    lines = text.split("\n")
    begun = time.process_time()
    parse(lines)
    return time.process_time() - begun


@pytest.mark.parametrize("name", [name for name in PARSERS if "zsh" not in name])  # the same code as for bash
def test_four_times_the_text_takes_about_four_times_the_work(name: str) -> None:
    for fragment in FRAGMENTS:
        for head in ("Defaults A=",) if name in ("sudoers", "manager", "pam service") else ("",):
            short = head + fragment * (SIZE // len(fragment))
            once = seconds(PARSERS[name], short)
            # Squared growth would be 16; below a few hundredths of a second the growth of a parser does not matter.
            assert seconds(PARSERS[name], head + fragment * (4 * SIZE // len(fragment))) < 9 * max(once, 0.04), (
                fragment,
                head,
            )
