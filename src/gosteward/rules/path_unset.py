"""GS131: a start-up file removes PATH: the shell still finds programs by a list of its own, what it starts does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import matters
from gosteward.reasoning.obstacles import paths_unset
from gosteward.reasoning.remedies import replaced_line, risk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.obstacles import Obstacle
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS131",
    slug="path-unset",
    title="PATH is not set at all",
    severity="error",
    needs=("contexts",),
    symptoms=("works in bash, not in what bash starts", "env: 'go': No such file or directory"),
)

_REMOVES = (
    (": # {}", re.compile(r"\s*(?:unset\s+(?:-v\s+)?PATH|(?:export\s+)?PATH=(?:\"\"|'')?)\s*")),
    ("true # {}", re.compile(r"\s*set\s+(?:-e|--erase|-ge|-eg)\s+PATH\s*")),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for obstacle in paths_unset(snapshot):
        yield _finding(snapshot, obstacle)


def _finding(snapshot: Snapshot, obstacle: Obstacle) -> Finding:
    fatal = any(matters(c) for c in snapshot.contexts if c.name in obstacle.contexts)
    where = obstacle.location
    # The line stays as a comment behind a command that does nothing: what stands around it may need a command there.
    form = next((form for form, pattern in _REMOVES if pattern.fullmatch(where.text)), "")
    actions = replaced_line(snapshot, where, form.format(where.text.strip())) if form else ()
    return Finding(
        rule=RULE,
        subject=where.path,
        message=Text(
            "no PATH is left in {contexts}: the shell searches a list that is built into it, and programs started by it search another one",
            contexts=", ".join(obstacle.contexts),
        ),
        locations=(where,) if where.line else (),
        contexts=obstacle.contexts,
        severity="error" if fatal else "warning",
        explains=(Explains("GS101"), Explains("GS102", contexts=obstacle.contexts), Explains("GS127")),
        risk=risk(actions),
        actions=actions,
        advice=Text(
            "Take out the line that removes PATH. bash's own list ends in a dot, the current directory; dash, zsh and fish have other lists, and none of them has Go's directory."
        ),
    )
