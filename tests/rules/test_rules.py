"""Every rule over its recorded cases: `fires_*.json` name the findings, `quiet_*.json` expect none.

A case is {"snapshot": part of a Snapshot, "findings": [{"subject", "message" (a part of it), "locations" ("path" or
"path:line", each must be among the finding's), "severity", "contexts", "confidence", "risk", "actions" (as in the JSON report)}]}; only the keys
that a case names are compared.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gosteward.judgement import Check, severity_of
from gosteward.recording import decode_snapshot
from gosteward.report.json import action
from gosteward.rules import all_checks

HERE = Path(__file__).parent
TOP = HERE.parent.parent
CHECKS = {check.rule.slug: check for check in all_checks()}
CASES = sorted(HERE.glob("*/*.json"))


@pytest.mark.parametrize("slug", sorted(CHECKS))
def test_cases(slug: str) -> None:
    for path in sorted((HERE / slug).glob("*.json")):
        is_met(CHECKS[slug], path)


def is_met(check: Check, path: Path) -> None:
    """Fails with the place of the case where it is not."""
    case = json.loads(path.read_text())
    found = list(check.check(decode_snapshot(case["snapshot"])))
    wanted = case["findings"]
    assert [f.subject for f in found] == [w["subject"] for w in wanted], path
    assert bool(wanted) == path.stem.startswith("fires_"), path
    for finding, want in zip(found, wanted):
        places = {p for loc in finding.locations for p in (loc.path, f"{loc.path}:{loc.line}")}
        assert want.get("message", "") in str(finding.message), path
        assert set(want.get("locations", ())) <= places, path
        assert want.get("severity", severity_of(finding)) == severity_of(finding), path
        assert tuple(want.get("contexts", finding.contexts)) == finding.contexts, path
        assert want.get("confidence", finding.confidence) == finding.confidence, path
        assert want.get("risk", finding.risk) == finding.risk, path
        actions = json.loads(json.dumps([action(a) for a in finding.actions]))
        assert want.get("actions", actions) == actions, path
        assert "{" not in str(finding.message), f"{path}: a value of the template is missing"
        assert "{" not in str(finding.advice), f"{path}: a value of the template is missing"


def test_no_case_is_of_no_rule() -> None:
    assert {path.parent.name for path in CASES} <= set(CHECKS)


@pytest.mark.parametrize("slug", sorted(CHECKS))
def test_rule_has_cases_and_a_page(slug: str) -> None:
    rule = CHECKS[slug].rule
    names = [p.stem for p in (HERE / slug).glob("*.json")]
    assert any(n.startswith("fires_") for n in names), "no firing case"
    assert any(n.startswith("quiet_") for n in names), "no quiet case"
    page = (TOP / "docs/rules" / f"{rule.id}.md").read_text()
    assert page.startswith(f"# {rule.id}: {rule.title}\n")
    for heading in ("## What it means", "## Cause", "## Check by hand", "## Repair", "## When not to"):
        assert heading in page, heading


def test_pages_and_rules_are_the_same_set() -> None:
    pages = {p.stem for p in (TOP / "docs/rules").glob("GS*.md")}
    assert pages == {check.rule.id for check in CHECKS.values()}
    assert len(pages) == len(CHECKS), "two rules share an id"


def test_slug_is_the_file_name() -> None:
    for check in CHECKS.values():
        assert check.check.__module__.rpartition(".")[2] == check.rule.slug.replace("-", "_")
