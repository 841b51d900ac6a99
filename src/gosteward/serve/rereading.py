"""Reading files again while the service runs: when they change, and when SIGHUP says so. What cannot be read leaves in force what there was."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from gosteward.errors import StewardError
from gosteward.finding import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SECONDS = 1.0


class Reread(Protocol):
    """What reads files again."""

    def __call__(self, *, always: bool = False) -> bool:
        """Whether they had changed, or it was to be done in any case. Raises StewardError."""
        ...


def read_again(reread: Reread, say: Callable[[Text], None], *, always: bool = False) -> None:
    """Do it, and say what came of it."""
    try:
        if reread(always=always):
            say(Text("what decides who may ask was read again"))
    except StewardError as error:
        say(Text("what decides who may ask stays as it was: {error}", error=str(error)))


async def each_second(looks: Sequence[Callable[[], None]]) -> None:
    """Look whether files have changed, for ever."""
    while True:
        await asyncio.sleep(SECONDS)
        for look in looks:
            look()
