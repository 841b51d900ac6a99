"""What a repair came to: types only."""

from __future__ import annotations

from typing import NamedTuple

from gosteward.finding import Text

# planned: --dry-run.   done: made, and looked at again; with a reason if that proved nothing.   left: not made, see the reason.   rolled-back: made, and taken back.
STATUSES = ("planned", "done", "left", "rolled-back")


class StepOutcome(NamedTuple):
    """One step of a plan.

    Attributes:
        because: fingerprints of the findings that it repairs.   rules: their ids.   risk: "safe", "confirm".
        status: of STATUSES.   reason: why it was left or rolled back.   diff: lines that show what changes, as `diff -u` and `ls` do.
    """

    because: tuple[str, ...]
    rules: tuple[str, ...]
    risk: str
    status: str
    reason: Text = Text("")
    diff: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """A repair as a whole.

    Attributes:
        run: its number in the journal, 0 if nothing was to be done.   dry_run: nothing was done.   steps: in order.
        cleared, remaining, introduced: fingerprints of errors and warnings, before against after; what the last look could not judge remains.
    """

    run: int = 0
    dry_run: bool = False
    steps: tuple[StepOutcome, ...] = ()
    cleared: tuple[str, ...] = ()
    remaining: tuple[str, ...] = ()
    introduced: tuple[str, ...] = ()
