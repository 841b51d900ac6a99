"""What the public log names for many module versions: out of files where they suffice, else by asking for many at once.

Everything is proved one by one, as always; only the answers and the tiles that this takes are fetched beforehand and side by side.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import StewardError, UsageError
from gosteward.finding import Text
from gosteward.sumdb import lookup, note, tiles, tlog
from gosteward.sumdb.refusals import ForgeryError, RefusalError, UnjudgedError
from gosteward.toolchains.origins.web import UnreachableError, Web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gosteward.fetch import Answer
    from gosteward.sumdb.proof import LoggedHashes
    from gosteward.toolchains.proving.transparency import Log

    Module = tuple[str, str]
    Progress = Callable[[int, int], None]

BATCH = 64
AT_ONCE = (
    4  # each opens a connection of its own; of more questions at a time some resolvers drop one, which costs 5 seconds
)


class Said(NamedTuple):
    """What the log says of a module version.

    Attributes:
        hashes: None if nothing is known.   reason: why nothing is known.   forged: somebody lies about it.   private: nobody was asked.
    """

    hashes: LoggedHashes | None = None
    reason: Text = Text("")
    forged: bool = False
    private: bool = False


class _Ahead(Web):
    """A network whose answers were partly fetched before; who did not answer at all is not asked again."""

    def __init__(self, web: Web) -> None:
        super().__init__(web.host, web.user, offline=web.offline)
        self.known: dict[str, Answer] = {}
        self._silent: dict[str, UnreachableError] = {}

    def ask(self, url: str, limit: int = lookup.LARGEST) -> Answer:
        known = self.known.get(url)
        if known is not None:
            return known
        silent = self._silent.get(_server_of(url))
        if silent is not None:
            raise silent
        return super().ask(url, limit)

    def fetch(self, urls: Sequence[str]) -> None:
        """Ask for these now."""
        for first in range(0, len(urls), AT_ONCE):
            self._ask_some([url for url in urls[first : first + AT_ONCE] if url not in self.known])

    def _ask_some(self, urls: Sequence[str]) -> None:
        try:
            answers = self.ask_all(urls, lookup.LARGEST)
        except UnreachableError as error:  # nothing that can be asked
            answers = (error,) * len(urls)
        failures = [answer for answer in answers if isinstance(answer, UnreachableError)]
        if urls and len(failures) == len(urls):
            self._silent[_server_of(urls[0])] = failures[0]
        self.known.update((url, one) for url, one in zip(urls, answers) if not isinstance(one, UnreachableError))


def _server_of(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])


class _Found(NamedTuple):
    """An answer that came.  size: of the tree that it states, not verified.   base: who gave it."""

    module: Module
    number: int
    size: int
    base: str


def said(log: Log, wanted: Iterable[Module], progress: Progress = lambda *_: None) -> dict[Module, Said]:
    """What a log says of each module version."""
    modules = tuple(wanted)
    results: dict[Module, Said] = {}
    left = []
    for number, module in enumerate(modules):
        found = _at_hand(log, module)
        if found is None:
            left.append(module)
        else:
            results[module] = found
        progress(number + 1 - len(left), len(modules))
    asking, ahead = copy.copy(log), _Ahead(log.web)
    asking.web = ahead
    for first in range(0, len(left), BATCH):
        results.update(_asked(asking, ahead, left[first : first + BATCH]))
        ahead.known.clear()
        progress(len(results), len(modules))
    return results


def _at_hand(log: Log, module: Module) -> Said | None:
    try:
        found = log.at_hand(*module, keep=False)
    except (RefusalError, UsageError, OSError) as error:
        return _unknown(error)
    return Said(found) if found is not None else None


def _asked(log: Log, ahead: _Ahead, modules: Sequence[Module]) -> dict[Module, Said]:
    found = () if ahead.offline else _fetch(log, ahead, modules)
    # The newest tree first: then all the others are proved in it.
    size = {one.module: one.size for one in found}
    ordered = sorted(modules, key=lambda module: size.get(module, 0), reverse=True)
    return {module: _logged(log, module) for module in ordered}


def _logged(log: Log, module: Module) -> Said:
    try:
        return Said(log.logged(*module))
    except (StewardError, OSError) as error:
        return _unknown(error)


def _unknown(error: StewardError | OSError) -> Said:
    if isinstance(error, ForgeryError):
        return Said(reason=Text("the log was forged: {reason}", reason=str(error)), forged=True)
    if isinstance(error, UnjudgedError) and error.reason == "not-found":
        return Said(reason=Text("not in the log ({reason})", reason=error.what))
    if isinstance(error, UsageError):
        return Said(reason=Text("no module that a log can have: {reason}", reason=error.what))
    why = error.what if isinstance(error, StewardError) else f"{error.strerror or error}"
    return Said(reason=Text("what the log names is not known: {reason}", reason=why))


def _fetch(log: Log, ahead: _Ahead, modules: Sequence[Module]) -> tuple[_Found, ...]:
    """Fetch the answers of the first server that has them, and the tiles that their proofs take."""
    left, found = list(modules), []
    for base in log.bases:
        ahead.fetch([base + lookup.path(*module) for module in left])
        answered = [one for one in (_found(ahead, base, module) for module in left) if one is not None]
        found += answered
        have = {one.module for one in answered}
        left = [module for module in left if module not in have]
    newest = max((_size(log.newest_head()), *(one.size for one in found)))
    kept = log.tile_cache()
    needed = dict.fromkeys(
        f"{one.base}/{tile.path}"
        for one in found
        if one.number < newest
        for tile in tiles.for_inclusion(newest, one.number) | tiles.for_consistency(one.size, newest)
        if kept.get(tile.path) is None
    )
    ahead.fetch(tuple(needed))
    return tuple(found)


def _found(ahead: _Ahead, base: str, module: Module) -> _Found | None:
    answer = ahead.known.get(base + lookup.path(*module))
    if answer is None or answer.status != 200:
        return None
    try:
        record = lookup.parse(answer.body)
    except RefusalError:
        return None
    return _Found(module, record.number, _size(record.head), base)


def _size(head: str) -> int:
    """Records of the tree that a head states, whoever signed it; 0 for none."""
    try:
        return tlog.parse_head(note.parse(head)[0]).size
    except RefusalError:
        return 0
