"""A module proxy put together from what its user asks for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward.modules.changing import ChangingAnswers, Freshness
from gosteward.modules.databases import DatabaseRelay, databases, log_of
from gosteward.modules.expected_hashes import LoggedHashesOf, SeenHashes
from gosteward.modules.origins.routed import RoutedOrigin
from gosteward.modules.origins.upstream import UpstreamOrigin
from gosteward.modules.policed_hashes import PolicedHashes
from gosteward.modules.proxy import ModuleProxy
from gosteward.modules.storage.disk import DiskStore
from gosteward.modules.storage.kept_answers import AnswersOnDisk
from gosteward.modules.storage.sharing import ALONE
from gosteward.modules.tally import Tally
from gosteward.modules.upstreams import upstreams

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.modules.expected_hashes import Hashes
    from gosteward.modules.origins.upstream import Source
    from gosteward.modules.policing import Policing
    from gosteward.toolchains.origins.web import Web


class Wanted(NamedTuple):
    """What the user asks for.

    Attributes:
        store: absolute path.   upstream: as GOPROXY.   sumdb: see `databases`; the first one proves what comes, "off": first bytes count.
        private: patterns as in GONOSUMDB, of modules that no database is asked for.   list_ttl: seconds.
    """

    store: str
    upstream: str
    sumdb: str
    private: str = ""
    list_ttl: float = 60.0


class Parts(NamedTuple):
    """What answers."""

    proxy: ModuleProxy
    relay: DatabaseRelay


def parts(wanted: Wanted, web: Web, clock: Callable[[], float] = time.time, policy: Policing | None = None) -> Parts:
    """Put it together; the store's directories are made.

    Raises:
        UsageError: an upstream is no URL, a key is none.   StorageError, PrivilegeError: the store cannot be used.
    """
    behind = upstreams(wanted.upstream)
    known = databases(wanted.sumdb, behind)
    store = DiskStore(wanted.store)
    store.prepare()
    seen = SeenHashes(wanted.store)
    hashes: Hashes = seen
    log = log_of(known, wanted.store, web)
    if log is not None:
        hashes = LoggedHashesOf(log, seen, wanted.private)
    freshness = Freshness(lists=wanted.list_ttl, stale=10 * wanted.list_ttl)
    kept = AnswersOnDisk(wanted.store)
    tally = Tally(clock)
    sources: dict[str, Source] = {}
    origin = UpstreamOrigin(behind, web, tally, sources)
    if policy is not None:
        origin = RoutedOrigin(behind, web, policy.upstreams_for, tally, sources)
        hashes = PolicedHashes(hashes, seen, policy)
    proxy = ModuleProxy(store, kept, origin, hashes, freshness, clock, policy, tally, ALONE)
    return Parts(proxy, DatabaseRelay(known, ChangingAnswers(kept, proxy.threads, clock), web, clock, tally))
