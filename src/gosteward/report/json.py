"""The report as JSON, `gosteward.report/1`: the format that other programs read. docs/reference/report.schema.json describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gosteward.actions import NAMES, LineEdit
from gosteward.redaction import line_without_secrets

if TYPE_CHECKING:
    from gosteward.actions import Action
    from gosteward.catalogs import Catalog
    from gosteward.finding import Judged
    from gosteward.outcome import Outcome
    from gosteward.report import Report
    from gosteward.snapshot import Location

SCHEMA = "gosteward.report/1"


def render(report: Report, words: Catalog) -> str:
    """One JSON object; bytes of the host that are no text are kept as lone surrogates, escaped."""
    return json.dumps(document(report, words), indent=1, ensure_ascii=True) + "\n"


def document(report: Report, words: Catalog) -> dict[str, Any]:
    """The object itself."""
    return {
        "schema": SCHEMA,
        "tool": f"gosteward {report.version}",
        "host": host(report),
        "findings": [finding(judged, words) for judged in report.judgement.findings],
        "not_judged": [n._asdict() for n in report.judgement.not_judged],
        "outcome": {
            "exit_code": report.exit_code,
            "fail_on": report.fail_on,
            "errors": report.count("error"),
            "warnings": report.count("warning"),
            "notes": report.count("note"),
            **(repair(report.outcome, words) if report.outcome is not None else {}),
        },
        "seconds": {name: round(value, 4) for name, value in report.seconds},
    }


def repair(outcome: Outcome, words: Catalog) -> dict[str, Any]:
    """What `--fix` did, or would do."""
    steps = [
        {
            "rules": list(step.rules),
            "because": list(step.because),
            "risk": step.risk,
            "status": step.status,
            "reason": words.text(step.reason) if step.reason else "",
            "diff": list(step.diff),
        }
        for step in outcome.steps
    ]
    return {
        "run": outcome.run,
        "dry_run": outcome.dry_run,
        "steps": steps,
        "cleared": list(outcome.cleared),
        "remaining": list(outcome.remaining),
        "introduced": list(outcome.introduced),
    }


def host(report: Report) -> dict[str, Any]:
    """Which host was examined, for whom, and when."""
    snapshot = report.snapshot
    machine = snapshot.machine
    return {
        "hostname": machine.hostname,
        "kind": snapshot.kind,
        "root": snapshot.root,
        "taken_at": snapshot.taken_at,
        "user": snapshot.user.name,
        "uid": snapshot.user.uid,
        "distribution": machine.distribution,
        "distribution_version": machine.distribution_version,
        "kernel_goarch": machine.kernel_goarch,
        "userland_goarch": machine.userland_goarch,
        "container": machine.container,
    }


def finding(judged: Judged, words: Catalog) -> dict[str, Any]:
    """One finding with its place among the others."""
    found = judged.finding
    return {
        "rule": found.rule.id,
        "slug": found.rule.slug,
        "severity": judged.severity,
        "confidence": found.confidence,
        "title": words.words(found.rule.title),
        "message": words.text(found.message),
        "subject": found.subject,
        "contexts": list(found.contexts),
        "locations": [location(place) for place in found.locations],
        "evidence": list(found.evidence),
        "explains": list(judged.explains),
        "explained_by": judged.explained_by,
        "repair": {
            "risk": found.risk,
            "actions": [action(a) for a in found.actions],
            "commands": list(found.commands),
        },
        "advice": words.text(found.advice),
        "fingerprint": found.fingerprint,
    }


def action(act: Action) -> dict[str, Any]:
    """An action with the name of its kind; texts of a file that may hold a password are masked."""
    return {"action": NAMES[type(act)], **_plain(act._asdict())}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return line_without_secrets(value)
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, LineEdit):
        return _plain(value._asdict())
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def location(place: Location) -> dict[str, Any]:
    """A place; line 0 stands for the whole file."""
    return {"path": place.path, "line": place.line, "text": place.text}
