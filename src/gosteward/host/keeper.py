"""A process between us and a program that cannot be trusted: it starts the program with less rights, and ends all that descends from it.

    us --exec--> keeper (adopts orphans, waits) --fork--> the program, in a session of its own --> git, ssh ...
         |            ^
         +-- stdin ---+   one line of JSON, what to start; then nothing. When it closes, also because we were killed, everything below ends.

It is a process of its own, and no thread of ours: what it adopts and kills can then be nobody else's. It says how the program ended by a line
of JSON on its standard output, and ends after the last descendant did.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from typing import Any

from gosteward.host.descendants import adopt_orphans, kill_descendants

PR_SET_NO_NEW_PRIVS = 38
LIMITS = {"AS": resource.RLIMIT_AS, "CORE": resource.RLIMIT_CORE, "CPU": resource.RLIMIT_CPU, "FSIZE": resource.RLIMIT_FSIZE,
          "NOFILE": resource.RLIMIT_NOFILE, "NPROC": resource.RLIMIT_NPROC}  # fmt: skip
_FAILED_TO_START = 127
EXPENDABLE = 500
_TICK = 0.05


def main() -> None:
    """Read the order, obey, report."""
    order = json.loads(sys.stdin.buffer.readline())
    adopt_orphans()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    pid = os.fork()
    if pid == 0:
        try:
            _become(order)
        except OSError as error:
            os.write(2, f"{order['argv'][0]} cannot be started: {error.strerror}\n".encode())
        finally:
            os._exit(_FAILED_TO_START)
    os.close(order["output"])
    os.close(order["errors"])
    status = _waited(pid, time.monotonic() + order["seconds"])
    kill_descendants()
    if status is None:
        report = {"ended": "late", "status": -int(signal.SIGKILL)}
    else:
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        report = {"ended": "exited", "status": code}
    with contextlib.suppress(OSError):  # nobody is there any more
        os.write(1, json.dumps(report).encode() + b"\n")


def _become(order: dict[str, Any]) -> None:
    """Be the program. Raises OSError."""
    os.setsid()
    os.umask(0o077)
    null = os.open("/dev/null", os.O_RDWR)
    for ours, theirs in ((null, 0), (order["output"], 1), (order["errors"], 2)):
        os.dup2(ours, theirs)
    for name, limit in order["limits"].items():
        _limit(LIMITS[name], limit)
    _be_first_to_go()
    if order["user"] is not None:
        uid, gid, groups = order["user"]
        os.setgroups(groups)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    os.chdir(order["directory"])
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    # Its own standard streams are the only descriptors it keeps.
    os.closerange(3, 256)
    os.execve(order["argv"][0], order["argv"], order["environment"])  # noqa: S606 - an argument list


def _limit(which: int, limit: int) -> None:
    """Where a unit forbids that, or has a lower limit, that one holds."""
    _, hard = resource.getrlimit(which)
    wanted = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(which, (wanted, wanted))


def _be_first_to_go() -> None:
    """Where memory runs out, the kernel ends the program, and not whoever asked for it. Source: proc(5), oom_score_adj."""
    with contextlib.suppress(OSError, ValueError), open("/proc/self/oom_score_adj", "r+") as file:
        if int(file.read()) < EXPENDABLE:
            file.write(str(EXPENDABLE))


def _waited(pid: int, end: float) -> int | None:
    """The wait status of the program; None where its time was up, or nobody waits for it any more."""
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    poll = select.poll()
    poll.register(woken, select.POLLIN)
    poll.register(0, select.POLLIN | select.POLLHUP)
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        left = end - time.monotonic()
        if left <= 0:
            return None
        for descriptor, _ in poll.poll(int(left * 1000) + 1):
            if descriptor == 0:
                return None
            os.read(woken, 4096)
