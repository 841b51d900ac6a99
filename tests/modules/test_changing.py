"""Answers that change: who waits for one gets it, also when it was just given up as nobody did."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from gosteward.modules.changing import USUAL, ChangingAnswers, Content, _GivenUpError
from gosteward.modules.storage.kept_answers import AnswersOnDisk, Kept

if TYPE_CHECKING:
    from pathlib import Path

    from gosteward.modules.changing import IsUnwanted


def test_one_that_was_given_up_just_before_somebody_wanted_it_is_asked_again(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(_: IsUnwanted) -> Kept:
        asked.append("x")
        if len(asked) < 3:
            raise _GivenUpError
        return Kept(200, b"v1.0.0\n", time.time())

    async def answers() -> list[Content]:
        changing = ChangingAnswers(AnswersOnDisk(str(tmp_path)), threads, time.time)
        return await asyncio.gather(*(changing.answer("x", ask, USUAL) for _ in range(4)))

    with ThreadPoolExecutor(2) as threads:
        found = asyncio.run(answers())
    assert {one.body for one in found} == {b"v1.0.0\n"}
    assert len(asked) == 3
