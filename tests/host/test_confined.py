"""Programs that cannot be trusted: they get what they are given, and nothing of them outlives their time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gosteward.host import confined
from gosteward.host.accounts import user_named
from gosteward.host.keeper import EXPENDABLE
from gosteward.host.local import LocalHost

SOURCE = Path(__file__).parents[2] / "src"
NOBODY = user_named(LocalHost({}), "nobody")


def shell(text: str, seconds: float = 20.0, environment: dict[str, str] | None = None) -> confined.Confined:
    given = {"PATH": "/usr/bin:/bin", **(environment or {})}
    return confined.run(("/bin/sh", "-c", text), given, "/", NOBODY if os.geteuid() == 0 else None, seconds)


def runs(mark: str) -> bool:
    """Whether there is a process with a mark in its command line."""
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            if mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes() and int(pid) != os.getpid():
                return True
        except OSError:  # noqa: PERF203
            continue
    return False


def ends(mark: str, seconds: float = 15.0) -> bool:
    until = time.monotonic() + seconds
    while runs(mark) and time.monotonic() < until:
        time.sleep(0.05)
    return not runs(mark)


def test_a_program_has_the_environment_the_account_and_the_descriptors_it_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    ended = shell(
        "id -u; env | sort; ls /proc/self/fd; cat /proc/self/stat | cut -d' ' -f5,6; echo wrong >&2; exit 3",
        environment={"GIVEN": "1"},
    )
    uid, *lines = ended.output.decode().split()
    assert (ended.status, ended.late, ended.errors) == (3, False, b"wrong\n")
    assert uid == str(NOBODY.uid if os.geteuid() == 0 else os.geteuid())
    assert {line for line in lines if "=" in line} == {"GIVEN=1", "PATH=/usr/bin:/bin", "PWD=/"}
    assert {line for line in lines if len(line) == 1} <= {"0", "1", "2", "3"}  # 3: the directory that ls reads


def test_it_can_get_no_more_rights_and_no_more_than_its_limits(tmp_path: Path) -> None:
    ended = shell("grep NoNewPrivs /proc/self/status; ulimit -c; ulimit -n")
    assert ended.output.decode().split() == ["NoNewPrivs:", "1", "0", "1024"]
    text = f"head -c 3000000 /dev/zero > {tmp_path}/big"
    ended = confined.run(("/bin/sh", "-c", text), {"PATH": "/usr/bin:/bin"}, "/", None, 20, {"FSIZE": 1 << 20})
    assert ended.status != 0
    assert (tmp_path / "big").stat().st_size == 1 << 20


def test_it_is_ended_before_us_where_memory_runs_out() -> None:
    ours = int(Path("/proc/self/oom_score_adj").read_text())
    assert int(shell("cat /proc/self/oom_score_adj").output) == max(ours, EXPENDABLE)


def test_what_cannot_be_started_says_so() -> None:
    ended = confined.run(("/nowhere/go",), {}, "/", None, 10)
    assert ended.status == 127
    assert b"/nowhere/go cannot be started: No such file" in ended.errors


@pytest.mark.parametrize("way", ["sleep 98765431", "setsid sleep 98765431", "(setsid sleep 98765431 &) ; exit 0", "trap '' TERM INT HUP; while :; do sleep 98765431; done"])  # fmt: skip
def test_at_its_end_or_limit_all_that_descends_from_it_is_gone(way: str) -> None:
    began = time.monotonic()
    ended = shell(way, seconds=1.0)
    assert ended.late == ("exit 0" not in way)
    assert time.monotonic() - began < 10
    assert not runs("98765431")


def test_output_without_end_is_cut() -> None:
    ended = shell("yes & yes >&2", seconds=1.0)
    assert ended.late
    assert 0 < len(ended.output) <= confined.MOST_OUTPUT
    assert 0 < len(ended.errors) <= confined.MOST_ERRORS


def test_when_we_are_killed_it_ends_too() -> None:
    code = "from gosteward.host import confined; confined.run(('/bin/sh', '-c', 'setsid sleep 98765433 & wait'), {}, '/', None, 600)"
    ours = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(SOURCE)})
    until = time.monotonic() + 20
    while not runs("sleep\098765433") and time.monotonic() < until:
        time.sleep(0.05)
    assert runs("sleep\098765433")
    ours.send_signal(signal.SIGKILL)
    ours.wait()
    assert ends("98765433")
