"""From rules and a Snapshot to an ordered Judgement: one cause first, consequences behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import place_of
from gosteward.finding import SEVERITIES, Explains, Finding, Judged, Judgement, NotJudged, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gosteward.snapshot import Gap, Snapshot

CONFIDENCES = ("high", "medium", "low")


class Check(NamedTuple):
    """A rule with the function that looks for it."""

    rule: Rule
    check: Callable[[Snapshot], Iterable[Finding]]


def judge(snapshot: Snapshot, checks: Sequence[Check]) -> Judgement:
    """Run the checks, link consequences to causes, and put the findings in the order in which to read them.

    A check that raises is not judged, and the reason says enough for a bug report. What it found before that counts.
    """
    found: dict[str, Finding] = {}
    not_judged: list[NotJudged] = []
    for check in checks:
        not_judged.extend(
            NotJudged(check.rule.id, gap.field, gap.reason, gap.asked)
            for gap in snapshot.gaps
            if gap_concerns(gap, check.rule)
        )
        try:
            for finding in check.check(snapshot):
                found.setdefault(finding.fingerprint, finding)
        except Exception as error:  # noqa: BLE001 - a bug in one rule must not hide what the others know
            not_judged.append(NotJudged(check.rule.id, "rule", _bug(error)))
    return Judgement(_ordered(tuple(found.values())), tuple(not_judged))


def _bug(error: Exception) -> str:
    # Not its message, which may quote what it met on the host.
    return (
        f"a bug of gosteward: {type(error).__name__} at {place_of(error)}; report it with `gosteward snapshot --redact`"
    )


def gap_concerns(gap: Gap, rule: Rule) -> bool:
    """Whether a missing fact keeps a rule from being judged: the gap's field, up to a colon, is one of the rule's needs."""
    return gap.field.partition(":")[0] in rule.needs


def severity_of(finding: Finding) -> str:
    """Severity of a finding on its own, before causes are considered."""
    return finding.severity or finding.rule.severity


def repairable(judged: Judged) -> bool:
    """Whether `--fix` takes a finding on: a root cause that is an error, or a warning without doubt, with a repair that a tool may do."""
    found = judged.finding
    if judged.explained_by or not found.actions or found.risk == "manual":
        return False
    return judged.severity == "error" or (judged.severity == "warning" and found.confidence == "high")


def _ordered(findings: tuple[Finding, ...]) -> tuple[Judged, ...]:
    consequences = {finding.fingerprint: _consequences(finding, findings) for finding in findings}
    cause_of: dict[str, str] = {}
    for finding in sorted(findings, key=lambda f: (-len(consequences[f.fingerprint]), f.rule.id, f.subject)):
        for consequence in consequences[finding.fingerprint]:
            # The first cause wins, and no finding may explain its own cause.
            if consequence not in cause_of and _root(finding.fingerprint, cause_of) != consequence:
                cause_of[consequence] = finding.fingerprint
    judged = {
        f.fingerprint: Judged(
            finding=f,
            severity="note" if f.fingerprint in cause_of else severity_of(f),
            explains=tuple(c for c in consequences[f.fingerprint] if cause_of.get(c) == f.fingerprint),
            explained_by=cause_of.get(f.fingerprint, ""),
        )
        for f in findings
    }
    ordered: list[Judged] = []
    for root in sorted((j for j in judged.values() if not j.explained_by), key=_rank):
        _append_with_consequences(root, judged, ordered)
    return tuple(ordered)


def _consequences(finding: Finding, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    return tuple(
        other.fingerprint
        for other in findings
        if other is not finding and any(_matches(claim, other) for claim in finding.explains)
    )


def _matches(claim: Explains, other: Finding) -> bool:
    return (
        claim.rule == other.rule.id
        and claim.subject in ("", other.subject)
        and (not claim.contexts or (bool(other.contexts) and set(other.contexts) <= set(claim.contexts)))
    )


def _root(fingerprint: str, cause_of: dict[str, str]) -> str:
    while fingerprint in cause_of:
        fingerprint = cause_of[fingerprint]
    return fingerprint


def _rank(judged: Judged) -> tuple[int, bool, bool, int, int, int, str, str]:
    finding = judged.finding
    return (
        SEVERITIES.index(judged.severity),
        not finding.rule.hinders,
        # What is wrong on the host itself is read before what the network around it refuses.
        finding.rule.id.startswith("GS6"),
        CONFIDENCES.index(finding.confidence),
        -len(judged.explains),
        -len(finding.contexts),
        finding.rule.id,
        finding.subject,
    )


def _append_with_consequences(cause: Judged, judged: dict[str, Judged], ordered: list[Judged]) -> None:
    ordered.append(cause)
    for fingerprint in cause.explains:
        _append_with_consequences(judged[fingerprint], judged, ordered)
