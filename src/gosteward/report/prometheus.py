"""Metrics in Prometheus' text format, for the node exporter's textfile collector.

Source: Prometheus documentation, "Exposition formats", text-based format (escapes of label values: backslash, quote, line feed).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import SEVERITIES
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from gosteward.catalogs import Catalog
    from gosteward.report import Report


def render(report: Report, words: Catalog) -> str:
    """Counts by severity, one series per finding, whether the host was judged, and how long it took."""
    seconds = dict(report.seconds).get("total", 0.0)
    lines = [
        *_head("gosteward_findings", words.words("Findings of the last examination by severity.")),
        *(f'gosteward_findings{{severity="{name}"}} {report.count(name)}' for name in SEVERITIES),
        *_head("gosteward_finding", words.words("One series per finding, always 1.")),
        *(
            f'gosteward_finding{{rule="{j.finding.rule.id}",severity="{j.severity}",subject="{_label(j.finding.subject)}"}} 1'
            for j in report.judgement.findings
        ),
        *_head("gosteward_not_judged", words.words("Rules that could not be judged.")),
        f"gosteward_not_judged {len({n.rule for n in report.missed})}",
        *_head("gosteward_exit_code", words.words("Exit code of the examination.")),
        f"gosteward_exit_code {report.exit_code}",
        *_head("gosteward_examination_seconds", words.words("Wall time of the examination.")),
        f"gosteward_examination_seconds {seconds:.4f}",
    ]
    return "\n".join(lines) + "\n"


def _head(name: str, text: str) -> tuple[str, str]:
    return f"# HELP {name} {text}", f"# TYPE {name} gauge"


def _label(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')
