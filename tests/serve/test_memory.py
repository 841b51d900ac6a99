"""Memory that the C library keeps although nobody uses it."""

from __future__ import annotations

import subprocess
import sys

HELD = """
import asyncio, ctypes, os
from gosteward.serve import memory

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

async def main():
    memory.MINUTE = 0.05
    pieces = [bytes(100_000) for _ in range(600)]
    kept = pieces[::30]
    del pieces
    before = resident()
    task = asyncio.ensure_future(memory.give_back_each_minute())
    for _ in range(100):
        await asyncio.sleep(0.1)
        if resident() < before - (30 << 20):
            break
    task.cancel()
    print(hasattr(ctypes.CDLL(None), "malloc_trim"), resident() < before - (30 << 20), len(kept))
"""


def test_what_is_free_between_pieces_in_use_goes_back() -> None:
    program = f"{HELD}\nasyncio.run(main())\n"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout in ("True True 20\n", "False False 20\n")
