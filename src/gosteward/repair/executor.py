"""The only hands: makes one change at a time, after a look at what is there, a synced line in the journal, and with the rights that suffice.

    journal: intended  ->  the change  ->  journal: done (what is there now) or failed (why)

A line "intended" without one of the others is a crash. `settle` looks at the host and says which side of the change it is on.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from gosteward.errors import DecodeError
from gosteward.finding import Text
from gosteward.host import writing
from gosteward.host.acting import acting_as
from gosteward.host.places import Refused, exact_place
from gosteward.repair import made_trees
from gosteward.repair.changes import MakeTree, Move, Replace, SetRights, decode, decode_state, encode, encode_state
from gosteward.repair.journal import JournalError
from gosteward.repair.permissions import done_half, set_rights, side_of_rights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.host.places import Accounts, Place
    from gosteward.repair.changes import Change
    from gosteward.repair.journal import Entry, Journal


class Done(NamedTuple):
    """A change that was made, as the journal has it.

    Attributes:
        number: of its line "intended".   run, step: it belongs to.   change: with the state that was found after it.   because: fingerprints.
    """

    number: int
    run: int
    step: int
    change: Change
    because: tuple[str, ...] = ()


class Executor:
    """Changes a host, for one run of the journal.

    Args:
        journal: locked.   accounts: who is who.   run: number of the run, see `begin`.

    Attributes:
        last: the change that was made last, as it was found to be; None before the first.
    """

    def __init__(self, journal: Journal, accounts: Accounts, run: int) -> None:
        self.journal = journal
        self.accounts = accounts
        self.run = run
        self.last: Change | None = None

    def apply(self, change: Change, step: int, because: tuple[str, ...] = (), undoes: int = 0) -> Done:
        """Make a change.

        Args:
            step: number of the step of the plan.   undoes: number of the line whose change this one takes back, 0 for none.

        Raises:
            Refused: the host is not as the change presumes; nothing was done.   OSError: the kernel says no; nothing was done.
            JournalError: it cannot be written down; nothing was done, or it was taken back.
        """
        number = len(self.journal.entries) + 1
        if isinstance(change, Move) and not change.inode:
            change = change._replace(inode=_inode_at(change.path, self.accounts))
        # Nobody can know the name beforehand, and put something of their own there.
        temporary = f".gosteward-{os.urandom(8).hex()}"
        details = {"step": step, "temporary": temporary, "because": list(because), "undoes": undoes}
        self.journal.append(self.run, "intended", change=encode(change, self.journal.keep), **details)
        try:
            made = perform(change, self.accounts, temporary)
        except (OSError, Refused) as error:
            if isinstance(change, MakeTree):
                _discard(
                    change, temporary, self.accounts
                )  # where that fails too, the line stays open, and `settle` does it
            side = side_of(change, self.accounts)
            if side == "after":
                made = _as_found(change, self.accounts)  # only the sync at its very end was denied
            elif side == "between":
                raise  # `settle` takes the rest back
            else:
                reason = str(error) if isinstance(error, Refused) else reason_of(error)
                self.journal.append(self.run, "failed", of=number, reason=reason)
                raise
        self._note_done(number, made)
        self.last = made
        return Done(number, self.run, step, made, because)

    def _note_done(self, number: int, made: Change) -> None:
        try:
            self.journal.append(self.run, "done", of=number, found=_found(made, self.journal))
        except JournalError as error:
            if not error.torn:
                with contextlib.suppress(OSError, Refused):
                    perform(made.inverse(), self.accounts, f".gosteward-{os.urandom(8).hex()}")
            raise


def reason_of(error: OSError) -> str:
    """The kernel's reason, with the file that it is about."""
    name = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, (str, bytes)) else ""
    return f"{os.strerror(error.errno) if error.errno else 'input or output error'}{name}"


def perform(change: Change, accounts: Accounts, temporary: str) -> Change:
    """Make a change; returns it with the state that is there now. Raises as `Executor.apply`."""
    if isinstance(change, SetRights):
        return set_rights(change, accounts)
    if isinstance(change, Move):
        return _move(change, accounts)
    if isinstance(change, MakeTree):
        with exact_place(change.path, accounts) as where:
            return made_trees.perform(change, where, accounts, temporary)
    with exact_place(change.path, accounts) as where, acting_as(where.account):
        present = writing.state(where.directory, where.name)
        if not present.same(change.before):
            raise Refused(Text("{path} was changed by somebody else", path=change.path))
        if present.kind == change.after.kind == "absent":  # an undo that is forced, of what somebody took away already
            return change
        try:
            writing.put(where.directory, where.name, present, change.after, temporary)
        except FileExistsError as error:
            raise Refused(Text("{path} was changed by somebody else", path=change.path)) from error
        return _noted(change, where)


def _noted(change: Replace, where: Place) -> Replace:
    """The change with what it came to; whatever else is there by now is somebody else's."""
    with contextlib.suppress(OSError, Refused):
        found = writing.state(where.directory, where.name)
        if found.made_as(change.after):
            return change._replace(after=found)
    return change


def _move(change: Move, accounts: Accounts) -> Move:
    with (
        exact_place(change.path, accounts) as source,
        exact_place(change.to, accounts) as target,
        acting_as(source.account),
    ):
        if source.account != target.account:
            raise Refused(Text("{path} and {other} are places of different users", path=change.path, other=change.to))
        if not _is_it(source, change):
            raise Refused(Text("{path} was replaced by somebody else", path=change.path))
        try:
            writing.move(source.directory, source.name, target.directory, target.name)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # Within one directory. Source: overlayfs, "Renaming directories".
            raise Refused(
                Text(
                    "{path} comes from a lower layer of a container image, where it can get no other name: remove it in the image itself",
                    path=change.path,
                )
            ) from None
        return change


def _inode_at(path: str, accounts: Accounts) -> int:
    with exact_place(path, accounts) as where, acting_as(where.account):
        return os.lstat(where.name, dir_fd=where.directory).st_ino


def _is_it(where: Place, change: Move) -> bool:
    try:
        return os.lstat(where.name, dir_fd=where.directory).st_ino == change.inode
    except FileNotFoundError:
        return False


def is_at(path: str, accounts: Accounts) -> bool:
    """Whether anything is at a path. Raises nothing: what cannot be seen is in the way."""
    try:
        with exact_place(path, accounts) as where, acting_as(where.account):
            os.lstat(where.name, dir_fd=where.directory)
    except FileNotFoundError:
        return False
    except (OSError, Refused):
        return True
    return True


def side_of(change: Change, accounts: Accounts) -> str:
    """On which side of a change the host is: "before", "after", "between" (some of many rights), "elsewhere" (somebody changed it)."""
    try:
        if isinstance(change, Replace):
            with exact_place(change.path, accounts) as where, acting_as(where.account):
                return _side_of_state(writing.state(where.directory, where.name), change)
        if isinstance(change, Move):
            return _side_of_move(change, accounts)
        if isinstance(change, MakeTree):
            with exact_place(change.path, accounts) as where:
                return made_trees.side_of(change, where)
        return side_of_rights(change, accounts)
    except FileNotFoundError:
        # The directory on the way is gone, or was never made.
        return "before" if isinstance(change, Replace) and change.before.kind == "absent" else "elsewhere"
    except (OSError, Refused):
        return "elsewhere"


def _side_of_state(present: writing.State, change: Replace) -> str:
    if present.same(change.before):
        return "before"
    return "after" if present.made_as(change.after) else "elsewhere"


def _side_of_move(change: Move, accounts: Accounts) -> str:
    for side, path in (("before", change.path), ("after", change.to)):
        with contextlib.suppress(FileNotFoundError), exact_place(path, accounts) as where, acting_as(where.account):
            if _is_it(where, change):
                return side
    return "elsewhere"


def _found(change: Change, journal: Journal) -> dict[str, Any] | str | None:
    """What the journal says about the host after a change: a state, or the digest of a tree."""
    if isinstance(change, MakeTree):
        if change.listing:
            journal.keep(change.listing)  # under the digest as its name
        return change.digest
    return encode_state(change.after, journal.keep) if isinstance(change, Replace) else None


def begin(journal: Journal, accounts: Accounts, command: str, **details: Any) -> Executor:
    """Settle what an earlier run left open, and begin a run. Raises as `settle`."""
    settle(journal, accounts)
    run = max((entry.run for entry in journal.entries), default=0) + 1
    journal.append(run, "begun", command=command, **details)
    return Executor(journal, accounts, run)


def settle(journal: Journal, accounts: Accounts) -> None:
    """Close the lines that a crash left open: the host is on one side of the change or the other, and no half of it remains.

    Raises:
        JournalError: it cannot be written.   DecodeError: a line is of another version, or the copies of files are gone.
    """
    open_lines = {entry.number: entry for entry in journal.entries if entry.phase == "intended"}
    for entry in journal.entries:
        if entry.phase in ("done", "failed"):
            open_lines.pop(_number(entry, "of", journal), None)
    for entry in reversed(open_lines.values()):
        with _understood(entry, journal):
            _settle_one(entry, decode(entry.details["change"], journal.content), journal, accounts)
    journal.sweep()


def _settle_one(entry: Entry, change: Change, journal: Journal, accounts: Accounts) -> None:
    try:
        _discard(change, str(entry.details["temporary"]), accounts)
        side = side_of(change, accounts)
        if side == "between" and isinstance(change, SetRights):
            set_rights(done_half(change, accounts).inverse(), accounts)
            side = "before"
    except OSError:
        return  # it stays open: the next run tries again
    except Refused:
        side = "elsewhere"
    if side == "after":
        found = _found(_as_found(change, accounts), journal)
        journal.append(entry.run, "done", of=entry.number, found=found, settled=True)
    else:
        reason = "interrupted before it was done" if side == "before" else "interrupted, and changed since"
        journal.append(entry.run, "failed", of=entry.number, reason=reason, settled=True)


def _as_found(change: Change, accounts: Accounts) -> Change:
    if isinstance(change, Replace):
        with (
            contextlib.suppress(OSError, Refused),
            exact_place(change.path, accounts) as where,
            acting_as(where.account),
        ):
            return _noted(change, where)
    if isinstance(change, MakeTree) and not change.removes:
        with contextlib.suppress(OSError, Refused), exact_place(change.path, accounts) as where:
            return made_trees.as_found(change, where)
    return change


def _discard(change: Change, temporary: str, accounts: Accounts) -> None:
    """Raises OSError: something is left, and stays."""
    if isinstance(change, (Replace, MakeTree)):
        gone = contextlib.suppress(FileNotFoundError, Refused)
        with gone, exact_place(change.path, accounts) as where, acting_as(where.account):
            if isinstance(change, MakeTree):
                writing.remove_tree(where.directory, temporary)
            else:
                writing.discard(where.directory, temporary)


def changes_of(journal: Journal, run: int) -> tuple[tuple[Done, bool], ...]:
    """What a run changed, in the order in which it was done, each with whether it was taken back.

    Raises:
        DecodeError: the journal's copies of files are gone, or a line is of another version.
    """
    intended = {entry.number: entry for entry in journal.entries if entry.phase == "intended"}
    ended = {_number(entry, "of", journal): entry for entry in journal.entries if entry.phase == "done"}
    undoes = {number: _number(intended[number], "undoes", journal) for number in ended if number in intended}
    standing = set(undoes)
    for number in sorted(undoes, reverse=True):
        # What takes back what took something back lets that stand again: the latest word counts.
        standing -= {undoes[number]} if number in standing else set()
    of_run = sorted(number for number in undoes if intended[number].run == run)
    return tuple(
        (_decoded(intended[number], ended[number], journal), number not in standing)
        for number in of_run
        if undoes[number] not in of_run  # a step that failed in the middle was taken back by its own run
    )


def changes_made(journal: Journal, run: int) -> tuple[Done, ...]:
    """What a run changed and nobody took back, in the order in which it was done. Raises DecodeError."""
    return tuple(done for done, undone in changes_of(journal, run) if not undone)


def _number(entry: Entry, name: str, journal: Journal) -> int:
    with _understood(entry, journal):
        return int(entry.details[name])


@contextlib.contextmanager
def _understood(entry: Entry, journal: Journal) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError) as error:
        text = f"line {entry.number} of the journal is not understood"
        raise DecodeError(text, subject=journal.path, hint="use the version of gosteward that wrote it") from error


def _decoded(begun: Entry, ended: Entry, journal: Journal) -> Done:
    with _understood(begun, journal):
        change = decode(begun.details["change"], journal.content)
        if isinstance(change, Replace) and ended.details["found"] is not None:
            change = change._replace(after=decode_state(ended.details["found"], journal.content))
        if isinstance(change, MakeTree):
            change = change._replace(digest=str(ended.details["found"]))
        because = tuple(map(str, begun.details["because"]))
        return Done(begun.number, begun.run, int(begun.details["step"]), change, because)
