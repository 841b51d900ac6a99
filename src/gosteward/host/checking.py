"""Programs of the system that judge what we are about to write, or make what only they can make: fixed paths, no shell, a deadline."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import stat
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward.host.descendants import adopt_orphans, kill_with_descendants

if TYPE_CHECKING:
    from gosteward.snapshot import User

VISUDO = ("/usr/sbin/visudo", "/usr/bin/visudo", "/sbin/visudo", "/usr/local/sbin/visudo")
SECONDS = 10.0
KEPT = 4 << 10
_LOOK = 0.05  # seconds between two looks at whether it has ended
MOST_INPUT = 16 << 10  # a pipe holds more: who does not read it keeps nobody waiting
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
# For a `go version`. No HOME: go would make directories there for its counters. But a GOPATH: go1.21 takes two that are empty, GOPATH and
# GOROOT, for the same, and warns.
ASKING_GO = {**CLEAN, "GOTOOLCHAIN": "local", "GOENV": "off", "GOTELEMETRY": "off", "GOPATH": "/nonexistent"}


def sudoers_complaint(content: bytes) -> str:
    """What `visudo -c` says against the text of a sudoers file; "" if it accepts it. Source: visudo(8)."""
    visudo = next((path for path in VISUDO if os.path.exists(path)), "")
    if not visudo:
        return "visudo is not installed"
    if not roots_alone(os.path.realpath(visudo)):
        return f"others than root may write to {visudo}"
    try:
        ran = subprocess.run(
            (visudo, "-c", "-f", "-"),
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=CLEAN,
            cwd="/",
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if ran.returncode == 0 else " ".join(ran.stdout.decode("utf-8", "replace").split())[:300]


def roots_alone(path: str) -> bool:
    """Whether nobody but root can replace a program or a directory above it."""
    return owned_alone(path, (0,))


def owned_alone(path: str, owners: tuple[int, ...]) -> bool:
    """Whether nobody but these users can replace a program or a directory above it.  path: without links.   Raises OSError."""
    while True:
        status = os.stat(path)
        # In a directory such as /tmp nobody can replace what belongs to others.
        shared = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
        if status.st_uid not in owners or (status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not shared):
            return False
        if path == "/":
            return True
        path = os.path.dirname(path)


def run_as(
    user: User | None, argv: tuple[str, ...], environment: dict[str, str], directory: int, seconds: float
) -> tuple[int, str]:
    """Run a program of a user's, as that user for good, and end all that it leaves running.

    Args:
        user: None for whoever we are.   environment: all of it.   directory: descriptor of where to run.   seconds: limit.

    Returns:
        Its exit code (negative for a signal, also ours at the limit), and the end of what it wrote.

    Raises:
        OSError: it cannot be started.
    """
    spared = adopt_orphans()
    process = subprocess.Popen(
        argv,
        env=environment,
        cwd=f"/proc/self/fd/{directory}",
        pass_fds=(directory,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=user.groups if user else None,
    )
    try:
        output = _output(process, time.monotonic() + seconds)
    finally:
        kill_with_descendants(process.pid, process.wait, spared)
        if process.stdout is not None:
            process.stdout.close()
    return process.returncode, output.decode("utf-8", "replace")


class Said(NamedTuple):
    """What a program wrote to its standard output.  status: exit code, negative for a signal, also ours at a limit."""

    status: int
    output: bytes


def said_by(
    program: str, argv: tuple[str, ...], environment: dict[str, str], given: bytes, seconds: float, limit: int
) -> Said:
    """Run a program, from any thread, as whoever we are; what of its session is left at its end is ended, too.

    Args:
        argv: argv[0] is shown to it, `program` is executed.   environment: all of it.   given: what it can read, of which it gets
            MOST_INPUT bytes.   limit: bytes that it may write.

    Raises:
        OSError: it cannot be started.
    """
    process = subprocess.Popen(
        argv,
        executable=program,
        env=environment,
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what such programs complain of may be secret, too
        start_new_session=True,
    )
    try:
        with contextlib.suppress(BrokenPipeError):
            _give(process, given[:MOST_INPUT])
        output = _whole_output(process, time.monotonic() + seconds, limit)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
    return Said(status, output)


def _give(process: subprocess.Popen[bytes], given: bytes) -> None:
    if process.stdin is not None:
        process.stdin.write(given)
        process.stdin.close()


def _whole_output(process: subprocess.Popen[bytes], end: float, limit: int) -> bytes:
    """All that it writes until it ends, whatever it leaves running; at the limit, and when its time is up, it is not waited for."""
    kept, ended, reading = b"", False, True
    with selectors.DefaultSelector() as selector:
        if process.stdout is not None:
            selector.register(process.stdout, selectors.EVENT_READ)
        while (reading or not ended) and time.monotonic() < end and len(kept) <= limit:
            ready = selector.select(0.0 if ended else _LOOK) if reading else []
            chunk = os.read(ready[0][0].fd, 1 << 16) if ready else b""
            kept += chunk
            reading = reading and (bool(chunk) or not (ready or ended))
            if not reading and not ended:
                time.sleep(_LOOK / 10)
            ended = ended or _has_exited(process.pid)
    return kept


def _has_exited(pid: int) -> bool:
    """Without reaping it: until then nothing else can have its number, or be in its group."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _output(process: subprocess.Popen[bytes], end: float) -> bytes:
    """The end of what it writes, until it closes its output or its time is up."""
    kept = b""
    with selectors.DefaultSelector() as selector:
        if process.stdout is not None:
            selector.register(process.stdout, selectors.EVENT_READ)
        while selector.get_map() and time.monotonic() < end:
            for key, _ in selector.select(min(1.0, max(0.0, end - time.monotonic()))):
                chunk = os.read(key.fd, 1 << 16)
                kept = (kept + chunk)[-KEPT:]
                if not chunk:
                    selector.unregister(key.fileobj)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(max(0.0, end - time.monotonic()))
    return kept
