"""One run of changes by this process: the journal is held, what is not possible is taken back, the run is closed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from gosteward import __version__
from gosteward.errors import TRY_AGAIN, StewardError
from gosteward.host.places import Refused
from gosteward.repair.executor import begin
from gosteward.repair.steps import carry_out, why
from gosteward.repair.unpacked_trees import WrongArchive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gosteward.actions import Action
    from gosteward.host.local import LocalHost
    from gosteward.host.places import Accounts
    from gosteward.repair.executor import Done, Executor
    from gosteward.repair.journal import Journal
    from gosteward.snapshot import User

# Seconds for another process that changes this host.
PATIENCE = 600.0


class ChangeError(StewardError):
    """The host does not let something be done; nothing of it was done."""

    exit_code = TRY_AGAIN


class Changing(NamedTuple):
    """Who changes what.

    Attributes:
        user: of this process.   journal: not read yet.   who: who is who.   command: what was typed, for the journal.
    """

    host: LocalHost
    user: User
    journal: Journal
    who: Accounts
    command: str

    @contextlib.contextmanager
    def run(self) -> Iterator[Executor]:
        """A run of the journal, alone. Raises BusyError, PrivilegeError, JournalError, DecodeError."""
        with self.journal.locked(self.command, PATIENCE):
            executor = begin(self.journal, self.who, self.command, user=self.user.name, version=__version__)
            yield executor
            self.journal.append(executor.run, "ended", cleared=[], remaining=[])

    def do(self, actions: Iterable[Action]) -> int:
        """All of the actions, or none. Returns the number of the run. Raises ChangeError, and as `run`."""
        with self.run() as executor:
            carried_out(actions, executor)
            return executor.run


def carried_out(actions: Iterable[Action], executor: Executor) -> tuple[Done, ...]:
    """All of the actions, or none. Raises ChangeError; MismatchError: an archive does not hold what is proved."""
    try:
        return carry_out(actions, executor, 1)
    except WrongArchive as error:
        from gosteward.toolchains.proving.proofs import MismatchError  # here, as most changes unpack nothing

        raise MismatchError(str(error.text)) from error
    except Refused as error:
        raise ChangeError(str(error.text)) from error
    except OSError as error:
        raise ChangeError(str(why(error))) from error
