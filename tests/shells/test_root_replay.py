"""Root's bash drops PS4 from its environment, so its start-up is replayed: what the files could tell apart is known, and little."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gosteward.shells import bash_trace, trace_notice

# All that bash tells about itself: variables (but for those that change by themselves), options, call stack, aliases, traps, flags.
ASKS = """{
declare -p | grep -v '^declare -[-ai]* *\\(PS4\\|BASH_XTRACEFD\\|LINENO\\|BASH_SUBSHELL\\|_\\|PIPESTATUS\\|EPOCH\\|RANDOM\\|SRANDOM\\|SECONDS\\|PPID\\|BASHPID\\)'
declare -p BASH_SOURCE FUNCNAME BASH_ARGC BASH_ARGV; echo "0=$0 #=$# flags=${-//x/}"
shopt -p; set +o; trap -p; alias; jobs; umask; ulimit -a; (return 0) && echo sourced
ask() { declare -p FUNCNAME BASH_SOURCE; }; ask
} 2>/dev/null > "$ANSWER"
"""
WAYS = {
    "login": (True, False, False),
    "terminal": (False, True, False),
    "both": (True, True, False),
    "ssh": (False, False, True),
}
needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


@needs_bash
@pytest.mark.parametrize("way", WAYS)
def test_a_replayed_start_looks_like_a_real_one_but_for_what_counts_as_noticing(way: str, tmp_path: Path) -> None:
    login, interactive, remote = WAYS[way]
    program = shutil.which("bash") or ""
    system_rc, finds_sshd = bash_trace.system_rc_of(Path(program).read_bytes())
    for name in (".bashrc", ".bash_profile"):
        (tmp_path / name).write_text(ASKS)
    flags = [*(["-l"] if login else []), *(["-i"] if interactive else [])]
    replay = bash_trace.replay(login, interactive, remote and finds_sshd, system_rc, "")
    told = []
    for number, arguments in enumerate(([*flags, "-c", ":"], ["--noprofile", "--norc", *flags, "-c", replay + ":"])):
        answer = tmp_path / f"answer-{number}"
        answer.write_text("")
        environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "ANSWER": str(answer)}
        if remote:
            environment["SSH_CLIENT"] = "192.0.2.1 50000 22"
        command = ["bash", *arguments]
        with open(os.devnull, "r+b") as null:
            subprocess.run(
                command,
                executable=program,
                env=environment,
                stdin=null,
                stdout=null,
                stderr=null,
                start_new_session=True,
                check=False,
            )
        told.append(answer.read_text().replace(str(answer), "ANSWER").split("\n"))
    plain, replayed = told
    assert (len(plain) > 20) is (not remote or finds_sshd)
    for line in {*plain} ^ {*replayed}:
        name = re.search(r"(?:^declare \S+ (\w+)|^set [-+]o (\w+))", line)
        assert name is not None, line
        assert trace_notice.in_text(f"${name[1] or name[2]}"), line
