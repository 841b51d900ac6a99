"""GS124: a start-up file takes a second or more, and each new shell waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.reach import WANTED
from gosteward.reasoning.viewpoint import own_contexts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import SlowLine, Snapshot

RULE = Rule(
    id="GS124",
    slug="slow-startup-file",
    title="a start-up file is slow",
    severity="note",
    needs=("contexts",),
    symptoms=("the prompt comes late", "each new terminal takes a second"),
)
NOTABLE = 1.0


def check(snapshot: Snapshot) -> Iterator[Finding]:
    slowest: dict[str, dict[int, SlowLine]] = {}
    contexts: dict[str, list[str]] = {}
    for context in own_contexts(snapshot, *WANTED):
        for slow in context.slow:
            lines = slowest.setdefault(slow.location.path, {})
            before = lines.get(slow.location.line)
            if before is None or before.seconds < slow.seconds:
                lines[slow.location.line] = slow
            contexts.setdefault(slow.location.path, []).append(context.name)
    for path, lines in slowest.items():
        ordered = sorted(lines.values(), key=lambda slow: -slow.seconds)
        if ordered[0].seconds >= NOTABLE:
            yield _finding(path, ordered, tuple(dict.fromkeys(contexts[path])))


def _finding(path: str, lines: list[SlowLine], contexts: tuple[str, ...]) -> Finding:
    return Finding(
        rule=RULE,
        subject=path,
        message=Text(
            "`{command}` in {file} takes {seconds} s at the start of each shell",
            command=lines[0].location.text.strip()[:120],
            file=path,
            seconds=f"{lines[0].seconds:.1f}",
        ),
        locations=tuple(slow.location for slow in lines[:5]),
        evidence=tuple(f"line {slow.location.line}: {slow.seconds:.2f} s" for slow in lines[:5]),
        contexts=contexts,
        advice=Text(
            "Nothing is wrong with Go. Let the line run when its result is needed first, or in the background."
        ),
    )
