"""Bring what is in a store to the place that proxies share: after an import, or to fill a new one. Blocking."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import FINDINGS, HEALTHY, StewardError
from gosteward.modules.shared.objects import UnusableError
from gosteward.modules.shared.places import place_at
from gosteward.modules.shared.publishing import lacking, published
from gosteward.modules.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.modules.care.cared_store import CaredStore
    from gosteward.modules.shared.places import SharedPlace


class UnsharedError(StewardError):
    """The shared store cannot be used."""

    exit_code = 69  # EX_UNAVAILABLE


class SharedOut(NamedTuple):
    """What was done.  shown: the place.   brought: paths of files.   problems: what went wrong, for people."""

    shown: str
    brought: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        return FINDINGS if self.problems else HEALTHY


def share(
    looked_after: CaredStore, wanted: SharedPlace, progress: Callable[[int, int], None], *, dry: bool = False
) -> SharedOut:
    """Bring files that are not there.

    Args:
        progress: called with how many are done, of how many.   dry: nothing is brought.
    Raises:
        UnsharedError: the place does not answer.   UsageError: as `objects_at`.
    """
    tally = Tally()
    place = place_at(wanted, looked_after.store, looked_after.seen, tally, looked_after.log, looked_after.private)
    shown = place.files.objects.shown
    try:
        missing = tuple(lacking(place))
    except UnusableError as error:
        raise UnsharedError(f"it cannot be asked what it has ({error})", subject=shown) from error
    brought = []
    for count, request in enumerate(missing, 1):
        if not dry and not published(place, request, tally):
            break
        brought.append(request.path)
        progress(count, len(missing))
    problems = tuple(one.text for one in reversed(tally.recent()))
    return SharedOut(shown, tuple(brought), problems)
