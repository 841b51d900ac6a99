"""The sandbox at each of its levels, attacked from inside: what a start-up file may try, and that nothing comes of it."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gosteward.host import channels, commands, denied_calls
from gosteward.snapshot import User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = os.geteuid() == 0
UID = 61235 if ROOT else os.geteuid()
GID = 61235 if ROOT else os.getegid()
LEVELS = ("processes", "mounts", "landlock")
# (who calls, whose shells run)
PAIRS = (("root", "user"), ("root", "root"), ("user", "user")) if ROOT else (("user", "user"),)
PR_SET_DUMPABLE = 4


@pytest.fixture
def home() -> Iterator[Path]:
    top = Path(tempfile.mkdtemp(prefix="home-", dir="/tmp"))
    top.chmod(0o755)
    path = top / "dev"
    path.mkdir()
    yield path
    shutil.rmtree(top)


@pytest.fixture
def bystander() -> Iterator[Callable[[int], subprocess.Popen[bytes]]]:
    """Starts a process outside the sandbox, which the shells are to leave alone."""
    started: list[subprocess.Popen[bytes]] = []

    def start(uid: int) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(["sleep", "60"], user=uid if ROOT else None, start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def user(home: Path, uid: int = UID, gid: int = GID) -> User:
    for place in (home, *home.rglob("*")):
        os.chown(place, uid, gid, follow_symlinks=False)
    return User(name="dev", uid=uid, gid=gid, home=str(home))


def bash(script: str, seconds: float = 5.0, name: str = "job") -> commands.Job:
    return commands.Job(
        name=name,
        program="/bin/bash",
        argv=("bash", "-c", script),
        environment=(("PATH", "/usr/bin:/bin"),),
        seconds=seconds,
    )


def run(who: User, *jobs: commands.Job, seconds: float = 8.0) -> tuple[commands.Run, ...]:
    ((runs, reason),) = commands.run((commands.Batch(who, who.home, jobs),), seconds)
    assert reason == ""
    return runs


def as_caller(caller: str, work: Callable[[], None]) -> None:
    """Do `work` in a child process that is, for all the kernel knows, one of the user's."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if caller == "user" and ROOT:
                os.setgroups([])
                os.setresgid(GID, GID, GID)
                os.setresuid(UID, UID, UID)
                ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
            work()
            code = 0
        except BaseException as problem:
            os.write(2, repr(problem).encode())
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0


ATTACK = """
cd {home}
echo changed > kept; echo more >> kept; : > kept; chmod 777 kept; touch -d 2001-01-01 kept
truncate -s 0 kept; setfattr -n user.x -v y kept; chattr +d kept; chown {other} kept; chgrp {other} kept
touch new; mkdir dir; ln -s /etc link; ln kept hard; mkfifo pipe; mv moved elsewhere; rm removed; cp kept copy
mount -t tmpfs none {home}; mknod null c 1 3
kill -9 {pid}; kill -9 -- -{pid}; kill -STOP {pid}
renice 19 {pid}; taskset -p 1 {pid}; prlimit --pid {pid} --nofile=64:64
exec 3<>/dev/tcp/127.0.0.1/{port} && echo hello >&3
echo hello > /dev/udp/127.0.0.1/{port}
echo x > /tmp/{mark}; echo x > /var/tmp/{mark}; echo x > /dev/shm/{mark}; echo x > {directory}/{mark}
echo x > /proc/sys/kernel/{mark}; echo 1 > /proc/{pid}/oom_score_adj
ipcmk -M 64
echo done >&9
"""


@pytest.mark.parametrize(("caller", "whose"), PAIRS)
@pytest.mark.parametrize("level", LEVELS)
def test_nothing_outside_changes_whatever_a_shell_tries(
    level: str,
    caller: str,
    whose: str,
    home: Path,
    bystander: Callable[[int], subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gosteward.host.isolation.LEVELS", (level,))
    for name in ("kept", "moved", "removed"):
        (home / name).write_text(name)
    uid, gid = (0, 0) if whose == "root" else (UID, GID)
    who = user(home, uid, gid)
    other = bystander(uid)
    with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        stream.bind(("127.0.0.1", 0))
        stream.listen()
        port = stream.getsockname()[1]
        datagrams.bind(("127.0.0.1", port))
        stream.setblocking(False)
        datagrams.setblocking(False)
        before = state_of(home, other.pid)
        mark = f"mark-{os.getpid()}"
        script = ATTACK.format(
            home=home, other=os.getuid() or 1, pid=other.pid, port=port, mark=mark, directory=home.parent
        )

        def attack() -> None:
            (ran,) = run(who, bash(script))
            assert ran.answer == b"done\n"

        as_caller(caller, attack)
        with pytest.raises(BlockingIOError):
            stream.accept()
        with pytest.raises(BlockingIOError):
            datagrams.recv(10)
    assert state_of(home, other.pid) == before
    assert other.poll() is None
    assert not [p for p in ("/tmp", "/var/tmp", "/dev/shm", home.parent) if (Path(p) / mark).exists()]


def state_of(home: Path, pid: int) -> tuple[object, ...]:
    files = []
    for place in sorted(home.rglob("*")):
        status = place.lstat()
        content = place.read_bytes() if place.is_file() else b""
        files.append(
            (str(place), status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns, status.st_nlink, content)
        )
    process = Path(f"/proc/{pid}/status").read_text()
    stopped = "State:\tT" in process
    processors = [line for line in process.splitlines() if line.startswith("Cpus_allowed:")]
    uid = home.stat().st_uid
    adjusted = Path(f"/proc/{pid}/oom_score_adj").read_text()
    limits = Path(f"/proc/{pid}/limits").read_text()
    segments = [line for line in Path("/proc/sysvipc/shm").read_text().splitlines() if line.split()[7:8] == [str(uid)]]
    return (files, stopped, processors, adjusted, limits, os.getpriority(os.PRIO_PROCESS, pid), segments)


@pytest.mark.parametrize("level", LEVELS)
def test_signals_to_everybody_reach_nobody_outside(
    level: str, home: Path, bystander: Callable[[int], subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not ROOT:
        pytest.skip("as the user who runs the tests this would be a test of courage")
    monkeypatch.setattr("gosteward.host.isolation.LEVELS", (level,))
    other = bystander(UID)
    run(user(home), bash("kill -9 -1; echo x >&9"))
    assert other.poll() is None


@pytest.mark.parametrize("level", LEVELS)
def test_at_the_end_no_descendant_is_left(level: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gosteward.host.isolation.LEVELS", (level,))
    script = "setsid sleep 87.654321 & (setsid setsid sleep 87.654321 9>&- 2>&- &); sleep 87.654321"
    (ran,) = run(user(home), bash(script, seconds=0.3))
    assert ran.ended == "timed-out"
    assert not running("87.654321")


def running(word: str) -> list[str]:
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = Path(f"/proc/{name}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:
            continue
        if word in line and "bash -c" not in line:
            found.append(line)
    return found


@pytest.mark.parametrize("level", LEVELS)
def test_when_this_process_is_killed_everything_ends_with_it(
    level: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gosteward.host.isolation.LEVELS", (level,))
    who = user(home)
    child = os.fork()
    if child == 0:
        try:
            run(who, bash("sleep 76.54321 & sleep 76.54321", seconds=30.0), seconds=30.0)
        finally:
            os._exit(0)
    assert eventually(lambda: len(running("76.54321")) >= 2)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert eventually(lambda: not running("76.54321"))


def eventually(condition: Callable[[], bool]) -> bool:
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_on_a_kernel_whose_landlock_lets_signals_out_the_filter_holds_them_back(
    home: Path, bystander: Callable[[int], subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gosteward.host.isolation.LEVELS", ("landlock",))
    monkeypatch.setattr("gosteward.host.isolation.SCOPED", 1000)
    other = bystander(UID)
    script = f"kill -9 {other.pid}; (setsid setsid sleep 65.4321 9>&- 2>&- &); sleep 65.4321"
    (ran,) = run(user(home), bash(script, seconds=0.3))
    assert ran.ended == "timed-out"
    assert other.poll() is None
    assert not running("65.4321")


def test_batches_run_at_the_same_time_each_as_its_user(home: Path) -> None:
    who = user(home)
    script = bash("id -u >&9; date +%s%N >&9; sleep 2; date +%s%N >&9")
    outcomes = commands.run(tuple(commands.Batch(who, who.home, (script,)) for _ in range(3)), 20.0)
    uids, begun, ended = zip(*(map(int, outcome.runs[0].answer.split()) for outcome in outcomes))
    assert uids == (UID, UID, UID)
    assert max(begun) < min(ended)


def test_a_flood_is_cut_and_a_late_job_is_not_run(home: Path) -> None:
    who = user(home)
    flood = bash("while :; do printf '%01048576d' 0; done >&9", seconds=1.0)
    (ran,) = run(who, flood, seconds=1.0)
    assert ran.ended == "timed-out"
    assert len(ran.answer) <= channels.OUTPUT_LIMIT + channels.CHUNK
    ((late,), _) = commands.run((commands.Batch(who, who.home, (bash("true"),)),), 0.0)[0]
    assert late.ended == "not-run"


def test_a_job_with_a_premise_starts_after_the_other_one_if_it_holds(home: Path) -> None:
    asked = []

    def after(job: int, holds: bool) -> commands.Premise:
        return commands.Premise(job, lambda ran: asked.append(ran.answer) or holds, 5.0)  # type: ignore[func-returns-value]

    clock = "echo $EPOCHREALTIME >&9"
    jobs = (
        bash(f"sleep 0.1; {clock}"),
        bash(clock)._replace(premise=after(0, True)),
        bash("echo b >&9"),
        bash(clock)._replace(premise=after(2, False)),
    )
    first, second, third, fourth = run(user(home), *jobs, seconds=30.0)
    assert float(first.answer) < float(second.answer)
    assert sorted(asked) == sorted([first.answer, third.answer])
    assert (first.ended, second.ended, third.ended, fourth) == (
        "exited",
        "exited",
        "exited",
        commands.Run(ended="spared"),
    )


def test_a_job_whose_predecessor_hangs_starts_beside_it(home: Path) -> None:
    waits = commands.Premise(0, lambda ran: False, 0.2)
    hangs, second = run(user(home), bash("sleep 100", seconds=1.5), bash("echo b >&9")._replace(premise=waits))
    assert (hangs.ended, second.ended, second.answer) == ("timed-out", "exited", b"b\n")


def test_a_job_does_not_wait_where_its_own_time_would_be_cut(home: Path) -> None:
    waits = commands.Premise(0, lambda ran: False, 100.0)
    hangs, second = run(user(home), bash("sleep 100"), bash("echo b >&9")._replace(premise=waits), seconds=3.0)
    assert (hangs.ended, second.ended, second.answer) == ("timed-out", "exited", b"b\n")


def test_a_job_whose_predecessor_never_ran_is_not_run(home: Path) -> None:
    who = user(home)
    waits = commands.Premise(0, lambda ran: True, 0.2)
    runs = commands.run((commands.Batch(who, who.home, (bash(""), bash("")._replace(premise=waits))),), 0.0)[0].runs
    assert {ran.ended for ran in runs} == {"not-run"}


def test_files_laid_over_the_home_are_seen_inside_only(home: Path) -> None:
    who = user(home)
    batch = commands.Batch(who, who.home, (bash("cat ~+/a/b >&9"),), files=((f"{home}/a/b", "laid"),))
    assert commands.run((batch,), 8.0)[0].runs[0].answer == b"laid"
    assert not (home / "a").exists()


def test_a_program_that_cannot_be_started_says_so(home: Path) -> None:
    (ran,) = run(user(home), bash("")._replace(program="/nonexistent/sh"))
    assert (ran.ended, ran.status) == ("exited", 1002)


def test_too_few_descriptors_are_a_reason_and_not_a_crash(home: Path) -> None:
    who = user(home)
    script = (
        "import resource, sys; sys.path[:] = " + repr(sys.path) + "\n"
        "from gosteward.host import commands; from gosteward.snapshot import User\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (70, 70))\n"
        f"who = User(name='dev', uid={who.uid}, gid={who.gid}, home={who.home!r})\n"
        "job = commands.Job('a', '/bin/true', ('true',), ())\n"
        "print(commands.run((commands.Batch(who, who.home, (job,) * 9),), 5.0)[0].reason)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Too many open files" in ran.stdout or "Invalid argument" in ran.stdout


# The filter, read by a machine of our own.


def verdict(code: bytes, machine: str, number: int, *arguments: int) -> bool:
    """Whether the filter lets a call through."""
    record = struct.pack("=iIQ6Q", number, denied_calls.AUDIT[machine], 0, *(*arguments, *[0] * 6)[:6])
    accumulator, at = 0, 0
    while True:
        operation, yes, no, value = struct.unpack_from("HBBI", code, at * 8)
        at += 1
        if operation == denied_calls.RETURN:
            return bool(value == denied_calls.ALLOW)
        if operation == denied_calls.LOAD:
            (accumulator,) = struct.unpack_from("=I", record, value)
        elif operation == denied_calls.AND:
            accumulator &= value
        elif operation == denied_calls.EQUAL:
            at += yes if accumulator == value else no
        else:
            at += yes if accumulator >= value else no


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_denies_what_changes_things_and_nothing_else(machine: str) -> None:
    column = list(denied_calls.AUDIT).index(machine)
    files = denied_calls.program(machine, files=True, processes=True, signals=False)
    signals = denied_calls.program(machine, files=False, processes=False, signals=True)
    kill, sockets, prlimit = denied_calls.KILL[column], denied_calls.SOCKET[column], denied_calls.PRLIMIT[column]
    openat, ioctl = denied_calls.OPENAT[column], denied_calls.IOCTL[column]
    for numbers in (*denied_calls.CHANGES.values(), *denied_calls.PROCESSES.values()):
        assert numbers[column] < 0 or not verdict(files, machine, numbers[column])
        assert numbers[column] < 0 or verdict(signals, machine, numbers[column])
    assert not verdict(files, machine, kill, 0xFFFFFFFF, 9)
    assert verdict(files, machine, kill, 1234, 9)
    assert [verdict(signals, machine, kill, who, 9) for who in (0, 1, 1234, 0xFFFFFFFF, 0xFFFFFF00)] == [
        True, False, False, False, True,
    ]  # fmt: skip
    assert [verdict(files, machine, sockets, family) for family in (1, 2, 10, 16)] == [False, False, False, True]
    assert [verdict(files, machine, prlimit, who) for who in (0, 1234)] == [True, False]
    assert [verdict(files, machine, openat, 0, 0, flags) for flags in (0, 0o1000, 0o1001, 0o101)] == [
        True,
        False,
        True,
        True,
    ]
    assert not verdict(files, machine, ioctl, 3, denied_calls.SET_FLAGS)
    assert verdict(files, machine, ioctl, 3, 0x5401)
    assert verdict(files, machine, 0)
    assert verdict(files, machine, 435)  # clone3


def test_the_filter_denies_calls_of_another_architecture_and_knows_its_limits() -> None:
    code = denied_calls.program("x86_64", files=True, processes=True, signals=True)
    assert not verdict(code, "aarch64", 0)
    assert not verdict(code, "x86_64", denied_calls.X32)
    assert denied_calls.program("riscv64", files=True, processes=True, signals=True) == b""
