"""Programs that read what strangers wrote, such as git: without our environment and rights, within limits, and with an end. From any thread.

Each runs below a keeper, see `keeper`; whatever becomes of us, nothing of it outlives its time.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import gosteward

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gosteward.snapshot import User

GIB = 1 << 30
LIMITS: dict[str, int] = {"AS": 6 * GIB, "CORE": 0, "CPU": 900, "FSIZE": 2 * GIB, "NOFILE": 1024, "NPROC": 2048}
MOST_OUTPUT, MOST_ERRORS = 16 << 20, 64 << 10
# For the keeper itself, to end what it keeps.
_GRACE = 10.0
_START = "import sys; sys.path.insert(0, sys.argv[1]); from gosteward.host.keeper import main; main()"


class Confined(NamedTuple):
    """How a program ended.

    Attributes:
        status: exit code; negative for a signal.   late: it was killed at its limit.   output: at most MOST_OUTPUT bytes of it.
        errors: the last MOST_ERRORS bytes.
    """

    status: int
    late: bool
    output: bytes
    errors: bytes


def run(
    argv: tuple[str, ...],
    environment: Mapping[str, str],
    directory: str,
    user: User | None,
    seconds: float,
    limits: Mapping[str, int] | None = None,
) -> Confined:
    """Run a program to its end.

    Args:
        argv: the program is an absolute path.   environment: all of it.   user: None for whoever we are; needs root.
        seconds: limit.   limits: as LIMITS, by names of setrlimit(2).
    Raises:
        OSError: nothing can be started.
    """
    end = time.monotonic() + seconds
    output, output_end = os.pipe()
    errors, errors_end = os.pipe()
    order = {
        "argv": argv, "environment": dict(environment), "directory": directory, "seconds": seconds, "output": output_end, "errors": errors_end,
        "user": [user.uid, user.gid, list(user.groups)] if user is not None else None,
        "limits": dict(LIMITS if limits is None else limits),
    }  # fmt: skip
    try:
        try:
            keeper = _keeper((output_end, errors_end))
        finally:
            os.close(output_end)
            os.close(errors_end)
        return _followed(keeper, order, (output, errors), end + _GRACE)
    finally:
        os.close(output)
        os.close(errors)


def _keeper(passed: tuple[int, ...]) -> subprocess.Popen[bytes]:
    where = os.path.dirname(os.path.dirname(os.path.abspath(gosteward.__file__)))
    return subprocess.Popen(
        (sys.executable, "-I", "-S", "-B", "-c", _START, where),
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=passed,
        start_new_session=True,
    )


def _followed(
    keeper: subprocess.Popen[bytes], order: dict[str, object], ends: tuple[int, int], deadline: float
) -> Confined:
    """Take what the program writes, until its keeper has ended."""
    output, errors, report = bytearray(), bytearray(), bytearray()
    orders, reports = keeper.stdin, keeper.stdout
    if orders is None or reports is None:  # they are pipes, as _keeper says
        raise BrokenPipeError
    try:
        with orders, reports:
            orders.write(json.dumps(order).encode() + b"\n")
            orders.flush()
            _drain(((ends[0], output), (ends[1], errors), (reports.fileno(), report)), deadline)
    except BrokenPipeError:  # somebody killed it
        pass
    finally:
        _reaped(keeper)
    return _told(bytes(output[:MOST_OUTPUT]), bytes(errors[-MOST_ERRORS:]), bytes(report))


def _drain(pipes: Iterable[tuple[int, bytearray]], deadline: float) -> None:
    """Take what comes, until all pipes are closed. Of what is too much, the end is kept, and of that not more than twice what is wanted."""
    with selectors.DefaultSelector() as selector:
        for descriptor, kept in pipes:
            selector.register(descriptor, selectors.EVENT_READ, kept)
        while selector.get_map() and time.monotonic() < deadline:
            for key, _ in selector.select(max(0.0, deadline - time.monotonic())):
                piece = os.read(key.fd, 1 << 16)
                if not piece:
                    selector.unregister(key.fd)
                key.data.extend(piece)
                if len(key.data) > 2 * MOST_OUTPUT:
                    del key.data[:MOST_OUTPUT]


def _told(output: bytes, errors: bytes, report: bytes) -> Confined:
    try:
        said = json.loads(report)
        return Confined(int(said["status"]), said["ended"] == "late", output, errors)
    except (ValueError, KeyError, TypeError):
        return Confined(-9, False, output, errors or b"its keeper was killed")


def _reaped(keeper: subprocess.Popen[bytes]) -> None:
    """Its input is closed: it ends what it keeps, and then itself."""
    try:
        keeper.wait(_GRACE)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()
