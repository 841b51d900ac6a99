"""How the time of a piece of work grows with its input: ratios of CPU time, which a slow or busy machine leaves as they are."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FACTOR = 4
NEGLIGIBLE = 0.01
ATTEMPTS = 5


def grows_linearly(work: Callable[[int], object], size: int) -> bool:
    """Whether `work(size)` takes about four times the CPU time of `work(size // 4)`, and not sixteen times.

    Noise only ever adds time, so one attempt of several below the middle of both is enough.
    """
    small = large = float("inf")
    for _ in range(ATTEMPTS):
        small, large = min(small, _spent(work, size // FACTOR)), min(large, _spent(work, size))
        if large < NEGLIGIBLE or large < small * FACTOR * 2:
            return True
    return False


def _spent(work: Callable[[int], object], size: int) -> float:
    gc.collect()
    gc.disable()  # its work grows with all that the process holds
    try:
        begun = time.process_time()
        work(size)
        return time.process_time() - begun
    finally:
        gc.enable()
