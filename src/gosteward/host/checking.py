"""Programs of the system that judge what we are about to write, or make what only they can make: fixed paths, no shell, a deadline."""

from __future__ import annotations

import contextlib
import os
import selectors
import stat
import subprocess
import time
from typing import TYPE_CHECKING

from gosteward.host.descendants import adopt_orphans, kill_with_descendants

if TYPE_CHECKING:
    from gosteward.snapshot import User

VISUDO = ("/usr/sbin/visudo", "/usr/bin/visudo", "/sbin/visudo", "/usr/local/sbin/visudo")
SECONDS = 10.0
KEPT = 4 << 10
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


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
    while True:
        status = os.stat(path)
        if status.st_uid != 0 or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
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
