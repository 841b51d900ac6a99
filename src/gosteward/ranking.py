"""Which findings explain a failed command, the likeliest first. Pure.

The findings come from the state of the host; the output of the command only decides their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.symptoms import matches, words_of

if TYPE_CHECKING:
    from gosteward.finding import Judged

WEIGHT = {"error": 2.0, "warning": 1.0, "note": 0.0}


def ranked(findings: tuple[Judged, ...], output: str, argv: tuple[str, ...], context: str) -> tuple[Judged, ...]:
    """Root causes that can explain it; notes only where the output speaks of them.

    Args:
        output: what the command wrote.   argv: the command.   context: name of the context that it ran in, "" for the caller's own.
    """
    known = [(j.finding.fingerprint, s) for j in findings for s in (*j.finding.rule.symptoms, str(j.finding.message))]
    likeness = {match.key: match.score for match in matches(output, known)}
    named = words_of(" ".join(argv))
    scored = []
    for judged in findings:
        found = judged.finding
        if not found.rule.hinders:
            continue
        score = 4.0 * likeness.get(found.fingerprint, 0.0) + WEIGHT[judged.severity]
        if context and context in found.contexts:
            score += 2.0
        elif context and found.contexts:
            score -= 2.0
        score += 0.5 * len(named & words_of(str(found.message)))
        if score > 0.9 and not judged.explained_by:
            scored.append((score, judged))
    return tuple(judged for _, judged in sorted(scored, key=lambda pair: -pair[0]))
