"""Whole machines, recorded or edited from a recording: the judgement of all rules together, one cause first.

expected.json names for each machine how it was made, the errors and warnings in reading order, and the rules of the notes.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gosteward.judgement import judge
from gosteward.recording import decode_snapshot, encode_snapshot, read_snapshot
from gosteward.redaction import redacted
from gosteward.rules import all_checks

HERE = Path(__file__).parent
EXPECTED = json.loads((HERE / "expected.json").read_text())


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_machine_is_judged_as_a_person_would(name: str) -> None:
    judgement = judge(read_snapshot(str(HERE / f"{name}.json")), all_checks())
    found = [[j.finding.rule.id, j.severity, j.finding.subject] for j in judgement.findings]
    assert [row for row in found if row[1] != "note"] == EXPECTED[name]["findings"]
    assert sorted({row[0] for row in found if row[1] == "note"}) == EXPECTED[name]["notes"]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_redacted_recording_comes_to_the_same_rules(name: str) -> None:
    snapshot = read_snapshot(str(HERE / f"{name}.json"))
    again = decode_snapshot(json.loads(encode_snapshot(redacted(snapshot))))

    def rules(facts: object) -> list[tuple[str, str]]:
        return [(j.finding.rule.id, j.severity) for j in judge(facts, all_checks()).findings]

    assert rules(again) == rules(snapshot)


def test_a_recording_comes_back_as_it_was() -> None:
    snapshot = read_snapshot(str(HERE / "debian-official.json"))
    assert decode_snapshot(json.loads(encode_snapshot(snapshot))) == snapshot
