"""A transfer that many follow: its end is given as soon as the file is proved and in its place, whatever comes afterwards."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from gosteward.modules.answers import NO_SPACE, Refusal
from gosteward.modules.flights import HELD_BACK, Flight

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = os.urandom(3 * HELD_BACK)


def test_the_end_comes_with_the_proof_and_stays_when_the_rest_fails(tmp_path: Path) -> None:
    async def followed() -> None:
        landed: list[Flight] = []
        flight = Flight("x", landed.append)
        flight.join()
        descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
        os.write(descriptor, CONTENT)
        flight.begin(descriptor, len(CONTENT))
        flight.advance(len(CONTENT))
        os.close(descriptor)
        assert await flight.readable(0) == len(CONTENT) - HELD_BACK
        flight.prove(len(CONTENT))
        assert await flight.readable(len(CONTENT) - HELD_BACK) == len(CONTENT)
        assert await flight.readable(len(CONTENT)) == len(CONTENT)
        assert flight.is_whole
        assert not landed
        flight.leave()
        flight.join()  # who comes before it has landed
        assert flight.read(0, len(CONTENT)) == CONTENT
        flight.end(Refusal(NO_SPACE, "the disk is full"), len(CONTENT))
        await asyncio.sleep(0.01)
        assert landed == [flight]
        assert flight.is_whole
        assert flight.read(0, len(CONTENT)) == CONTENT
        flight.leave()

    asyncio.run(followed())


def test_without_a_proof_the_end_is_not_given(tmp_path: Path) -> None:
    async def followed() -> None:
        flight = Flight("x")
        flight.join()
        descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
        flight.begin(descriptor, len(CONTENT))
        os.close(descriptor)
        flight.advance(len(CONTENT))
        flight.end(Refusal(502, "it is another one"), len(CONTENT))
        assert await flight.readable(len(CONTENT) - HELD_BACK) == len(CONTENT) - HELD_BACK
        assert not flight.is_whole
        flight.leave()

    asyncio.run(followed())
