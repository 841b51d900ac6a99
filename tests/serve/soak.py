"""A soak: the real command, and clients that want everything at once, misbehave, and compare every byte, with an upstream that fails now and then.

    soak.py [--minutes 10] [--clients 64] [--requests N]        (all on the loopback; `make soak`)

What clients do, at random: small files on one connection, pipelined or one by one; modules that nobody asked for before; zips of 30 KB to 20 MB,
read fast, slowly, or only in part, with FIN or RST in the middle; HEAD; lists, @latest and branches; what there is not; bytes that are no HTTP;
records and tiles of the checksum database; the pages for operators. Of what the upstream has, an answer is right to the last byte, or 502, 503,
504, or cut before its end; of what it has not, 404, or one of those.

At the end nothing comes in any more, nothing unfinished lies in the store, descriptors and threads are no more than after a burst at the beginning,
and memory has been at most 80 MB, and has not grown in the second half. Exit code 0 if all of that is so.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).parents[1])]
from serve.soak_clients import Soak, burst  # noqa: E402
from serve.soak_process import Look, command, gauges, look, settled  # noqa: E402
from serve.soak_upstream import database, upstream  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_MEMORY = 80 << 20
# Bytes more in the last quarter that are no growth: what is held for answers has limits, 12 MB in all, which ten minutes do not fill, and what lies
# between them in the C library's arenas grows with it, ever more slowly (at most 2.5 MB in ten minutes, 2 MB in the seven after that).
ROOM = 4 << 20
EACH = 10.0  # seconds between two looks


async def soaked(soak: Soak, pid: int, clients: int, most: int) -> list[Look]:
    """Let clients do what they do. Returns a look each few seconds."""
    looks: list[Look] = []

    async def looking() -> None:
        while True:
            looks.append(look(pid))
            now = looks[-1]
            print(f"{len(looks) * EACH - EACH:5.0f} s: {now.memory / 1e6:5.1f} MB, {now.descriptors} descriptors ({now.files} no sockets), {now.threads} threads; "
                  f"{sum(soak.seen.values())} answers, {soak.bytes / 1e9:.1f} GB", flush=True)  # fmt: skip
            await asyncio.sleep(EACH)

    watching = asyncio.ensure_future(looking())
    await asyncio.gather(*(soak.client(most) for _ in range(clients)))
    watching.cancel()
    return looks


def judged(start: Look, looks: list[Look], end: Look, store: str, *, memory: bool) -> Iterator[str]:
    """What is wrong at the end."""
    if os.listdir(f"{store}/incoming"):
        yield f"left in incoming: {os.listdir(f'{store}/incoming')}"
    if end.files > start.files:
        yield f"{end.files} descriptors of files, {start.files} at the start"
    if end.descriptors > start.descriptors:
        yield f"{end.descriptors} descriptors, {start.descriptors} at the start"
    if end.threads > start.threads:
        yield f"{end.threads} threads, {start.threads} at the start"
    if not memory:
        return
    course = [one.memory for one in looks]
    half = course[len(course) // 2 :]
    third, last = half[: len(half) // 2], half[len(half) // 2 :]
    if max(course) > MOST_MEMORY:
        yield f"{max(course)} bytes of memory, more than {MOST_MEMORY}"
    if third and max(last) > max(third) + ROOM:
        yield f"memory grows in the second half: from {max(third)} to {max(last)} bytes"


def main() -> int:
    """Exit code 0 if all was right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--requests", type=int, default=1 << 30, help="deeds of each client; then memory is not judged")
    options = parser.parse_args()
    log = database()
    ours, theirs = socket.socketpair()
    serving = os.fork()
    if not serving:
        with contextlib.suppress(KeyboardInterrupt):
            upstream(log, 7, theirs)
        os._exit(0)
    behind = ours.recv(1_000).decode()
    with tempfile.TemporaryDirectory(prefix="soak") as top:
        process, port = command(f"{top}/store", behind, log.signer.vkey)
        try:
            until = time.monotonic() + 60 * options.minutes
            soak = Soak(port, log, lambda: time.monotonic() > until)
            asyncio.run(burst(soak))
            start = settled(process.pid, port)
            looks = asyncio.run(soaked(soak, process.pid, options.clients, options.requests))
            end = settled(process.pid, port)
            wrong = [*soak.wrong, *judged(start, looks, end, f"{top}/store", memory=options.requests == 1 << 30)]
            print(f"before: {start}\nafter: {end}\nseen: {dict(sorted(soak.seen.items()))}\n{gauges(port)}")
            process.send_signal(signal.SIGTERM)
            if process.wait(60):
                wrong.append(f"it ended with {process.returncode}")
            said = process.stderr.read().decode() if process.stderr else ""
            wrong += [f"it said: {said[-2_000:]}"] if said.strip() else []
        finally:
            process.kill()
            os.kill(serving, signal.SIGKILL)
            os.waitpid(serving, 0)
    print("\n".join(wrong) or "all was right")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
