"""Memory of a process that runs for months with many threads: large pieces go back to the system as soon as nobody needs them.

glibc gives each thread an arena of its own, and keeps in it what was freed, up to twice the largest piece that was ever freed: pieces of a
megabyte, as zips are read by, come to 2 MB for each thread. With limits of our own it does not learn that. What is free between pieces that are
in use stays all the same, and grows for hours: that goes back every minute.

Source: mallopt(3), M_MMAP_THRESHOLD, M_TRIM_THRESHOLD: "Setting any of these disables dynamic adjustment"; malloc_trim(3).
"""

from __future__ import annotations

import asyncio
import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
# Above what asyncio reads into (256 KiB), below the pieces of files.
_LARGE, _KEPT = 512 << 10, 1 << 20
MINUTE = 60.0


def give_back_large_pieces() -> bool:
    """Let the C library do so, in this process, from now on. False: it has no such switch (musl gives back by itself)."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGE)) and bool(mallopt(_TRIM_THRESHOLD, _KEPT))


async def give_back_each_minute() -> None:
    """Let the C library give back what is free in all of its arenas, again and again: some milliseconds each time. Where it cannot, nothing happens."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return
    while True:
        await asyncio.sleep(MINUTE)
        trim(0)
