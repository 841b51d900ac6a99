"""Checksum databases that are served to clients: their answers are kept, so that they are there when the database is not.

Nothing here has to be believed: the go command verifies every answer by the database's key. Source: go.dev/design/25530-sumdb, "Proxying a Checksum
Database"; golang.org/x/mod/sumdb/server.go for the paths.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang.proxyurls import DATABASE_IN_CHINA, KNOWN_DATABASES, masked
from gosteward.modules.answers import NOT_FOUND, Refusal
from gosteward.modules.changing import Content, Freshness, asked
from gosteward.modules.origins.upstream import UpstreamOrigin
from gosteward.modules.storage.kept_answers import Kept
from gosteward.modules.upstreams import Upstream
from gosteward.sumdb import keys
from gosteward.toolchains.origins import log_files
from gosteward.toolchains.proving.transparency import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gosteward.modules.changing import ChangingAnswers, IsUnwanted
    from gosteward.modules.requests import DatabaseRequest
    from gosteward.modules.tally import Tally
    from gosteward.sumdb.keys import Key
    from gosteward.toolchains.origins.log_files import Folder
    from gosteward.toolchains.origins.web import Web

# A record and a tile never change; whoever gave a wrong one is asked again the next day.
LASTING = Freshness(lists=86_400.0, stale=0.0, on_error=365 * 86_400.0)
PASSING = Freshness(lists=30.0, stale=60.0)


class Database(NamedTuple):
    """A checksum database.  name: as clients ask for it.   bases: URLs that it is asked under, the best first.   folders: files of it on this host."""

    name: str
    key: Key
    bases: tuple[Upstream, ...]
    folders: tuple[Folder, ...] = ()


def databases(value: str, upstreams: Sequence[Upstream]) -> tuple[Database, ...]:
    """Databases by a list of words, each as GOSUMDB has it; () for "off".

    Args:
        value: the name of a well-known one, "NAME+HASH+KEY", "NAME+HASH+KEY URL", several of them with commas.
    Raises:
        UsageError: a key is none.
    """
    found = []
    for word in filter(None, (part.strip() for part in value.split(","))):
        if word == "off":
            continue
        named, _, url = word.partition(" ")
        key = keys.parse(keys.PUBLIC_DATABASE if named in KNOWN_DATABASES else named)
        own = url.strip() or f"https://{DATABASE_IN_CHINA if named == DATABASE_IN_CHINA else key.name}"
        servers = () if url.strip() else tuple(u for u in upstreams if u.scheme in ("http", "https"))
        relayed = (f"{server.url}/sumdb/{key.name}" for server in servers)
        bases = tuple(Upstream(base.rstrip("/"), True, masked(base)) for base in (*relayed, own))
        folders = tuple(log_files.of_proxy(u.path, key.name) for u in upstreams if u.scheme == "file")
        found.append(Database(key.name, key, bases, folders))
    return tuple(found)


def log_of(served: Sequence[Database], top: str, web: Web) -> Log | None:
    """The log that proves modules: the first of the databases, with what it proved before in a store; None for none.  top: the store's directory."""
    if not served:
        return None
    bases = [base.url for base in served[0].bases]
    return Log(web, bases, f"{top}/proofs", f"{top}/proofs", served[0].key, served[0].folders)


class DatabaseRelay:
    """Databases, by name."""

    def __init__(
        self, served: Sequence[Database], changing: ChangingAnswers, web: Web, clock: Callable[[], float], tally: Tally | None = None,
    ) -> None:  # fmt: skip
        self._origins = {one.name: (UpstreamOrigin(one.bases, web, tally), one.folders) for one in served}
        self._changing, self._clock = changing, clock

    async def answer(self, request: DatabaseRequest) -> Content | Refusal:
        """What a database says. `supported` is said for those that are set up, and asks nobody."""
        found = self._origins.get(request.name)
        if found is None:
            return Refusal(NOT_FOUND, f"not found: the checksum database {request.name} is not served here")
        if request.rest == "supported":
            return Content(b"", 86_400)
        path = f"sumdb/{request.name}/{request.rest}"
        freshness = PASSING if request.rest == "latest" else LASTING
        return await self._changing.answer(path, functools.partial(self._asked, *found, request.rest), freshness)

    def _asked(
        self, origin: UpstreamOrigin, folders: Sequence[Folder], rest: str, is_unwanted: IsUnwanted
    ) -> Kept | Refusal:
        """What is in files of this host, but for heads, which grow old; else what servers say. Blocking."""
        for folder in folders if rest != "latest" else ():
            status, body = log_files.server(folder).get(f"/{rest}")
            if status == 200:
                return Kept(200, body, self._clock())
        return asked(origin, rest, self._clock, is_unwanted)
