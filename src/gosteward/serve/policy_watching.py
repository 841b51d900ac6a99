"""Looking whether the file of a policy changed, while the service runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gosteward.modules.policing import Policing

SECONDS = 1.0


async def watch_policy(policing: Policing) -> None:
    """Look each second, for ever."""
    while True:
        await asyncio.sleep(SECONDS)
        policing.look()
