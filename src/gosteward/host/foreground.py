"""One command of the user's, really run, as the user, with its output shown and kept: for `gosteward why`."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward.host.descendants import adopt_orphans, kill_with_descendants

if TYPE_CHECKING:
    from types import FrameType

    from gosteward.snapshot import User

KEPT = 64 << 10
GRACE = 0.3
NOT_FOUND, NOT_EXECUTABLE = 127, 126


class Observed(NamedTuple):
    """How the command ended.

    Attributes:
        status: exit code; 127 or 126 where it could not be started, as shells say it; negative for a signal.
        output: the last 64 KiB of what it wrote to standard output and standard error.   timed_out: it was killed at its limit.
    """

    status: int
    output: str
    timed_out: bool = False


def observe(argv: tuple[str, ...], environment: dict[str, str], directory: str, user: User, seconds: float) -> Observed:
    """Run a command with exactly this environment; what it writes is passed on to standard error.

    Args:
        argv: the program is looked for on the environment's PATH.   directory: where to run; "/" if it cannot be entered.
        user: who runs it; needs root where it is not the caller.
        seconds: limit, after which it is killed with all that descends from it, whatever sessions these made for themselves.
    """
    spared = adopt_orphans()
    other = os.geteuid() == 0 and user.uid != 0
    try:
        process = subprocess.Popen(
            argv,
            env=environment,
            cwd=directory if os.path.isdir(directory) and os.access(directory, os.X_OK) else "/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user.uid if other else None,
            group=user.gid if other else None,
            extra_groups=user.groups if other else None,
        )
    except FileNotFoundError as error:
        return Observed(NOT_FOUND, f"{argv[0]}: command not found ({error.strerror})")
    except OSError as error:
        return Observed(NOT_EXECUTABLE, f"{argv[0]}: {error.strerror}")
    except ValueError as error:  # a variable that no program can get
        return Observed(NOT_EXECUTABLE, f"{argv[0]}: {error}")
    return _follow(process, time.monotonic() + seconds, spared)


def become(argv: tuple[str, ...], environment: dict[str, str]) -> None:
    """Be this program from here on, with terminal, input and output of this process. The program is looked for on the environment's PATH.

    Raises:
        OSError: it cannot be started.
    """
    os.execvpe(argv[0], argv, environment)  # noqa: S606 - an argument list, and no shell is what is wanted


def _follow(process: subprocess.Popen[bytes], deadline: float, spared: frozenset[int]) -> Observed:
    """Pass its output on until it ends. However we are left, by a signal above all, it does not outlive us."""
    output = _Output()
    before = {number: signal.signal(number, _stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        timed_out = not _ended(process, output, deadline)
        if timed_out:
            kill_with_descendants(process.pid, process.wait, spared)
        return Observed(process.wait(), output.kept.decode("utf-8", "replace"), timed_out)
    except BaseException:
        kill_with_descendants(process.pid, process.wait, spared)
        raise
    finally:
        if process.stdout is not None:
            process.stdout.close()
        for number, handler in before.items():
            signal.signal(number, handler)


def _ended(process: subprocess.Popen[bytes], output: _Output, deadline: float) -> bool:
    """Wait for the end of the command; False if its time is up first."""
    gone = 0.0
    with selectors.DefaultSelector() as selector:
        if process.stdout is not None:
            selector.register(process.stdout, selectors.EVENT_READ)
        while selector.get_map():
            now = time.monotonic()
            if now >= deadline:
                return False
            if not gone and _has_exited(process):
                gone = now
            if gone and now - gone > GRACE:  # what it left in the background still holds the pipe
                return True
            for key, _ in selector.select(min(deadline - now, GRACE)):
                if not output.take(os.read(key.fd, 1 << 16)):
                    selector.unregister(key.fileobj)
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


class _Output:
    """What the command wrote: passed on, and the end of it kept."""

    def __init__(self) -> None:
        self.kept = b""

    def take(self, data: bytes) -> bool:
        """False for its end."""
        sys.stderr.buffer.write(data)
        sys.stderr.flush()
        self.kept = (self.kept + data)[-KEPT:]
        return bool(data)


def _has_exited(process: subprocess.Popen[bytes]) -> bool:
    """Without reaping it: until then nothing else can have its number."""
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def _stop(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
