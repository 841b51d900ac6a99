"""Taking a run back: the same changes with both sides exchanged, in the reverse order, if nobody changed the host meanwhile."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import BusyError, StewardError, UsageError
from gosteward.finding import Text
from gosteward.host.places import Refused
from gosteward.repair.changes import MakeTree, Move, Replace, SetRights
from gosteward.repair.diffs import diff
from gosteward.repair.executor import begin, changes_made, is_at, reason_of, settle, side_of
from gosteward.repair.permissions import as_it_is
from gosteward.repair.world import World

if TYPE_CHECKING:
    from gosteward.host.places import Accounts
    from gosteward.repair.changes import Change
    from gosteward.repair.executor import Done, Executor
    from gosteward.repair.journal import Journal


class Undone(NamedTuple):
    """One change that was taken back, or kept.  reason: why it was kept, "" if it was not.  diff: what changed by that."""

    path: str
    reason: Text = Text("")
    diff: tuple[str, ...] = ()


def last_run(journal: Journal) -> int:
    """The latest run that changed something which is not undone yet, undoing left aside; 0 if there is none. Raises DecodeError."""
    undoing = {e.run: e.details["undoes"] for e in journal.entries if e.phase == "begun" and e.details.get("undoes")}
    ended = {e.run for e in journal.entries if e.phase == "ended"}
    undone: set[int] = set()
    for run in sorted(undoing.keys() & ended, reverse=True):
        # A directory that is no longer empty stays, and its run counts as undone for all that, unless that was undone in turn.
        undone |= {undoing[run]} if run not in undone else set()
    runs = sorted({entry.run for entry in journal.entries} - undoing.keys() - undone, reverse=True)
    return next((run for run in runs if changes_made(journal, run)), 0)


def to_undo(journal: Journal, accounts: Accounts, run: int) -> tuple[int, tuple[Done, ...]]:
    """The run to undo (the last one for 0), and its changes, the last one first.

    Raises:
        UsageError: there is no such run, or nothing of it is left to undo.
    """
    settle(journal, accounts)
    number = run or last_run(journal)
    if number and all(entry.run != number for entry in journal.entries):
        raise UsageError("there is no such run", subject=str(run), hint="`gosteward history` lists them")
    made = changes_made(journal, number) if number else ()
    if not made:
        raise UsageError("there is nothing to undo", subject=f"run {number}" if number else "")
    return number, tuple(reversed(made))


def undo(
    journal: Journal, accounts: Accounts, run: int, made: tuple[Done, ...], *, force: bool = False
) -> tuple[Undone, ...]:
    """Take changes back. What is in the way of it is found before anything is touched.

    Args:
        made: from `to_undo`.   force: restore also what somebody changed since; that is kept in the journal, and can be undone in turn.

    Raises:
        BusyError: something was changed since.   StewardError: the kernel refused; what was taken back so far stays so.
    """
    changed = () if force else _changed_since(made, accounts)
    if changed:
        raise BusyError(
            f"{changed[0]} was changed since run {run}, so nothing was undone",
            subject=", ".join(changed[1:]),
            hint="`gosteward undo --force` restores it all the same; `gosteward history` shows how it was",
        )
    executor = begin(journal, accounts, f"undo {run}", undoes=run)
    anew = {done.change.path for done in made if isinstance(done.change, MakeTree) and done.change.removes}
    found = tuple(_take_back(executor, done, anew, force=force) for done in made)
    journal.append(executor.run, "ended", kept=[undone.path for undone in found if undone.reason])
    return found


def _changed_since(made: tuple[Done, ...], accounts: Accounts) -> tuple[str, ...]:
    """Paths that are not as the run left them. What a later change of the run is about is judged when that one is taken back."""
    touched: list[str] = []
    changed = []
    for done in made:
        change = done.change
        if not _is_as_left(change, touched, accounts):
            changed.append(change.path)
        touched += [change.path, change.to] if isinstance(change, Move) else [change.path]
    return tuple(dict.fromkeys(changed))


def _is_as_left(change: Change, touched: list[str], accounts: Accounts) -> bool:
    if not isinstance(change, Move):
        return _covered(change.path, touched) or side_of(change.inverse(), accounts) == "before"
    there = _covered(change.to, touched) or side_of(change.inverse(), accounts) == "before"
    return there and (_covered(change.path, touched) or not is_at(change.path, accounts))


def _covered(path: str, touched: list[str]) -> bool:
    return any(path == other or path.startswith(f"{other}/") for other in touched)


def _take_back(executor: Executor, done: Done, anew: set[str], *, force: bool) -> Undone:
    """anew: directories that are written again in the course of it, so that they are other ones than they were."""
    change: Change = done.change.inverse()
    if isinstance(change, Move) and change.path in anew:
        change = change._replace(inode=0)
    try:
        if force:
            change = _from_what_is_there(change, executor.accounts)
        executor.apply(change, done.step, done.because, undoes=done.number)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST) and isinstance(change, Replace):
            return Undone(change.path, Text("it is no longer empty"))
        raise StewardError(f"it cannot be undone ({reason_of(error)})", subject=change.path) from error
    except Refused as refused:
        if isinstance(change, MakeTree):
            return Undone(change.path, Text("it was changed since"))
        raise BusyError(f"it cannot be undone ({refused})", subject=change.path) from refused
    return Undone(change.path, diff=diff(change))


def _from_what_is_there(change: Change, accounts: Accounts) -> Change:
    """The change with whatever is there now as its beginning."""
    if isinstance(change, Replace):
        return change._replace(before=World(accounts).see(change.path, follow=False).state)
    return as_it_is(change, accounts) if isinstance(change, SetRights) else change
