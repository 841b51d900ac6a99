"""Runs of the journal, for people and programs: when, what was typed, what changed, whether it still stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gosteward.repair.diffs import diff
from gosteward.repair.executor import changes_of

if TYPE_CHECKING:
    from gosteward.repair.journal import Journal


def runs(journal: Journal) -> tuple[dict[str, Any], ...]:
    """All runs, oldest first: run, at, command, user, state ("standing", "undone", "partly undone", "nothing changed"), and changes, each
    with step, because, path, undone and diff. Raises DecodeError where the journal's copies of files are gone.
    """
    return tuple(
        _run(journal, entry.run, entry.at, entry.details) for entry in journal.entries if entry.phase == "begun"
    )


def _run(journal: Journal, run: int, at: str, details: dict[str, Any]) -> dict[str, Any]:
    changes = [
        {
            "step": done.step,
            "because": list(done.because),
            "path": done.change.path,
            "undone": undone,
            "diff": list(diff(done.change)),
        }
        for done, undone in changes_of(journal, run)
    ]
    return {
        "run": run,
        "at": at,
        "command": str(details.get("command", "")),
        "user": str(details.get("user", "")),
        "state": _state([bool(change["undone"]) for change in changes]),
        "changes": changes,
    }


def _state(undone: list[bool]) -> str:
    if not undone:
        return "nothing changed"
    if all(undone):
        return "undone"
    return "partly undone" if any(undone) else "standing"
