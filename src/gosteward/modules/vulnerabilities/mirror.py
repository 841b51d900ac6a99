"""The copy of a vulnerability database that a proxy has: kept in its store, brought up to date meanwhile, told to clients, and judged by.

    /vulndb/index/db.json   .json.gz   /vulndb/ID/GO-2022-1059.json   .json.gz   /vulndb/vulndb.zip

While the database does not answer, the copy stays as it is. Until somebody needs it, nothing is asked for.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import StewardError
from gosteward.finding import Text
from gosteward.golang import advisories
from gosteward.host.own_directory import OwnDirectory
from gosteward.modules.answers import BAD_GATEWAY, BAD_REQUEST, NOT_FOUND, Refusal
from gosteward.modules.changing import Content
from gosteward.modules.vulnerabilities import bringing
from gosteward.modules.vulnerabilities.snapshot import DIRECTORY, INDEXES, ZIP, kept

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from gosteward.golang.vulnerability_table import VulnerabilityTable
    from gosteward.modules.tally import Tally
    from gosteward.modules.vulnerabilities.bringing import Database
    from gosteward.modules.vulnerabilities.snapshot import Snapshot

FRESH = 300.0  # seconds that a server's word is believed
AGAIN = 30.0  # seconds after which one that failed is asked again
LOOK = 2.0  # seconds between two looks at the files of one that is on this host
OLD = 86_400.0  # seconds after which a copy that nobody confirmed is said to be old
_PATH = re.compile(rf"(?P<name>index/(?:db|modules|vulns)|ID/{advisories.ID.pattern})\.json(?P<gz>\.gz)?", re.ASCII)


class Copy(NamedTuple):
    """What is known.  at: when the database was last asked and answered, seconds since the epoch, 0.0 for not since the start."""

    snapshot: Snapshot
    table: VulnerabilityTable
    at: float = 0.0


class VulnerabilityMirror:
    """A copy, in one event loop.

    Args:
        top: the store's directory.   threads: where it is brought.   clock: seconds since the epoch.

    Attributes:
        wanted: somebody needs it, so that it is to be kept up to date.   problem: why it could not be at the last try, "" if it could.
        changed: called in the event loop when there is another one.   told: is given what happens, for a log.
    """

    def __init__(self, source: Database, top: str, threads: Executor, clock: Callable[[], float], tally: Tally) -> None:
        self.source, self._threads, self._clock, self._tally = source, threads, clock, tally
        self._top = top
        self._copy: Copy | None = None
        self._asked: asyncio.Task[None] | None = None
        self._due, self._state = 0.0, object()
        self.wanted = False
        self.problem = ""
        self.changed: list[Callable[[], None]] = []
        self.told: Callable[[Text], None] = lambda _: None

    @property
    def table(self) -> VulnerabilityTable | None:
        """What all reports say; None while nothing is known. Who asks wants it: it is brought then."""
        self.wanted = True
        return self._copy.table if self._copy is not None else None

    def said(self) -> Text:
        """What is known, for a log."""
        time, count = (self._copy.table.as_of, self._copy.table.reports) if self._copy is not None else ("-", 0)
        return Text("the vulnerability database is as of {time}, reports: {count}", time=time, count=str(count))

    def begin(self) -> None:
        """Let there be a copy before anybody is served: what is kept, and what is newer. Blocking; what fails is told by `problem`."""
        self.wanted = True
        self._take(self._brought(self._kept()))

    async def watch(self) -> None:
        """Keep it up to date, for ever."""
        while True:
            await asyncio.sleep(LOOK)
            if self.wanted and self._is_due():
                await self.refreshed()

    async def refreshed(self) -> None:
        """Ask for what is newer. However many want it, one question goes out."""
        await asyncio.shield(self._ask())

    async def answer(self, path: str) -> Content | Refusal:
        """What the database says.  path: below it, as "ID/GO-2022-1059.json.gz"."""
        match = _PATH.fullmatch(path)
        if match is None and path != ZIP:
            return Refusal(BAD_REQUEST, "bad request: the path is not one of a vulnerability database")
        self.wanted = True
        if self._copy is None:
            await self.refreshed()
        elif self._is_due():
            self._ask()
        if self._copy is None:
            reason = f"there is no copy of the vulnerability database yet: {self.problem}"
            return Refusal(BAD_GATEWAY, reason, int(AGAIN))
        snapshot, age = self._copy.snapshot, self._clock() - self._copy.at
        if match is None:
            return Content(snapshot.content, int(FRESH), age > OLD)
        name = f"{match['name']}.json"
        if not snapshot.has(name):
            return Refusal(NOT_FOUND, f"not found: the vulnerability database of {snapshot.as_of} has no {name}")
        body = snapshot.packed(name) if match["gz"] else snapshot.read(name)
        return Content(body, int(FRESH if name.startswith("ID/") else AGAIN), age > OLD)

    def _is_due(self) -> bool:
        state = self.source.state()
        return self._clock() >= self._due if state is None or self.problem else state != self._state

    def _ask(self) -> asyncio.Task[None]:
        if self._asked is None or self._asked.done():
            self._asked = asyncio.ensure_future(self._refresh())
        return self._asked

    async def _refresh(self) -> None:
        loop, known = asyncio.get_running_loop(), self._copy
        self._take(await loop.run_in_executor(self._threads, self._brought, known))

    def _kept(self) -> Copy | None:
        """What an earlier process kept. Blocking."""
        try:
            snapshot = kept(self._top)
            return _copy_of(snapshot) if snapshot is not None else None
        except (OSError, StewardError) as error:
            self._tally.trouble("store", f"the copy of the vulnerability database cannot be used: {error}")
            return None

    def _brought(self, known: Copy | None) -> Copy | None:
        """What is to be known. Blocking; nothing is raised."""
        known = known if known is not None else self._kept()
        state, problem, found = self.source.state(), "", None
        try:
            found = bringing.newer(self.source, known.snapshot if known is not None else None, self._clock())
            if found is not None:
                known = _copy_of(found)
                OwnDirectory(f"{self._top}/{DIRECTORY}").put(ZIP, found.content, sync=True)
        except (OSError, StewardError) as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - the copy that is there is better than none
            problem = f"the proxy failed ({type(error).__name__})"
        news = problem != self.problem
        self._state, self.problem = state, problem
        self._due = self._clock() + (AGAIN if problem else FRESH)
        if problem and news:
            self._tally.trouble("upstream", f"the vulnerability database {self.source.shown}: {problem}")
        return known._replace(at=self._clock()) if known is not None and not problem else known

    def _take(self, found: Copy | None) -> None:
        another = found is not None and (self._copy is None or found.snapshot is not self._copy.snapshot)
        self._copy = found
        if another:
            self.told(self.said())
            for changed in self.changed:
                changed()


def _copy_of(snapshot: Snapshot) -> Copy:
    """All that takes time. Raises ArchiveError, AdvisoryError."""
    for name in INDEXES:
        snapshot.packed(name)
    return Copy(snapshot, snapshot.table())
