"""JUnit XML: every rule is a test case; it fails for each error or warning, and is skipped where it could not be judged.

Source: the schema that Jenkins' xUnit plug-in and the JUnit Ant task agree on (testsuites, testsuite, testcase, failure, skipped).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from gosteward.report.layout import visible
from gosteward.report.text import location_text

if TYPE_CHECKING:
    from gosteward.catalogs import Catalog
    from gosteward.finding import Judged
    from gosteward.report import Report


def render(report: Report, words: Catalog) -> str:
    """One suite; a rule without a finding does not appear, the counts say how many cases there are."""
    cases = [_finding(judged, words) for judged in report.judgement.findings]
    skipped = [
        f'  <testcase classname="gosteward" name={quoteattr(n.rule)}><skipped message={_attribute(f"{n.field}: {n.reason}")}/></testcase>'
        for n in report.judgement.not_judged
    ]
    if not cases and not skipped:
        cases = ['  <testcase classname="gosteward" name="doctor"/>']
    failures = report.count("error") + report.count("warning")
    seconds = dict(report.seconds).get("total", 0.0)
    counts = f'tests="{len(cases) + len(skipped)}" failures="{failures}" errors="0" skipped="{len(skipped)}" time="{seconds:.3f}"'
    host = _attribute(report.snapshot.machine.hostname)
    taken_at = _attribute(report.snapshot.taken_at.rstrip("Z"))
    head = f'<testsuite name="gosteward doctor" {counts} timestamp={taken_at} hostname={host}>'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {counts}>", head, *cases, *skipped, "</testsuite>"]
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _attribute(text: str) -> str:
    return quoteattr(visible(text))


def _finding(judged: Judged, words: Catalog) -> str:
    found = judged.finding
    name = _attribute(f"{found.rule.id} {found.subject}")
    head = f'  <testcase classname="gosteward.{found.rule.slug}" name={name}'
    body = "\n".join((*(location_text(p) for p in found.locations), words.text(found.advice), *found.commands))
    text = escape("\n".join(visible(line) for line in body.split("\n")))
    if judged.severity == "note":
        return f"{head}><system-out>{escape(visible(words.text(found.message)))}\n{text}</system-out></testcase>"
    kind = _attribute(judged.severity)
    message = _attribute(words.text(found.message))
    return f"{head}><failure type={kind} message={message}>{text}</failure></testcase>"
