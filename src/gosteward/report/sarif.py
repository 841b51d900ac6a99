"""SARIF 2.1.0, for code scanning services. Source: OASIS SARIF 2.1.0, sections 3.13 (log) to 3.27 (result)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from gosteward.catalogs import Catalog
    from gosteward.finding import Judged, Rule
    from gosteward.report import Report
    from gosteward.snapshot import Location

LEVELS = {"error": "error", "warning": "warning", "note": "note"}
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(report: Report, words: Catalog) -> str:
    """One run; every rule that was found is described in it."""
    rules = tuple(dict.fromkeys(judged.finding.rule for judged in report.judgement.findings))
    run = {
        "tool": {
            "driver": {
                "name": "gosteward",
                "semanticVersion": report.version,
                "rules": [_rule(rule, words) for rule in rules],
            }
        },
        "invocations": [
            {
                "executionSuccessful": True,
                "exitCode": report.exit_code,
                "toolExecutionNotifications": [
                    {"level": "warning", "message": {"text": f"{n.rule} not judged: {n.field}: {n.reason}"}}
                    for n in report.missed
                ],
            }
        ],
        "results": [_result(judged, rules.index(judged.finding.rule), words) for judged in report.judgement.findings],
        "columnKind": "unicodeCodePoints",
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(rule: Rule, words: Catalog) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.slug.split("-")),
        "shortDescription": {"text": words.words(rule.title)},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
    }


def _result(judged: Judged, index: int, words: Catalog) -> dict[str, Any]:
    found = judged.finding
    message = words.text(found.message)
    if found.advice:
        message = f"{message}\n{words.text(found.advice)}"
    result: dict[str, Any] = {
        "ruleId": found.rule.id,
        "ruleIndex": index,
        "level": LEVELS[judged.severity],
        "message": {"text": message},
        "partialFingerprints": {"gosteward/1": found.fingerprint},
        "properties": {"subject": found.subject, "contexts": list(found.contexts), "commands": list(found.commands)},
    }
    places = [_location(place) for place in found.locations if place.path.startswith("/")]
    if places:
        result["locations"] = places[:1]
    if places[1:]:
        result["relatedLocations"] = places[1:]
    return result


def _location(place: Location) -> dict[str, Any]:
    # Bytes that are no text are percent-encoded as they are.
    uri = "file://" + quote(_bytes(place.path))
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if place.line:
        physical["region"] = {"startLine": place.line}
        if place.text:
            physical["region"]["snippet"] = {"text": place.text}
    return {"physicalLocation": physical}


def _bytes(path: str) -> bytes:
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # no path of a host; a recorded snapshot may hold anything
        return path.encode("utf-8", "replace")
