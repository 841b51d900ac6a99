"""GS417: sessions and jobs of the same user find different releases of Go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.reasoning.running_go import running_gos

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.running_go import RunningGo
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS417",
    slug="versions-differ-by-context",
    title="sessions and jobs find different releases of Go",
    severity="warning",
    needs=("contexts", "toolchains"),
    symptoms=("it builds in the terminal but not in the service",),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    running = tuple(go for go in running_gos(snapshot) if goversion.parse(go.version) is not None)
    newest = running[0] if running else None
    for go in running:
        newest = go if newest is None or goversion.older(newest.version, go.version) else newest
    for go in running:
        if newest is not None and goversion.older(go.version, newest.version):
            yield _finding(snapshot, go, newest)


def _finding(snapshot: Snapshot, old: RunningGo, new: RunningGo) -> Finding:
    jobs = {c.name for c in snapshot.contexts if c.uses_go}
    only_jobs = set(old.contexts) <= jobs
    return Finding(
        rule=RULE,
        subject=old.go.path,
        message=Text(
            "{old_contexts} find {old}, {new_contexts} find {new}",
            old_contexts=_listed(old.contexts),
            old=f"{old.version} ({old.go.path})",
            new_contexts=_listed(new.contexts),
            new=f"{new.version} ({new.go.path})",
        ),
        locations=tuple(dict.fromkeys((*new.sources, *old.sources))),
        evidence=("type -a go",),
        contexts=(*old.contexts, *new.contexts),
        # A job may be kept on another release on purpose.
        severity="note" if only_jobs else "",
        advice=Text("A link in /usr/local/bin to the go that is wanted is found by sessions, services and sudo alike."),
    )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")
