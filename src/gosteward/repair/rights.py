"""Changes of modes, owners and ACLs: what an action means for one path, or for everything below it."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from gosteward.actions import CloseTree, OpenTree, SetMode, SetOwner, WidenAcl
from gosteward.finding import Text
from gosteward.formats.access import ACCESS_LIST
from gosteward.host.places import Refused, place
from gosteward.host.writing import pinned
from gosteward.repair.access_lists import widened, with_mode
from gosteward.repair.changes import RightsOf, SetRights
from gosteward.repair.descent import everything, has_other_names, only
from gosteward.repair.permissions import refuse_dangerous

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Union

    from gosteward.host.places import Accounts, Place
    from gosteward.host.writing import Rights
    from gosteward.repair.changes import Change
    from gosteward.repair.descent import Met

    Widening = Union[SetMode, OpenTree, CloseTree, SetOwner, WidenAcl]

# Of the distribution, besides directories: programs, and the scripts that build it.
PROGRAMS = re.compile(r"(?:bin|pkg/tool/[^/]+)/[^/]+|.*\.(?:bash|sh|rc|pl)|misc/.*_exec")
BITS = {"r": 4, "w": 2, "x": 1}


def rights_changes(action: Widening, accounts: Accounts) -> tuple[Change, ...]:
    """The change of one action, as far as something is to be changed. Raises Refused and OSError.

    It only looks, with the rights of this process: a directory that is closed to its owner is looked into, too. What is done then is
    done as its owner.
    """
    if isinstance(action, SetOwner):
        return _set_owner(action, accounts)
    with place(action.path, accounts) as where:
        if isinstance(action, OpenTree):
            # Who is not root opens the directories first, and looks into them the next time.
            found = everything(where, past_closed=os.geteuid() != 0)
            return _changed(where, ((met, _opened(met, action)) for met in _safe(where, found)))
        if isinstance(action, CloseTree):
            return _changed(where, ((met, _closed(met)) for met in _safe(where, everything(where))))
        found_one = only(where)
        _refuse_dangerous(where, found_one)
        if isinstance(action, SetMode):
            return _changed(where, [(found_one, _with_mode(found_one.rights, action))])
        return _changed(where, [(found_one, _widened(found_one.rights, action))])


def _safe(where: Place, found: Iterable[Met]) -> Iterable[Met]:
    """Without files that root leaves alone where the tree is in root's hands: see `permissions.refuse_dangerous`."""
    own = where.account is None and os.geteuid() == 0
    return (met for met in found if not (own and has_other_names(met.status)))


def _refuse_dangerous(where: Place, met: Met) -> None:
    if where.account is None and os.geteuid() == 0:
        descriptor = pinned(where.directory, where.name)
        try:
            refuse_dangerous(where.path, descriptor, met.status, new_owner=False)
        finally:
            os.close(descriptor)


def _changed(where: Place, found: Iterable[tuple[Met, Rights]], *, own_hands: bool = False) -> tuple[Change, ...]:
    entries = tuple(RightsOf(met.name, met.rights, wanted) for met, wanted in found if wanted != met.rights)
    return (SetRights(where.path, entries, own_hands),) if entries else ()


def _with_mode(rights: Rights, action: SetMode) -> Rights:
    if rights.mode not in (action.before, action.after):
        before = f"{action.before:04o}"
        raise Refused(
            Text(
                "{path} has mode {mode}, and no longer {before}",
                path=action.path,
                mode=f"{rights.mode:04o}",
                before=before,
            )
        )
    return with_mode(rights, action.after)


def _opened(met: Met, action: OpenTree) -> Rights:
    mode = met.status.st_mode
    if stat.S_ISLNK(mode):
        return met.rights
    executable = stat.S_ISDIR(mode) or PROGRAMS.fullmatch(met.name) is not None
    bits = 0o755 if executable else 0o644
    return with_mode(met.rights, met.rights.mode | (bits if action.others else bits & 0o700))


def _closed(met: Met) -> Rights:
    mode = met.rights.mode
    # Nobody's file can be replaced in a sticky directory.
    kept = stat.S_ISLNK(met.status.st_mode) or (stat.S_ISDIR(met.status.st_mode) and mode & stat.S_ISVTX)
    return met.rights if kept else with_mode(met.rights, mode & ~stat.S_IWOTH)


def _set_owner(action: SetOwner, accounts: Accounts) -> tuple[Change, ...]:
    if os.geteuid() != 0:
        raise Refused(Text("only root can give {path} to somebody", path=action.path))
    with place(action.path, accounts, follow=False, own_hands=True) as where:
        found = everything(where) if action.tree else (only(where),)
        given = (
            (met, met.rights._replace(uid=action.uid, gid=action.gid))
            for met in found
            if met.status.st_uid == action.before and not _left_alone(met)
        )
        return _changed(where, given, own_hands=True)


def _left_alone(met: Met) -> bool:
    """What runs with rights of its own would run with other ones."""
    return met.powers or has_other_names(met.status)


def _widened(rights: Rights, action: WidenAcl) -> Rights:
    if ACCESS_LIST not in dict(rights.attributes):
        raise Refused(Text("{path} has no extended ACL", path=action.path))
    return widened(rights, sum(BITS[letter] for letter in set(action.rights) & BITS.keys()), action.uid)
