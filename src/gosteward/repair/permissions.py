"""Rights as they are set and looked at: one entry of a change after the other, each held by a descriptor, all of them or none."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

from gosteward.finding import Text
from gosteward.host import writing
from gosteward.host.acting import acting_as
from gosteward.host.places import Refused, exact_place
from gosteward.repair.descent import Descent, has_other_names, has_powers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.host.places import Accounts
    from gosteward.host.writing import Rights
    from gosteward.repair.changes import RightsOf, SetRights


def set_rights(change: SetRights, accounts: Accounts) -> SetRights:
    """Make a change of rights. Raises Refused and OSError; what was done before that is taken back."""
    with (
        exact_place(change.path, accounts, own_hands=change.own_hands) as where,
        acting_as(where.account),
        Descent(where) as descent,
    ):
        done: list[tuple[str, Rights, Rights]] = []
        try:
            for entry in change.entries:
                with contextlib.suppress(FileNotFoundError):  # what went meanwhile needs no rights
                    descriptor = descent.held(entry.name)
                    present = _expected(descriptor, change, entry)
                    if present != entry.after:
                        done.append((entry.name, present, entry.after))
                        writing.set_rights(descriptor, present, entry.after)
            writing.sync_file_system(where.directory)
        except NotADirectoryError as error:
            _put_back(descent, done)
            raise Refused(Text("{path} was replaced by somebody else", path=change.path)) from error
        except BaseException:
            _put_back(descent, done)
            raise
        return change


def _expected(descriptor: int, change: SetRights, entry: RightsOf) -> Rights:
    """The rights of an entry as they are. Raises Refused if they are not those that the change presumes, or it is not what it was."""
    path = f"{change.path}/{entry.name}".rstrip("/")
    status = os.fstat(descriptor)
    present = writing.rights(descriptor, status)
    if present not in (entry.before, entry.after):
        raise Refused(Text("the rights of {path} were changed by somebody else", path=path))
    if stat.S_ISLNK(status.st_mode) and entry.after.mode != present.mode:  # links have no mode of their own
        raise Refused(Text("{path} was replaced by somebody else", path=path))
    if os.geteuid() == 0:
        refuse_dangerous(path, descriptor, status, new_owner=entry.before.uid != entry.after.uid)
    return present


def refuse_dangerous(path: str, descriptor: int, status: os.stat_result, *, new_owner: bool) -> None:
    """Raise Refused for a file whose rights root does not change in a place that others may write to.

    Whoever may make names there may have linked a file of root's. And a program that runs as its owner, filled by one owner and given to
    another, is a way to become that other.
    """
    if has_other_names(status):
        raise Refused(Text("{name} has {count} names (hard links)", name=path, count=str(status.st_nlink)))
    if new_owner and stat.S_ISREG(status.st_mode) and has_powers(descriptor, status):
        raise Refused(Text("{path} runs with rights of its own (set-user-ID, set-group-ID or capabilities)", path=path))


def _put_back(descent: Descent, done: list[tuple[str, Rights, Rights]]) -> None:
    for name, before, after in reversed(done):
        with contextlib.suppress(OSError):
            writing.set_rights(descent.held(name), after, before)


def side_of_rights(change: SetRights, accounts: Accounts) -> str:
    """As `executor.side_of`. It only looks, so it does so with our own rights: what is closed to its owner is looked at, too."""
    sides = {side for _, side in _sides(change, accounts)} or {"after"}
    if "elsewhere" in sides:
        return "elsewhere"
    return sides.pop() if len(sides) == 1 else "between"


def done_half(change: SetRights, accounts: Accounts) -> SetRights:
    """The entries of an interrupted change that were done. Raises Refused and OSError."""
    return change._replace(entries=tuple(entry for entry, side in _sides(change, accounts) if side == "after"))


def as_it_is(change: SetRights, accounts: Accounts) -> SetRights:
    """The change with the rights that are there now as its beginning; what is gone is left out. Raises Refused and OSError."""
    with exact_place(change.path, accounts, own_hands=change.own_hands) as where, Descent(where) as descent:
        entries = []
        for entry in change.entries:
            with contextlib.suppress(FileNotFoundError):
                entries.append(entry._replace(before=writing.rights(descent.held(entry.name))))
        return change._replace(entries=tuple(entries))


def _sides(change: SetRights, accounts: Accounts) -> Iterator[tuple[RightsOf, str]]:
    with exact_place(change.path, accounts, own_hands=change.own_hands) as where, Descent(where) as descent:
        for entry in change.entries:
            try:
                present = writing.rights(descent.held(entry.name))
            except FileNotFoundError:
                if not entry.name:
                    raise
                continue
            yield entry, "before" if present == entry.before else "after" if present == entry.after else "elsewhere"
