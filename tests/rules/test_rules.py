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


@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_case(path: Path) -> None:
    case = json.loads(path.read_text())
    check: Check = CHECKS[path.parent.name]
    found = list(check.check(decode_snapshot(case["snapshot"])))
    wanted = case["findings"]
    assert [f.subject for f in found] == [w["subject"] for w in wanted]
    assert bool(wanted) == path.stem.startswith("fires_")
    for finding, want in zip(found, wanted):
        places = {p for loc in finding.locations for p in (loc.path, f"{loc.path}:{loc.line}")}
        assert want.get("message", "") in str(finding.message)
        assert set(want.get("locations", ())) <= places
        assert want.get("severity", severity_of(finding)) == severity_of(finding)
        assert tuple(want.get("contexts", finding.contexts)) == finding.contexts
        assert want.get("confidence", finding.confidence) == finding.confidence
        assert want.get("risk", finding.risk) == finding.risk
        actions = json.loads(json.dumps([action(a) for a in finding.actions]))
        assert want.get("actions", actions) == actions
        assert "{" not in str(finding.message), "a value of the template is missing"
        assert "{" not in str(finding.advice), "a value of the template is missing"


@pytest.mark.parametrize("slug", sorted(CHECKS))
def test_rule_has_cases_and_a_page(slug: str) -> None:
    rule = CHECKS[slug].rule
    names = [p.stem for p in CASES if p.parent.name == slug]
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
