"""A step of several actions, done whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.errors import BusyError
from gosteward.finding import Text
from gosteward.host.places import Refused
from gosteward.repair.executor import reason_of
from gosteward.repair.journal import JournalError
from gosteward.repair.preparation import prepare
from gosteward.repair.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.actions import Action
    from gosteward.repair.executor import Done, Executor


def carry_out(
    actions: Iterable[Action], executor: Executor, step: int, because: tuple[str, ...] = ()
) -> tuple[Done, ...]:
    """Do the actions in order; what was done is taken back when one of them is not possible.

    Args:
        step: its number, for the journal.   because: fingerprints of the findings that it repairs.

    Raises:
        Refused: the host is not as an action presumes.   OSError: the system says no.   BusyError: it could not be taken back.
        JournalError: the journal cannot be written.
    """
    world = World(executor.accounts)
    done: list[Done] = []
    try:
        for action in actions:
            for change in prepare(action, world):
                done.append(executor.apply(change, step, because))
    except (Refused, OSError):
        take_back(done, executor)
        raise
    except JournalError as error:
        # A disk that is full has room again once what came last is gone; where it has none, this fails as well, and the next run goes on from here.
        if not error.torn:
            take_back(done, executor)
        raise
    return tuple(done)


def take_back(done: Iterable[Done], executor: Executor) -> None:
    """Undo changes of this run, the last first. Raises BusyError: one of them could not be undone."""
    path = ""
    try:
        for one in reversed(tuple(done)):
            path = one.change.path
            executor.apply(one.change.inverse(), one.step, one.because, undoes=one.number)
    except (Refused, OSError) as error:
        what = f"a change could not be taken back ({why(error)})"
        hint = f"`gosteward undo {executor.run}` takes back what this run changed"
        raise BusyError(what, subject=path, hint=hint) from error


def why(error: Refused | OSError) -> Text:
    """The reason for which something was not done, for people."""
    if isinstance(error, Refused):
        return error.text
    return Text("the system refused: {reason}", reason=reason_of(error))
