"""The copy of a vulnerability database that a proxy has: kept in its store, brought up to date meanwhile, told to clients, and judged by.

A copy that another process puts into the store, such as `import`, is taken as well; it is all there is where no database is asked.

    /vulndb/index/db.json   .json.gz   /vulndb/ID/GO-2022-1059.json   .json.gz   /vulndb/vulndb.zip

While the database does not answer, the copy stays as it is. Until somebody needs it, nothing is asked for.
"""

from __future__ import annotations

import asyncio
import os
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import StewardError
from gosteward.finding import Text
from gosteward.golang import advisories
from gosteward.modules.answers import BAD_GATEWAY, BAD_REQUEST, NOT_FOUND, Refusal
from gosteward.modules.changing import Content
from gosteward.modules.tally import Reports
from gosteward.modules.vulnerabilities import bringing
from gosteward.modules.vulnerabilities.snapshot import DIRECTORY, INDEXES, ZIP, keep, kept

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
OLD = 86_400.0  # seconds after which a copy that its database did not confirm is said to be old
STORE = "store"  # in place of a database: what comes into the store is all there is
_NONE = "none has come into the store; `gosteward proxy import` brings one"
_PATH = re.compile(rf"(?P<name>index/(?:db|modules|vulns)|ID/{advisories.ID.pattern})\.json(?P<gz>\.gz)?", re.ASCII)


class Copy(NamedTuple):
    """What is known.  at: when the database was last asked and answered, 0.0 for not since the start; where none is asked, when the copy came.

    In seconds since the epoch.
    """

    snapshot: Snapshot
    table: VulnerabilityTable
    at: float = 0.0


class VulnerabilityMirror:
    """A copy, in one event loop.

    Args:
        source: None for none: then what comes into the store is all there is.
        top: the store's directory.   threads: where it is brought.   clock: seconds since the epoch.

    Attributes:
        wanted: somebody needs it, so that it is to be kept up to date.   problem: why it could not be at the last try, "" if it could.
        changed: called in the event loop when there is another one.   told: is given what happens, for a log.
    """

    def __init__(
        self, source: Database | None, top: str, threads: Executor, clock: Callable[[], float], tally: Tally
    ) -> None:
        self.source, self._threads, self._clock, self._tally = source, threads, clock, tally
        self._top, self._path = top, f"{top}/{DIRECTORY}/{ZIP}"
        self._copy: Copy | None = None
        self._looking: asyncio.Task[None] | None = None
        self._asked: asyncio.Task[None] | None = None
        self._due, self._state, self._kept_state = 0.0, object(), object()
        self.wanted = False
        self.problem = _NONE if source is None else ""
        self.changed: list[Callable[[], None]] = []
        self.told: Callable[[Text], None] = lambda _: None
        tally.reports = self.counted

    @property
    def table(self) -> VulnerabilityTable | None:
        """What all reports say; None while nothing is known. Who asks wants it: it is brought then."""
        self.wanted = True
        return self._copy.table if self._copy is not None else None

    def said(self) -> Text:
        """What is known, for a log."""
        time, count = (self._copy.table.as_of, self._copy.table.reports) if self._copy is not None else ("-", 0)
        return Text("the vulnerability database is as of {time}, reports: {count}", time=time, count=str(count))

    def counted(self) -> Reports:
        """What is known, for metrics."""
        if self._copy is None:
            return Reports()
        snapshot, table, at = self._copy
        return Reports(table.reports, len(snapshot.content), _seconds(table.as_of), at)

    def begin(self) -> None:
        """Let there be a copy before anybody is served: what is kept, and what is newer. Blocking; what fails is told by `problem`."""
        self.wanted = True
        self._take(self._looked(None))
        if self.source is not None:
            self._take(self._brought(self.source, self._copy))

    async def watch(self) -> None:
        """Keep it up to date, for ever."""
        while True:
            await asyncio.sleep(LOOK)
            if self.wanted:
                await asyncio.shield(self._look())
            if self.wanted and self._source_is_due():
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
        if self._copy is None:  # what is here need not wait for a database
            await asyncio.shield(self._look())
        if self._copy is None:
            await self.refreshed()
        elif self._source_is_due():
            self._ask()
        if self._copy is None:
            reason = f"there is no copy of the vulnerability database yet: {self.problem}"
            return Refusal(BAD_GATEWAY, reason, int(AGAIN))
        snapshot = self._copy.snapshot
        # Where none is asked, what came last is all there is, and no answer of anybody would be newer.
        is_old = self.source is not None and self._clock() - self._copy.at > OLD
        if match is None:
            return Content(snapshot.content, int(FRESH), is_old)
        name = f"{match['name']}.json"
        if not snapshot.has(name):
            return Refusal(NOT_FOUND, f"not found: the vulnerability database of {snapshot.as_of} has no {name}")
        body = snapshot.packed(name) if match["gz"] else snapshot.read(name)
        return Content(body, int(FRESH if name.startswith("ID/") else AGAIN), is_old)

    def _source_is_due(self) -> bool:
        if self.source is None:
            return False
        state = self.source.state()
        left = self._due - self._clock()
        # More than the longest pause: the clock was put back.
        return not 0 < left <= max(FRESH, AGAIN) if state is None or self.problem else state != self._state

    def _look(self) -> asyncio.Task[None]:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._look_into_store())
        return self._looking

    async def _look_into_store(self) -> None:
        if bringing.state_of(self._path) != self._kept_state:
            self._take(await asyncio.get_running_loop().run_in_executor(self._threads, self._looked, self._copy))

    def _ask(self) -> asyncio.Task[None]:
        if self._asked is None or self._asked.done():
            self._asked = asyncio.ensure_future(self._refresh())
        return self._asked

    async def _refresh(self) -> None:
        await self._look()
        if self.source is not None:
            loop = asyncio.get_running_loop()
            self._take(await loop.run_in_executor(self._threads, self._brought, self.source, self._copy))

    def _looked(self, known: Copy | None) -> Copy | None:
        """What an earlier process kept, or another one has put there since. Blocking; nothing is raised."""
        self._kept_state = bringing.state_of(self._path)
        try:
            snapshot = kept(self._top)
            if snapshot is None or (known is not None and snapshot.content == known.snapshot.content):
                return known
            found = _copy_of(snapshot)
            return found if self.source is not None else found._replace(at=os.stat(self._path).st_mtime)
        except (OSError, StewardError) as error:
            self._tally.trouble("store", f"the copy of the vulnerability database cannot be used: {error}")
            return known

    def _brought(self, source: Database, known: Copy | None) -> Copy | None:
        """What is to be known. Blocking; nothing is raised."""
        state, problem, found = source.state(), "", None
        try:
            found = bringing.newer(source, known.snapshot if known is not None else None, self._clock())
            if found is not None:
                known = _copy_of(found)
                keep(self._top, found)
        except (OSError, StewardError) as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - the copy that is there is better than none
            problem = f"the proxy failed ({type(error).__name__})"
        news = problem != self.problem
        self._state, self.problem = state, problem
        self._due = self._clock() + (AGAIN if problem else FRESH)
        if problem and news:
            self._tally.trouble("upstream", f"the vulnerability database {source.shown}: {problem}")
        return known._replace(at=self._clock()) if known is not None and not problem else known

    def _take(self, found: Copy | None) -> None:
        another = found is not None and (self._copy is None or found.snapshot is not self._copy.snapshot)
        self._copy = found
        if self.source is None and found is not None:
            self.problem = ""
        if another:
            self.told(self.said())
            for changed in self.changed:
                changed()


def _seconds(time: str) -> float:
    """A time as databases have it, in seconds since the epoch."""
    return datetime.fromisoformat(time[: len("2026-11-01T00:00:00")]).replace(tzinfo=timezone.utc).timestamp()


def _copy_of(snapshot: Snapshot) -> Copy:
    """All that takes time. Raises ArchiveError, AdvisoryError."""
    for name in INDEXES:
        snapshot.packed(name)
    return Copy(snapshot, snapshot.table())
