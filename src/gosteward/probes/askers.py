"""Who asks which servers: the user's sessions, grouped by everything that decides how go reaches a proxy or database."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang.modulepaths import covers, proxy_list
from gosteward.golang.proxyurls import DEFAULT_PROXY, SumDatabase, database_problem, entry_problem, sum_database
from gosteward.probes import trust
from gosteward.reasoning.downloads import needed_modules
from gosteward.reasoning.http_proxies import HttpProxies, line_of, of_context
from gosteward.reasoning.settings_in_force import privately, sessions, value_in, winner
from gosteward.reasoning.viewpoint import first_go, variable

if TYPE_CHECKING:
    from gosteward.golang.modulepaths import ProxyEntry
    from gosteward.probes.trust import TrustSettings
    from gosteward.reasoning.downloads import Needed
    from gosteward.snapshot import Context, Location, Snapshot

MOST_GROUPS = 6
MOST_ENTRIES = 4


class Asker(NamedTuple):
    """Contexts that ask in the same way.

    Attributes:
        entries: of GOPROXY, as far as go accepts them; those behind `direct` and `off` are gone.   setting: its line.
        database: name "" where it is off, or its setting is refused.   database_setting: its line.
        http, https: lines of the HTTP proxies.   netrc: path.   gopath: its first entry.
        unproxied, unsummed: patterns (GONOPROXY, GONOSUMDB).   goauth: value of GOAUTH.
    """

    entries: tuple[ProxyEntry, ...]
    setting: Location | None
    database: SumDatabase
    database_setting: Location | None
    proxies: HttpProxies
    http: Location | None
    https: Location | None
    trust: TrustSettings
    netrc: str
    gopath: str
    unproxied: str
    unsummed: str
    goauth: str
    contexts: tuple[str, ...] = ()

    def needs(self, snapshot: Snapshot) -> tuple[Needed, ...]:
        """Modules that these contexts would ask the proxies for."""
        return tuple(m for m in needed_modules(snapshot) if not covers(self.unproxied, m.requirement.path))

    def looks_up(self, snapshot: Snapshot) -> tuple[Needed, ...]:
        """Modules that these contexts would look up in the checksum database."""
        needed = needed_modules(snapshot)
        return tuple(m for m in needed if not m.requirement.summed and not covers(self.unsummed, m.requirement.path))


def askers(snapshot: Snapshot) -> tuple[Asker, ...]:
    """The groups; contexts without a go are left out as long as some context has one."""
    contexts = sessions(snapshot)
    contexts = tuple(c for c in contexts if first_go(c) is not None) or contexts
    groups: dict[Asker, list[str]] = {}
    for context in contexts:
        groups.setdefault(_asker(snapshot, context), []).append(context.name)
    return tuple(asker._replace(contexts=tuple(names)) for asker, names in list(groups.items())[:MOST_GROUPS])


def _asker(snapshot: Snapshot, context: Context) -> Asker:
    goproxy = winner(snapshot, context, "GOPROXY")
    database = winner(snapshot, context, "GOSUMDB")
    listed = proxy_list(goproxy.value if goproxy is not None else DEFAULT_PROXY)
    value = database.value if database is not None else ""
    home = _value(context, "HOME") or snapshot.user.home
    return Asker(
        # One refused entry stops go before it asks anybody: that is said by reading the setting.
        entries=() if any(entry_problem(e) for e in listed) else listed[:MOST_ENTRIES],
        setting=goproxy.location if goproxy is not None else None,
        database=SumDatabase("", "") if value and database_problem(value) else sum_database(value),
        database_setting=database.location if database is not None else None,
        proxies=of_context(context),
        http=line_of(context, "http"),
        https=line_of(context, "https"),
        trust=trust.settings_of(context),
        netrc=_value(context, "NETRC") or f"{home.rstrip('/')}/.netrc",
        gopath=value_in(snapshot, context, "GOPATH", f"{home.rstrip('/')}/go").partition(":")[0],
        unproxied=privately(snapshot, context, "GONOPROXY"),
        unsummed=privately(snapshot, context, "GONOSUMDB"),
        goauth=value_in(snapshot, context, "GOAUTH", "netrc"),
    )


def _value(context: Context, name: str) -> str:
    found = variable(context, name)
    return found.value if found is not None and found.exported else ""
