"""A module proxy put together from what its user asks for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward.modules.changing import ChangingAnswers, Freshness
from gosteward.modules.checkout.questions import Toolchains
from gosteward.modules.checkout.source import NOWHERE, CheckoutSource
from gosteward.modules.databases import DatabaseRelay, databases, log_of
from gosteward.modules.expected_hashes import LoggedHashesOf, SeenHashes, nowhere
from gosteward.modules.origins.local_files import LocalFiles, accepting
from gosteward.modules.origins.routed import RoutedOrigin
from gosteward.modules.origins.upstream import UpstreamOrigin
from gosteward.modules.policed_hashes import PolicedHashes
from gosteward.modules.proxy import ModuleProxy
from gosteward.modules.shared.places import place_at
from gosteward.modules.shared.publishing import Publisher
from gosteward.modules.storage.disk import DiskStore
from gosteward.modules.storage.feed import Feed
from gosteward.modules.storage.kept_answers import AnswersOnDisk
from gosteward.modules.storage.redis_answers import AnswersInRedis, InfosInRedis, ValuesInRedis
from gosteward.modules.storage.redis_link import RedisLink
from gosteward.modules.storage.redis_turns import TurnsInRedis
from gosteward.modules.storage.sharing import ALONE, Sharing
from gosteward.modules.storage.store_identity import identity_of
from gosteward.modules.tally import Tally
from gosteward.modules.upstreams import CHECKOUT, upstreams
from gosteward.modules.vulnerabilities.bringing import database
from gosteward.modules.vulnerabilities.mirror import STORE, VulnerabilityMirror

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gosteward.modules.checkout.source import Wishes
    from gosteward.modules.expected_hashes import Hashes
    from gosteward.modules.origins.upstream import Source
    from gosteward.modules.policing import Policing
    from gosteward.modules.shared.places import SharedPlace
    from gosteward.modules.storage.kept_answers import KeptAnswers
    from gosteward.modules.storage.redis_link import SharedMetadata
    from gosteward.modules.upstreams import Upstream
    from gosteward.toolchains.origins.web import Web


class Wanted(NamedTuple):
    """What the user asks for.

    Attributes:
        store: absolute path.   upstream: as GOPROXY.   sumdb: see `databases`; the first one proves what comes, "off": first bytes count.
        private: patterns as in GONOSUMDB, of modules that no database is asked for.   list_ttl: seconds.
        metadata: what is shared through a Redis, None for nothing.   shared: where files are shared, None for nowhere.
        vulnerabilities: the database of them, see `vulnerabilities.bringing.database`; "store" for what comes into the store, "" or "off" for none.
        checkout: how modules come from version control, None for not at all.
    """

    store: str
    upstream: str
    sumdb: str
    private: str = ""
    list_ttl: float = 60.0
    metadata: SharedMetadata | None = None
    shared: SharedPlace | None = None
    vulnerabilities: str = ""
    checkout: Wishes | None = None


class Parts(NamedTuple):
    """What answers.  publisher: brings files to a shared place, None where there is none.  vulnerabilities: None for no database of them.   metadata: None for no Redis.   pseudonym: by which upstreams know it."""

    proxy: ModuleProxy
    relay: DatabaseRelay
    feed: Feed
    publisher: Publisher | None = None
    vulnerabilities: VulnerabilityMirror | None = None
    metadata: RedisLink | None = None
    pseudonym: str = ""

    def start(self) -> None:
        """Begin what goes on besides answering."""
        if self.publisher is not None:
            self.publisher.start()
        if self.metadata is not None:
            self.proxy.threads.submit(self.metadata.look)

    def close(self) -> None:
        """Start nothing more, and publish what waits for that, as long as there is time."""
        self.proxy.close()
        if self.publisher is not None:
            self.publisher.close()
        if self.metadata is not None:
            self.metadata.close()


def parts(wanted: Wanted, web: Web, clock: Callable[[], float] = time.time, policy: Policing | None = None) -> Parts:
    """Put it together; the store's directories are made.

    Raises:
        UsageError: an upstream is no URL, a key is none.   StorageError, PrivilegeError: the store cannot be used.
    """
    behind = upstreams(wanted.upstream)
    known = databases(wanted.sumdb, behind)
    store = DiskStore(wanted.store)
    store.prepare()
    feed = Feed(wanted.store, clock)
    store.came = feed.came
    tally = Tally(clock)
    first = SeenHashes(wanted.store)
    seen: Hashes = first
    sharing, publisher, elsewhere = ALONE, None, nowhere
    log = log_of(known, wanted.store, web)
    if wanted.shared is not None:
        place = place_at(wanted.shared, store, first, tally, log, wanted.private)
        seen, publisher, elsewhere = place.hashes, Publisher(place, tally), place.proofs.take
        sharing = Sharing(publisher, ALONE.turns, publisher.wait)
    hashes = seen
    if log is not None:
        hashes = LoggedHashesOf(log, seen, wanted.private, elsewhere)
    freshness = Freshness(lists=wanted.list_ttl, stale=10 * wanted.list_ttl)
    kept: KeptAnswers = AnswersOnDisk(wanted.store)
    link = RedisLink(wanted.metadata, tally) if wanted.metadata is not None else None
    if link is not None:
        kept, sharing = _told_to_others(link, wanted.store, kept, sharing, clock)
    sources: dict[str, Source] = {
        "file": LocalFiles(accepting(log, wanted.private)) if log is not None else LocalFiles()
    }
    sources[CHECKOUT] = _checkout(wanted, behind, policy)
    origin = UpstreamOrigin(behind, web, tally, sources)
    if policy is not None:
        origin = RoutedOrigin(behind, web, policy.upstreams_for, tally, sources)
        hashes = PolicedHashes(hashes, seen, policy)
    proxy = ModuleProxy(store, kept, origin, hashes, freshness, clock, policy, tally, sharing)
    relay = DatabaseRelay(known, ChangingAnswers(kept, proxy.threads, clock), web, clock, tally)
    mirror = _vulnerabilities(wanted, web, proxy, policy)
    return Parts(proxy, relay, feed, publisher, mirror, link, web.via)


def _checkout(wanted: Wanted, behind: Sequence[Upstream], policy: Policing | None) -> CheckoutSource:
    """What has modules from version control. Raises UsageError, PrivilegeError: it is wanted, and cannot work."""
    proxies = ",".join(
        one.url for one in behind if one.scheme in ("http", "https") and "@" not in one.url and not one.secret
    )
    database = wanted.sumdb.partition(",")[0].strip()
    toolchains = Toolchains(proxies, database) if proxies and database not in ("", "off") else Toolchains()
    source = CheckoutSource((wanted.checkout or NOWHERE)._replace(toolchains=toolchains), f"{wanted.store}/checkout")
    routes = policy.policy.routes if policy is not None else ()
    if any(one.scheme == CHECKOUT for one in (*behind, *(one for route in routes for one in route.upstreams))):
        source.prepare()
    return source


def _vulnerabilities(
    wanted: Wanted, web: Web, proxy: ModuleProxy, policy: Policing | None
) -> VulnerabilityMirror | None:
    """The copy of the database; if the policy judges by it, it is there when this returns, or it is known why it is not."""
    by_store = wanted.vulnerabilities == STORE
    source = database(wanted.vulnerabilities, web) if not by_store else None
    mirror = None
    if source is not None or by_store:
        mirror = VulnerabilityMirror(source, wanted.store, proxy.threads, proxy.clock, proxy.tally)
    if policy is not None:
        policy.vulnerabilities.source = mirror
        policy.usable(policy.policy)
        if mirror is not None:
            mirror.changed.append(policy.forget)
            if policy.policy.vulnerable is not None:
                mirror.begin()
    return mirror


def _told_to_others(
    link: RedisLink, store: str, kept: KeptAnswers, sharing: Sharing, clock: Callable[[], float]
) -> tuple[KeptAnswers, Sharing]:
    """Answers and what is shared, with a Redis in front of both."""
    # Whoever has no files in common with others would wait for them in vain.
    turns = TurnsInRedis(link, identity_of(store) if sharing.files is ALONE.files else "all")
    values = ValuesInRedis(link, clock)
    return AnswersInRedis(kept, values, turns), Sharing(
        InfosInRedis(values, sharing.files, clock), turns, sharing.published
    )
