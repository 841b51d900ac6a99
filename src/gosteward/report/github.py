"""Workflow commands of GitHub Actions: each finding becomes an annotation.

Source: GitHub documentation, "Workflow commands for GitHub Actions" (`::error file={name},line={line},title={title}::{message}`);
`%`, carriage return and line feed are percent-encoded, in properties also `:` and `,`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.report.layout import visible

if TYPE_CHECKING:
    from gosteward.catalogs import Catalog
    from gosteward.finding import Judged
    from gosteward.report import Report

COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report, words: Catalog) -> str:
    """One line per finding, then one per gap."""
    lines = [_finding(judged, words) for judged in report.judgement.findings]
    gaps = dict.fromkeys(f"{n.field}: {n.reason}" for n in report.missed)
    lines += [f"::warning title=not judged::{_data(gap)}" for gap in gaps]
    return "".join(f"{line}\n" for line in lines)


def _finding(judged: Judged, words: Catalog) -> str:
    found = judged.finding
    properties = [f"title={_property(f'{found.rule.id}: {words.words(found.rule.title)}')}"]
    if found.locations and found.locations[0].path.startswith("/"):
        place = found.locations[0]
        properties.insert(0, f"file={_property(place.path)}" + (f",line={place.line}" if place.line else ""))
    parts = (words.text(found.message), words.text(found.advice), *found.commands)
    message = "\n".join(part for part in parts if part)
    return f"::{COMMANDS[judged.severity]} {','.join(properties)}::{_data(message)}"


def _data(text: str) -> str:
    return visible(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
