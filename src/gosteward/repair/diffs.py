"""Changes as a person reads them: unified diffs, links, modes, moves."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from gosteward.actions import Vendor
from gosteward.redaction import line_without_secrets
from gosteward.repair.changes import MakeTree, Move, Replace

if TYPE_CHECKING:
    from gosteward.host.writing import Rights, State
    from gosteward.repair.changes import Change, SetRights

SHOWN = 8
LINES_SHOWN = 200
LONGEST_SHOWN = 400
WHOLE_SHOWN = 1 << 16  # bytes; more than that is no file that somebody wrote


def diff(change: Change) -> tuple[str, ...]:
    """Lines without line ends; passwords in them are masked."""
    if isinstance(change, Move):
        return (f"rename {change.path} -> {change.to}",)
    if isinstance(change, Replace):
        return tuple(line_without_secrets(line) for line in _replace(change))
    if isinstance(change, MakeTree):
        maker = "`go mod vendor`" if isinstance(change.recipe, Vendor) else change.recipe.archive
        return (f"{'remove' if change.removes else 'create'} directory {change.path} (by {maker})",)
    return _rights(change)


def _replace(change: Replace) -> list[str]:
    before, after = change.before, change.after
    if "link" in (before.kind, after.kind):
        return _link(change)
    if "directory" in (before.kind, after.kind):
        word, state = ("create", after) if before.kind == "absent" else ("remove", before)
        return [f"{word} directory {change.path} {_owner(state)}"]
    if "absent" in (before.kind, after.kind) and max(map(len, (before.content, after.content))) > WHOLE_SHOWN:
        word, state = ("create", after) if before.kind == "absent" else ("remove", before)
        return [f"{word} file {change.path} {_owner(state)}, {len(state.content)} bytes"]
    lines = list(
        difflib.unified_diff(
            _text(before),
            _text(after),
            change.path if before.kind == "file" else "/dev/null",
            change.path if after.kind == "file" else "/dev/null",
            lineterm="",
            n=2,
        )
    )
    lines = [line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}..." for line in lines]
    more = len(lines) - LINES_SHOWN
    if more > 0:
        lines = [*lines[:LINES_SHOWN], f"... {more} lines more"]
    if before.kind == "absent":
        lines.insert(0, f"create file {change.path} {_owner(after)}")
    elif after.kind == "absent":
        lines.insert(0, f"remove file {change.path}")
    return lines


def _text(state: State) -> list[str]:
    return state.content.decode("utf-8", "surrogateescape").split("\n") if state.content else []


def _link(change: Replace) -> list[str]:
    before, after = change.before, change.after
    if after.kind == "absent":
        return [f"remove link {change.path} -> {before.target}"]
    if before.kind == "absent":
        return [f"create link {change.path} -> {after.target}"]
    return [f"change link {change.path} -> {after.target} (was {before.target})"]


def _owner(state: State) -> str:
    return f"(mode {state.mode:04o}, owner {state.uid}:{state.gid})"


def _rights(change: SetRights) -> tuple[str, ...]:
    lines = [
        f"{', '.join(_differences(e.before, e.after))}: {f'{change.path}/{e.name}' if e.name else change.path}"
        for e in change.entries[:SHOWN]
    ]
    more = len(change.entries) - SHOWN
    return (*lines, f"... {more} more below {change.path}") if more > 0 else tuple(lines)


def _differences(before: Rights, after: Rights) -> list[str]:
    found = []
    if before.mode != after.mode:
        found.append(f"mode {before.mode:04o} -> {after.mode:04o}")
    if (before.uid, before.gid) != (after.uid, after.gid):
        found.append(f"owner {before.uid}:{before.gid} -> {after.uid}:{after.gid}")
    if before.attributes != after.attributes:
        found.append("access list changed")
    return found
