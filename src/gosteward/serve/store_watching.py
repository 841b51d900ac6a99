"""What others do to the store while it is served: what they set aside is not to be told from memory any more.

Once a day all is forgotten in any case: a file that is read again is known to be used, see `storage.disk`.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from gosteward.modules.storage.disk import DAY, QUARANTINE

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 1.0


async def watch(top: str, forget: Callable[[], None], seconds: float = SECONDS) -> None:
    """Look for ever.  top: the store's directory.  forget: what `ModuleServer.forget` does.  seconds: between two looks."""
    seen, forgotten_at = _changed_at(top), time.monotonic()
    while True:
        await asyncio.sleep(seconds)
        now = _changed_at(top)
        if now != seen or time.monotonic() - forgotten_at > DAY:
            seen, forgotten_at = now, time.monotonic()
            forget()


def _changed_at(top: str) -> int:
    try:
        return os.stat(f"{top}/{QUARANTINE}").st_mtime_ns
    except OSError:
        return 0
