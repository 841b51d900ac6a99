"""GitLab's code quality report. Source: GitLab documentation, "Code Quality", section "Code Quality report format"."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gosteward.catalogs import Catalog
    from gosteward.finding import Judged
    from gosteward.report import Report

SEVERITIES = {"error": "critical", "warning": "major", "note": "info"}


def render(report: Report, words: Catalog) -> str:
    """A JSON array with an entry per finding."""
    return json.dumps([_entry(judged, words) for judged in report.judgement.findings], indent=1) + "\n"


def _entry(judged: Judged, words: Catalog) -> dict[str, Any]:
    found = judged.finding
    place = next((p for p in found.locations if p.path.startswith("/")), None)
    return {
        "description": words.text(found.message),
        "check_name": found.rule.id,
        "fingerprint": found.fingerprint,
        "severity": SEVERITIES[judged.severity],
        # The format knows files of the repository only; a host's path stands there without its leading slash.
        "location": {
            "path": (place.path if place else found.subject).lstrip("/") or ".",
            "lines": {"begin": place.line if place and place.line else 1},
        },
    }
