"""One long program of our own choosing, such as make.bash: what it writes goes to whoever keeps it, and nothing of it outlives us in peace.

It runs in a session of its own. However we are left, by a signal or at the limit, all that descends from it is killed. Where this process is killed
itself, what runs on finds nobody to write to; until its end it holds the lock that it inherited, so that nobody takes its files away under it.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from typing import TYPE_CHECKING

from gosteward.host.descendants import adopt_orphans, kill_with_descendants

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType

TICK = 0.5


def run(
    argv: tuple[str, ...],
    environment: Mapping[str, str],
    directory: int,
    *,
    held: tuple[int, ...],
    seconds: float,
    take: Callable[[bytes], None],
) -> int:
    """Run a program and wait for its end.

    Args:
        argv: the program is looked for on the environment's PATH.   environment: all of it.   directory: descriptor of where to run.
        held: descriptors that it inherits, locks above all.   seconds: limit.
        take: gets what it writes, in pieces, and b"" twice a second.

    Returns:
        Its exit code; negative for a signal, also ours at the limit.

    Raises:
        OSError: it cannot be started.   SystemExit: this process was told to end.
    """
    spared = adopt_orphans()
    before = {number: signal.signal(number, _stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        process = subprocess.Popen(
            argv,
            env=dict(environment),
            cwd=f"/proc/self/fd/{directory}",
            pass_fds=(directory, *held),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _follow(process, time.monotonic() + seconds, take)
        finally:
            kill_with_descendants(process.pid, process.wait, spared)
            if process.stdout is not None:
                process.stdout.close()
        return process.returncode
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _follow(process: subprocess.Popen[bytes], end: float, take: Callable[[bytes], None]) -> None:
    """Until it has ended, or its time is up. What it left in the background may hold its output open."""
    with selectors.DefaultSelector() as selector:
        if process.stdout is not None:
            selector.register(process.stdout, selectors.EVENT_READ)
        ended = False
        while selector.get_map() and time.monotonic() < end:
            ready = selector.select(0.0 if ended else TICK)
            take(b"")
            if ended and not ready:
                return
            for key, _ in ready:
                piece = os.read(key.fd, 1 << 16)
                if piece:
                    take(piece)
                else:
                    selector.unregister(key.fileobj)
            # Without reaping it: until then nothing else can have its number.
            ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    while time.monotonic() < end and os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        time.sleep(TICK / 10)


def _stop(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
