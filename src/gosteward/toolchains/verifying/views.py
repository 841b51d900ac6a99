"""Which go each of the user's contexts finds: the tree that was verified, another one, or none. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Text
from gosteward.reasoning.viewpoint import SESSION_KINDS, first_go, own_contexts
from gosteward.toolchains.verifying.checks import NOTE, OK, UNJUDGED, Check

if TYPE_CHECKING:
    from gosteward.snapshot import Binary, Snapshot

SHOWN = 20


def seen_by(snapshot: Snapshot, goroot: str) -> Check:
    """The contexts that find a tree, and what the others find.  goroot: without links."""
    finding: list[str] = []
    others: list[str] = []
    none: list[str] = []
    for context in snapshot.contexts:
        entry = first_go(context)
        if entry is None or entry.go is None:
            none.append(context.name)
        elif tree_of(entry.go) == goroot:
            finding.append(context.name)
        else:
            found = " ".join(part for part in (entry.go.path, entry.go.version) if part)
            others.append(f"{context.name}: {found}")
    if not snapshot.contexts:
        return Check("contexts", UNJUDGED, Text("no context of this user could be looked at"))
    lines = tuple(others[:SHOWN])
    rest = ", ".join(none[:SHOWN]) or "-"
    if not finding:
        text = Text("no context of {user} finds it; without any go: {none}", user=snapshot.user.name, none=rest)
        return Check("contexts", NOTE, text, lines)
    text = Text(
        "found by {count} of {all} contexts of {user}: {names}; without any go: {none}",
        count=str(len(finding)),
        all=str(len(snapshot.contexts)),
        user=snapshot.user.name,
        names=", ".join(finding[:SHOWN]),
        none=rest,
    )
    return Check("contexts", NOTE if others or none else OK, text, lines)


def tree_of(go: Binary) -> str:
    """The tree that a go belongs to, without links; that of the one which a wrapper starts; "" if none is known."""
    if go.goroot or not go.starts:
        return go.goroot
    return go.starts.rpartition(":")[0].removesuffix("/bin/go")


def in_use(snapshot: Snapshot) -> str:
    """The tree whose go a login of the user finds first; "" if there is none."""
    for context in own_contexts(snapshot, *SESSION_KINDS):
        entry = first_go(context)
        if entry is not None and entry.go is not None and tree_of(entry.go):
            return tree_of(entry.go)
    return ""
