"""GS302: a directory on the way to go lets this user not through (mode 0700 after an unpack under umask 077)."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, NamedTuple, Optional

from gosteward.actions import OpenTree, SetMode
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, distinct_trees, matters, of_tree
from gosteward.reasoning.ownership import inside
from gosteward.reasoning.remedies import is_private
from gosteward.reasoning.viewpoint import first_go, programs_named_go
from gosteward.snapshot import Blocker, Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Context, Snapshot

RULE = Rule(
    id="GS302",
    slug="directory-not-searchable",
    title="a directory on the way to go may not be searched",
    severity="error",
    needs=("contexts", "toolchains"),
    symptoms=("go: Permission denied", "go: command not found", "go: cannot find GOROOT directory: permission denied"),
)
_GO_PLACES = ("/go/bin", "/go/current/bin")


class _Closed(NamedTuple):
    """A directory that stops the user: what is behind it, and what stat and ACL say (None where nobody could look)."""

    path: str
    behind: str
    blocker: Optional[Blocker] = None
    inner: bool = False


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for closed in _closed_directories(snapshot).values():
        finding = _finding(snapshot, closed)
        if finding is not None:
            yield finding


def _closed_directories(snapshot: Snapshot) -> dict[str, _Closed]:
    found: dict[str, _Closed] = {}
    for go in programs_named_go(snapshot):
        blocker = go.blocked_by
        if blocker is not None and blocker.reason == "directory":
            found.setdefault(blocker.path, _Closed(blocker.path, go.path, blocker))
    for tree in distinct_trees(snapshot):
        for name in tree.unsearchable[:1]:
            path = name if name.startswith("/") else f"{tree.path}/{name}".rstrip("/.")
            found.setdefault(path, _Closed(path, tree.path, inner=inside(path, tree.path)))
    for context in snapshot.contexts:
        for entry in context.search_path:
            known = any(entry.directory == path or inside(entry.directory, path) for path in found)
            if entry.kind == "unreadable" and entry.go is None and not known and _go_place(entry.directory):
                found[entry.directory] = _Closed(entry.directory, entry.directory)
    return found


def _go_place(directory: str) -> bool:
    return directory.rstrip("/").endswith(_GO_PLACES) or "/sdk/go1" in directory or "/go1." in directory


def _finding(snapshot: Snapshot, closed: _Closed) -> Finding | None:
    severity, contexts = _suffering(snapshot, closed)
    if not severity:
        return None
    user = snapshot.user.name or "this user"
    commands = _commands(snapshot, closed)
    actions = () if commands else _actions(snapshot, closed)
    return Finding(
        rule=RULE,
        subject=closed.path,
        message=_message(closed, user),
        locations=(Location(closed.path), *_sources(snapshot, closed.path)),
        evidence=(f"namei -l {quote(closed.behind)}",),
        contexts=contexts,
        severity=severity,
        confidence="high" if closed.blocker is not None or closed.path != closed.behind else "medium",
        explains=(
            *NO_GO_RUNS,
            Explains("GS408"),
            Explains("GS404"),
            Explains("GS405"),
            Explains("GS117"),
            Explains("GS401"),
        ),
        # Behind another go that works, somebody may have closed it on purpose.
        risk=("safe" if severity == "error" else "confirm") if actions else "manual",
        actions=actions,
        commands=commands,
        advice=_advice(closed, actions, commands, user),
    )


def _message(closed: _Closed, user: str) -> Text:
    if closed.blocker is None:
        return Text("{user} may not search {directory}, so nothing in it is found", user=user, directory=closed.path)
    return Text(
        "{directory} has mode {mode} and belongs to {owner}: {user} may not search it, so {behind} is not found",
        directory=closed.path,
        mode=f"{closed.blocker.mode:04o}",
        owner=closed.blocker.owner or "?",
        user=user,
        behind=closed.behind,
    )


def _suffering(snapshot: Snapshot, closed: _Closed) -> tuple[str, tuple[str, ...]]:
    """Severity and contexts; "" where nobody wants to pass."""
    if closed.inner:
        tree = next(t for t in distinct_trees(snapshot) if t.path == closed.behind)
        impact = of_tree(snapshot, tree)
        return impact.severity if impact.contexts or impact.severity == "error" else "", impact.contexts
    passing = tuple(c for c in snapshot.contexts if _passes(c, closed))
    if not passing:
        return "", ()
    without = any(matters(c) and first_go(c) is None for c in passing)
    return "error" if without else "warning", tuple(c.name for c in passing)


def _passes(context: Context, closed: _Closed) -> bool:
    """Whether the context looks for go behind this directory before it finds one."""
    for entry in context.search_path:
        here = entry.directory == closed.path or inside(entry.directory, closed.path)
        blocked = entry.go is not None and entry.go.blocked_by is not None and entry.go.blocked_by.path == closed.path
        if blocked or (here and (entry.go is None or not entry.go.executable)):
            return True
        if entry.go is not None and entry.go.executable:
            return False
    return False


def _sources(snapshot: Snapshot, path: str) -> tuple[Location, ...]:
    lines = (
        source
        for context in snapshot.contexts
        for entry in context.search_path
        if entry.directory == path or inside(entry.directory, path)
        for source in entry.sources[:1]
    )
    return tuple(dict.fromkeys(lines))


def _is_private_home(path: str) -> bool:
    return path == "/root" or (path.startswith("/home/") and path.count("/") == 2)


def _commands(snapshot: Snapshot, closed: _Closed) -> tuple[str, ...]:
    """What a person decides: membership of the group that a directory is meant for, a directory that somebody else closed."""
    user, blocker = snapshot.user, closed.blocker
    if blocker is None or _is_private_home(closed.path) or blocker.owner == user.name:
        return ()
    if blocker.mode & 0o010 and blocker.group not in ("", "root"):
        return (f"usermod -aG {quote(blocker.group)} {quote(user.name)}",)
    return (f"chmod o+x {quote(closed.path)}",) if blocker.owner != "root" else ()


def _actions(snapshot: Snapshot, closed: _Closed) -> tuple[Action, ...]:
    """The bits that are missing, for the one directory, and for the tree behind it if more of it is closed."""
    user, mode = snapshot.user, _mode(snapshot, closed)
    if _is_private_home(closed.path) or (closed.blocker is None and closed.path == closed.behind and not closed.inner):
        return ()
    tree = _closed_inside(snapshot, closed)
    opened = (OpenTree(tree, others=not is_private(snapshot, tree)),) if tree else ()
    if mode is None or closed.inner or closed.path == tree:
        return opened
    mine = closed.blocker is not None and bool(user.name) and closed.blocker.owner == user.name
    return (SetMode(closed.path, mode, mode | (0o100 if mine else 0o111)), *opened)


def _mode(snapshot: Snapshot, closed: _Closed) -> int | None:
    if closed.blocker is not None:
        return closed.blocker.mode
    return next((t.mode for t in snapshot.toolchains if closed.path in (t.path, t.real_path)), None)


def _closed_inside(snapshot: Snapshot, closed: _Closed) -> str:
    """The tree behind, if more of its own directories are closed too (all of it was unpacked under umask 077); "" if not."""
    for tree in distinct_trees(snapshot):
        if closed.inner and tree.path == closed.behind:
            return tree.real_path or tree.path
        behind = closed.path in (tree.path, tree.real_path) or inside(tree.real_path or tree.path, closed.path)
        others = [n for n in tree.unsearchable if n not in ("", ".") and not n.startswith("/")]
        if behind and others:
            return tree.real_path or tree.path
    return ""


def _advice(closed: _Closed, actions: tuple[Action, ...], commands: tuple[str, ...], user: str) -> Text:
    if _is_private_home(closed.path):
        return Text(
            "{directory} is somebody's home and should stay closed: install Go where all may pass, such as /usr/local/go.",
            directory=closed.path,
        )
    if commands and commands[0].startswith("chmod"):
        return Text(
            "{directory} belongs to somebody who may have closed it on purpose: ask first.", directory=closed.path
        )
    if commands:
        return Text(
            "The directory is meant for a group: membership takes effect at the next login of {user}.", user=user
        )
    if any(isinstance(action, OpenTree) for action in actions):
        return Text(
            "The tree was unpacked under a strict umask: what everybody else's tree allows is missing in it, and nothing else is changed."
        )
    if actions:
        return Text("Only this one directory needs the right to be searched; what is in it keeps its modes.")
    return Text(
        "Look which directory on the way says no: the first line without an x for {user} in the output of namei.",
        user=user,
    )
