"""GS105: sudo replaces PATH by secure_path, which has no directory with go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.jobs import place_of
from gosteward.reasoning.reach import go_directories, nowhere, shown_path
from gosteward.reasoning.remedies import is_private, links, risk
from gosteward.reasoning.sudoers import drop_in
from gosteward.reasoning.viewpoint import SESSION_KINDS, first_go, own_contexts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Context, Location, Snapshot

RULE = Rule(
    id="GS105",
    slug="sudo-cannot-find-go",
    title="sudo cannot find go",
    severity="warning",
    needs=("contexts", "toolchains", "sudoers"),
    symptoms=("sudo: go: command not found", "bash: line 1: go: command not found"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    directories = go_directories(snapshot)
    if (
        not directories
        or nowhere(snapshot)
        or not own_contexts(snapshot, *SESSION_KINDS)
        or snapshot.user.name == "root"
    ):
        return
    for context in own_contexts(snapshot, "sudo"):
        source = next((e.sources[0] for e in context.search_path if e.sources), None)
        # A Go of the user's own in their home is not root's business.
        if first_go(context) is None and source is not None and not is_private(snapshot, directories[0]):
            yield _finding(snapshot, context, source, directories[0])


def _finding(snapshot: Snapshot, context: Context, source: Location, directory: str) -> Finding:
    whole = ":".join((*(e.directory for e in context.search_path), directory))
    actions = links(snapshot, (context,)) or drop_in(snapshot, source, whole)
    also = tuple(c for c in own_contexts(snapshot, "sudo-login") if first_go(c) is None)
    return Finding(
        rule=RULE,
        subject=f"{source.path}:secure_path",
        message=Text(
            "secure_path in {sudoers} is {path}: a command that runs through sudo finds no go, which is in {directory}",
            sudoers=source.path,
            path=shown_path(context),
            directory=directory,
        ),
        locations=(source,),
        evidence=(f"sudo -l | grep secure_path   # {place_of(source)}",),
        contexts=(context.name, *(c.name for c in also)),
        risk=risk(actions),
        actions=actions,
        advice=Text(
            "`sudo -E` changes nothing here: secure_path replaces PATH whatever is kept. Links in a directory of secure_path serve sudo and everybody else; never remove secure_path or env_reset, and never edit /etc/sudoers in place."
        ),
    )
