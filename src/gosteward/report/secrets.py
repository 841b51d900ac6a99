"""Findings without passwords and tokens, before they are written in any format. Pure.

Lines of files are quoted as evidence, and a line that sets GOPROXY, https_proxy or GOAUTH may hold a password. The report is what
people paste into tickets, so this is done at one place for all formats; `snapshot --redact` masks more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Text
from gosteward.redaction import line_without_secrets, without_secrets
from gosteward.report import by_hand

if TYPE_CHECKING:
    from gosteward.finding import Finding, Judged, Judgement


def without(judgement: Judgement) -> Judgement:
    """The judgement with masked findings; a fingerprint is that of the masked subject, so a new password does not change it."""
    shown = {j.finding.fingerprint: _finding(j.finding) for j in judgement.findings}
    renamed = {before: finding.fingerprint for before, finding in shown.items()}

    def judged(item: Judged) -> Judged:
        return item._replace(
            finding=shown[item.finding.fingerprint],
            explains=tuple(renamed.get(f, f) for f in item.explains),
            explained_by=renamed.get(item.explained_by, item.explained_by),
        )

    return judgement._replace(findings=tuple(judged(item) for item in judgement.findings))


def _finding(found: Finding) -> Finding:
    return found._replace(
        subject=without_secrets(found.subject),
        message=_text(found.message),
        locations=tuple(p._replace(text=line_without_secrets(p.text)) for p in found.locations),
        evidence=tuple(map(without_secrets, found.evidence)),
        # Shown in words that a person can type; what is done is the unmasked action, which no report holds.
        commands=tuple(map(without_secrets, by_hand.commands(found))),
        advice=_text(found.advice),
    )


def _text(text: Text) -> Text:
    return Text(text.template, **{name: without_secrets(value) for name, value in text.values})
