"""Judging: a rule with a bug in it is one gap, and no end of the examination."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gosteward import examination
from gosteward.cli.main import main
from gosteward.errors import place_of
from gosteward.finding import Finding, Rule, Text
from gosteward.formats import elf
from gosteward.judgement import Check, judge
from gosteward.ranking import ranked
from gosteward.report import Report
from gosteward.rules import all_checks
from gosteward.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

MACHINE = Path(__file__).parent / "machines" / "debian-stomped-tree.json"
BUGGY = Rule(id="GS999", slug="buggy", title="has a bug", severity="error", needs=())
SOUND = Rule(id="GS998", slug="sound", title="has none", severity="warning", needs=())


def buggy(snapshot: Snapshot) -> Iterator[Finding]:
    """Its bug shows in a module that it calls."""
    yield Finding(BUGGY, "seen before", Text("seen"))
    elf.goarch_of(snapshot.user)  # type: ignore[arg-type]


def sound(_: Snapshot) -> Iterator[Finding]:
    yield Finding(SOUND, "x", Text("x"))


def test_a_check_that_raises_is_not_judged_and_the_others_are() -> None:
    judgement = judge(Snapshot(), (Check(BUGGY, buggy), Check(SOUND, sound)))
    assert {j.finding.subject for j in judgement.findings} == {"seen before", "x"}
    (missed,) = judgement.not_judged
    assert (missed.rule, missed.field, missed.asked) == ("GS999", "rule", False)
    assert re.fullmatch(
        r"a bug of gosteward: AttributeError at gosteward\.formats\.elf:\d+; report it with .*", missed.reason
    )


@pytest.mark.parametrize("error", [RecursionError, MemoryError, ValueError])
def test_a_bug_alone_is_told_by_exit_code_3(error: type[Exception]) -> None:
    def check(_: Snapshot) -> Iterator[Finding]:
        raise error

    assert Report(Snapshot(), judge(Snapshot(), (Check(BUGGY, check),))).exit_code == 3


def test_a_finding_that_is_none_is_a_bug_of_its_rule() -> None:
    judgement = judge(Snapshot(), (Check(BUGGY, lambda _: (None,)), Check(SOUND, sound)))  # type: ignore[arg-type, return-value]
    assert [n.rule for n in judgement.not_judged] == ["GS999"]
    assert len(judgement.findings) == 1


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_command_line_reports_the_bug_beside_the_findings(
    lang: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    checks = all_checks()
    monkeypatch.setattr(examination, "all_checks", lambda: (*checks, Check(BUGGY, buggy)))
    assert main(["doctor", "--snapshot", str(MACHINE), "--lang", lang]) == 1
    shown = capfd.readouterr()
    assert shown.err == ""
    assert "a bug of gosteward: AttributeError at gosteward.formats.elf:" in " ".join(shown.out.split())
    assert "Traceback" not in shown.out
    target = tmp_path / "report.json"
    main(["doctor", "--snapshot", str(MACHINE), "--format", "json", "-o", str(target)])
    before = judge(examination.snapshot_of(examination.Request(recording=str(MACHINE)))[0], checks)
    report = json.loads(target.read_text())
    assert {j.finding.fingerprint for j in before.findings} < {f["fingerprint"] for f in report["findings"]}
    assert [n["field"] for n in report["not_judged"] if n["rule"] == "GS999"] == ["rule"]


def test_the_place_of_an_error_is_the_innermost_line_of_ours() -> None:
    with pytest.raises(AttributeError) as caught:
        elf.goarch_of(None)  # type: ignore[arg-type]
    assert place_of(caught.value).startswith("gosteward.formats.elf:")
    assert place_of(ValueError()) == "?"


def test_what_only_endangers_is_read_last_and_explains_no_failed_command() -> None:
    aged = Rule(id="GS001", slug="aged", title="is old", severity="warning", needs=(), hinders=False)
    checks = [Check(rule, lambda _, r=rule: (Finding(r, "/opt/go", Text("x")),)) for rule in (aged, SOUND)]  # type: ignore[misc]
    findings = judge(Snapshot(), checks).findings
    assert [j.finding.rule.id for j in findings] == ["GS998", "GS001"]
    assert [j.finding.rule.id for j in ranked(findings, "is old", ("go",), "")] == ["GS998"]
