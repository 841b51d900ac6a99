"""Answers that are at hand take little memory, however many and however long they are; the others come from the disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from gosteward.modules.storage.kept_answers import MOST_BYTES_HELD, AnswersOnDisk, Kept

if TYPE_CHECKING:
    from pathlib import Path

LONG = MOST_BYTES_HELD // 4


def test_long_answers_leave_memory_for_the_next_ones(tmp_path: Path) -> None:
    answers = AnswersOnDisk(str(tmp_path))
    with ThreadPoolExecutor(4) as threads:
        list(
            threads.map(
                lambda n: answers.put(f"example.com/m{n}/@v/list", Kept(200, bytes([n]) * LONG, 1.0)), range(16)
            )
        )
    assert sum(len(kept.body) for kept in answers._held.values()) <= MOST_BYTES_HELD
    assert [answers.get(f"example.com/m{n}/@v/list") for n in range(16)] == [
        Kept(200, bytes([n]) * LONG, 1.0) for n in range(16)
    ]
    assert sum(len(kept.body) for kept in answers._held.values()) <= MOST_BYTES_HELD
