"""A recorded snapshot may come from anybody: whatever stands in one of its fields, no rule fails."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Tuple

import pytest

from gosteward.errors import DecodeError
from gosteward.recording import decode_snapshot, encode
from gosteward.rules import all_checks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.judgement import Check
    from gosteward.snapshot import Snapshot

HERE = Path(__file__).parent
CHECKS = {check.rule.slug: check for check in all_checks()}
# Behind what a field holds, and in its place: nothing, what regular expressions, shells and templates read, and odd or endless numbers.
TEXTS = ("", "(", "[x", "\\", "*", "\u00b2", "9" * 5_000, ":", "/", "a b\n", "{0}", "\udcff")
NUMBERS = (0, -1, 10**30)


Place = Tuple[str, str]  # a class of snapshots, and its field


def chosen(choices: tuple[Any, ...], place: Place, seen: Counter[Place]) -> Iterator[tuple[int, Any]]:
    """With their numbers. All of them the first time that a rule's cases have something in this field, a third of them, in turn, later on."""
    count = seen[place]
    seen[place] += 1
    return ((number, one) for number, one in enumerate(choices) if not count or (number + count) % 3 == 0)


def others(value: Any, place: Place, seen: Counter[Place]) -> Iterator[Any]:
    """The value with one of its parts replaced; every second text only, in turn, so that all of it takes seconds."""
    if isinstance(value, str):
        for number, text in chosen(TEXTS, place, seen):
            yield text if (len(value) + number) % 2 else value + text
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield from (number for _, number in chosen(NUMBERS, place, seen))
    elif isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        if fields is None and value:
            yield from ((), value + value)
        for index, part in enumerate(value):
            for other in others(part, (type(value).__name__, fields[index]) if fields else place, seen):
                yield (
                    value._replace(**{fields[index]: other}) if fields else (*value[:index], other, *value[index + 1 :])
                )


def hostile(snapshot: Snapshot, seen: Counter[Place]) -> Iterator[Snapshot]:
    for name in snapshot._fields:
        part = getattr(snapshot, name)
        if part != snapshot._field_defaults.get(name):
            for other in others(part, ("", name), seen):
                yield snapshot._replace(**{name: other})


def failure(check: Check, snapshot: Snapshot) -> str:
    """What a rule raises, "" for nothing, and for a snapshot that would not have been taken as one."""
    try:
        for finding in check.check(snapshot):
            assert str(finding.message) + str(finding.advice)
    except Exception as error:
        try:
            decode_snapshot(json.loads(json.dumps(encode(snapshot))))
        except DecodeError:
            return ""
        return repr(error)
    return ""


@pytest.mark.parametrize("slug", sorted(CHECKS))
def test_no_field_makes_a_rule_fail(slug: str) -> None:
    seen: Counter[Place] = Counter()
    for path in sorted((HERE / slug).glob("fires_*.json"))[:2]:
        snapshot = decode_snapshot(json.loads(path.read_text())["snapshot"])
        for other in hostile(snapshot, seen):
            assert failure(CHECKS[slug], other) == "", path
