"""GS101: Go is installed, and none of the user's sessions finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning import remedies
from gosteward.reasoning.reach import additions, go_directories, go_trees, narrowed, nowhere, shown_path
from gosteward.reasoning.viewpoint import SESSION_KINDS, own_contexts
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS101",
    slug="go-on-no-path",
    title="Go is on this host, and no session finds it",
    severity="error",
    needs=("contexts", "toolchains"),
    symptoms=("go: command not found", "command not found: go", "go: not found", "Unknown command: go"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    directories = go_directories(snapshot)
    if not directories or not nowhere(snapshot):
        return
    sessions = own_contexts(snapshot, *SESSION_KINDS)
    contexts = tuple(c.name for c in sessions)
    tree = remedies.best_tree(snapshot)
    directory = f"{tree.path}/bin" if tree else directories[0]
    actions = remedies.best(snapshot, contexts, directory)
    how_bad = _severity(snapshot)
    yield Finding(
        rule=RULE,
        subject=directory,
        message=_message(snapshot, directory, (tree.version if tree else "") or "a go", contexts),
        locations=(Location(f"{directory}/go"), *(a.line.location for a in additions(snapshot))),
        evidence=tuple(dict.fromkeys(f"{c.name}: PATH={shown_path(c)}" for c in sessions)),
        contexts=contexts,
        severity=how_bad,
        # Where it serves jobs, or acts at the prompt, somebody may want it as it is.
        confidence="high" if how_bad == "error" else "medium",
        explains=(Explains("GS127"), Explains("GS132")),
        risk=remedies.risk(actions),
        actions=actions,
        advice=remedies.advice(actions),
    )


def _message(snapshot: Snapshot, directory: str, version: str, contexts: tuple[str, ...]) -> Text:
    if narrowed(snapshot):
        return Text(
            "{directory} holds {version}; no directory with go is on the PATH of {contexts}",
            directory=directory,
            version=version,
            contexts=", ".join(contexts),
        )
    return Text(
        "{directory} holds {version}; no session of {user} has a directory with go on its PATH",
        directory=directory,
        version=version,
        user=snapshot.user.name or "this user",
    )


def _severity(snapshot: Snapshot) -> str:
    """A warning where the host's Go serves jobs by its absolute path, or a version manager that acts at the prompt."""
    meant_for_users = any(additions(snapshot))
    serves_jobs = any(c.uses_go and not c.calls for c in snapshot.contexts)
    managed = all(t.origin == "version-manager" for t in go_trees(snapshot)) and bool(go_trees(snapshot))
    return "warning" if managed or narrowed(snapshot) or (serves_jobs and not meant_for_users) else "error"
