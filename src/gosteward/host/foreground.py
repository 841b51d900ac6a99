"""One command of the user's, really run, as the user, with its output shown and kept: for `gosteward why`."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gosteward.snapshot import User

KEPT = 64 << 10
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
        user: who runs it; needs root where it is not the caller.   seconds: limit, after which its process group is killed.
    """
    start = _identity(user)
    try:
        process = subprocess.Popen(
            argv,
            env=environment,
            cwd=directory if os.path.isdir(directory) else "/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **start,
        )
    except FileNotFoundError as error:
        return Observed(NOT_FOUND, f"{argv[0]}: command not found ({error.strerror})")
    except OSError as error:
        return Observed(NOT_EXECUTABLE, f"{argv[0]}: {error.strerror}")
    return _follow(process, time.monotonic() + seconds)


def _identity(user: User) -> dict[str, object]:
    if os.geteuid() or user.uid == os.geteuid():
        return {}
    return {"user": user.uid, "group": user.gid, "extra_groups": list(user.groups)}


def _follow(process: subprocess.Popen[bytes], deadline: float) -> Observed:
    stream = process.stdout
    kept = b""
    timed_out = False
    with selectors.DefaultSelector() as selector:
        if stream is not None:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                timed_out = True
                os.killpg(process.pid, signal.SIGKILL)
                break
            for key, _ in selector.select(left):
                data = os.read(key.fd, 1 << 16)
                if not data:
                    selector.unregister(key.fileobj)
                sys.stderr.buffer.write(data)
                sys.stderr.flush()
                kept = (kept + data)[-KEPT:]
    if stream is not None:
        stream.close()
    return Observed(process.wait(), kept.decode("utf-8", "replace"), timed_out)
