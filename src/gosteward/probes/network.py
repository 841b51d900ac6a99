"""What the servers of GOPROXY and GOSUMDB answer, asked as `go` asks them, all at once and within a short deadline.

Questions are chosen so that they say nothing about the user: a proxy is asked whether it relays the checksum database
(`/sumdb/NAME/supported`, which go asks too), the database for its newest head (`/latest`). A module's own path is sent only if an
examined project needs that module, it is not in the cache, the proxy is not a public one, and no GONOPROXY pattern covers it:
the next build sends it there anyway. No credentials are sent to any server.

Source: cmd/go/internal/modfetch (`initBase`, `TryProxies`); go.dev/ref/mod, "GOPROXY protocol" and "Checksum database".
"""

from __future__ import annotations

import stat
import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Optional, TypeVar

from gosteward import fetch
from gosteward.formats import certificates, netrc
from gosteward.golang import goversion
from gosteward.golang.goauth import methods
from gosteward.golang.proxyurls import DEFAULT_DATABASE, PUBLIC_PROXIES, entry_url, parse
from gosteward.probes import module_origins, name_files, proxy_modules, server_answers, trust
from gosteward.probes.askers import askers
from gosteward.probes.server_answers import Asked, Outcome
from gosteward.reasoning.http_proxies import proxy_for
from gosteward.reasoning.viewpoint import context_named, first_go
from gosteward.shells.user_files import as_user
from gosteward.snapshot import Gap, NetworkCheck, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gosteward.fetch import Verifier
    from gosteward.golang.proxyurls import Url
    from gosteward.host.reading import Host
    from gosteward.probes.askers import Asker
    from gosteward.snapshot import Context, Setting, User, Workspace

T = TypeVar("T")
# Parts of the deadline that are kept for what depends on the first answers.
_FOR_DATABASES = 0.4
_FOR_CERTIFICATES = 0.2
# Seconds for the question whether a server can be reached without the HTTP proxy that refuses it.
_FOR_OTHER_WAY = 1.0
# A question ends a little before we stop to wait for it, so that it can still say who kept silent.
_LAST_WORDS = 0.05
_HEAD_LIMIT = 1 << 14
_PORT_BELONGS_SINCE = (1, 24)


def collect(
    host: Host,
    user: User,
    contexts: tuple[Context, ...],
    settings: tuple[Setting, ...],
    workspaces: tuple[Workspace, ...],
    deadline: float,
) -> tuple[tuple[NetworkCheck, ...], tuple[Gap, ...]]:
    """Ask every server that a session of the user would ask.

    Args:
        deadline: seconds for all of it; what has not answered by then counts as a time-out.
    Returns:
        Checks: GOPROXY entries, databases, HTTP proxies, modules, netrc; and gaps of the field "network".
    """
    snapshot = Snapshot(user=user, contexts=contexts, go_settings=settings, workspaces=workspaces)
    groups = askers(snapshot)
    session = _Session(host, user, snapshot, deadline)
    try:
        session.prepare(groups)
    except ImportError:
        return (), (Gap("network", "this Python has no TLS (module ssl)"),)
    proxies = session.ask_without_way(session.ask_proxies(groups))
    asked = session.explain_refusals((*proxies, *session.ask_databases(groups, proxies)))
    checks = [item.check for item in asked]
    checks += server_answers.http_proxy_checks(asked)
    checks += session.modules
    return name_files.explained(host, user, merged(session.with_netrc(groups, checks))), ()


def in_parallel(calls: Sequence[Callable[[], T]], until: float) -> tuple[Optional[T], ...]:
    """Results in order, None for a call that has not ended by `until` (time.monotonic()); it goes on, and hinders nobody's exit."""
    results: list[Optional[T]] = [None] * len(calls)

    def run(number: int) -> None:
        results[number] = calls[number]()

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return tuple(results)


def merged(checks: Sequence[NetworkCheck]) -> tuple[NetworkCheck, ...]:
    """Equal checks of several groups as one, with the contexts of all."""
    found: dict[tuple[object, ...], NetworkCheck] = {}
    for check in checks:
        key = (
            check.kind,
            check.url,
            check.via,
            check.ok,
            check.reason,
            check.trust_store,
            check.fallback,
            check.direct,
            check.module,
        )
        before = found.setdefault(key, check)
        contexts = tuple(dict.fromkeys((*before.contexts, *check.contexts)))
        found[key] = before._replace(contexts=contexts, required=before.required or check.required)
    return tuple(found.values())


class _Server(NamedTuple):
    """A proxy and the way to it: what two groups ask in the same way is asked once."""

    url: Url
    database: str
    via: Optional[Url]
    trust: trust.TrustSettings


class _Session:
    """One examination: deadline, certificates, and what the parts have in common."""

    def __init__(self, host: Host, user: User, snapshot: Snapshot, deadline: float) -> None:
        self.host = host
        self.user = user
        self.snapshot = snapshot
        self.until = time.monotonic() + deadline
        self.modules: tuple[NetworkCheck, ...] = ()
        self._trusts: dict[trust.TrustSettings, trust.Trust] = {}
        self._verifying: dict[trust.TrustSettings, Verifier] = {}

    def prepare(self, groups: tuple[Asker, ...]) -> None:
        """Read the certificates here, before threads start: whose rights count is a matter of the whole process.

        Raises:
            ImportError: a server wants TLS, and this Python has none.
        """
        for settings in dict.fromkeys(asker.trust for asker in groups if _needs_tls(asker)):
            from gosteward import tls

            self._trusts[settings] = trust.read(self.host, self.user, settings)
            self._verifying[settings] = tls.verifying(self._trusts[settings].pem)

    def ask_proxies(self, groups: tuple[Asker, ...]) -> tuple[Asked, ...]:
        """Every network entry of GOPROXY at once, and with them the modules that a project needs."""
        until = self.until - _FOR_DATABASES - _FOR_CERTIFICATES
        servers: dict[_Server, Asker] = {}
        for asker in groups:
            for url in _network_entries(asker):
                servers.setdefault(_server(asker, url), asker)
        wanted = proxy_modules.wanted(self.host, self.user, self.snapshot, groups)
        origins = module_origins.wanted(self.snapshot, groups)

        def of_server(server: _Server, asker: Asker) -> Callable[[], Outcome]:
            return lambda: server_answers.asked_proxy(server.url, server.database, self._request(asker, until))

        def of_module(item: proxy_modules.Wanted) -> Callable[[], NetworkCheck | None]:
            return lambda: proxy_modules.checked(item, self._request(item.asker, until))

        calls: list[Callable[[], Outcome | NetworkCheck | None]] = [of_server(s, a) for s, a in servers.items()]
        calls += [of_module(item) for item in wanted]
        calls += module_origins.calls(origins, lambda a, url: server_answers.asked(url, self._request(a, until)))
        answers = in_parallel(calls, until)
        self.modules = tuple(a for a in answers[len(servers) :] if isinstance(a, NetworkCheck))
        with as_user(self.host, self.user):
            self.modules += proxy_modules.absent_from_directories(self.host, self.snapshot, groups)
        outcomes = {s: a if isinstance(a, Outcome) else server_answers.late() for s, a in zip(servers, answers)}
        return tuple(item for asker in groups for item in self._of_entries(asker, outcomes))

    def ask_without_way(self, proxies: tuple[Asked, ...]) -> tuple[Asked, ...]:
        """Ask servers of the site again that an HTTP proxy refused: it may be the wrong way to them."""
        refused = [
            number
            for number, item in enumerate(proxies)
            if item.via is not None and item.check.status and not item.check.ok and item.url.host not in PUBLIC_PROXIES
        ]
        until = min(self.until - _FOR_CERTIFICATES, time.monotonic() + _FOR_OTHER_WAY)

        def of_item(item: Asked) -> Callable[[], Outcome]:
            request = self._request(item.asker, until)._replace(route=lambda _: None)
            return lambda: server_answers.asked_proxy(item.url, item.asker.database.name or DEFAULT_DATABASE, request)

        outcomes = dict(zip(refused, in_parallel([of_item(proxies[number]) for number in refused], until)))
        found = []
        for number, item in enumerate(proxies):
            outcome = outcomes.get(number)
            answers = outcome is not None and server_answers.proxy_check(item.asker, item.url, None, outcome).ok
            found.append(item._replace(check=item.check._replace(direct=answers)))
        return tuple(found)

    def _of_entries(self, asker: Asker, outcomes: dict[_Server, Outcome]) -> list[Asked]:
        found: list[Asked] = []
        reached = bool(asker.needs(self.snapshot))  # go asks this entry for sure
        for number, entry in enumerate(asker.entries):
            url = parse(entry_url(entry))
            if entry.kind in ("direct", "off") or url is None:
                break
            fallback = entry.falls_through and number + 1 < len(asker.entries)
            if entry.kind == "file":
                item = Asked(self._directory(asker, url), asker, url)
            else:
                server = _server(asker, url)
                outcome = outcomes[server]
                item = Asked(
                    server_answers.proxy_check(asker, url, server.via, outcome), asker, url, server.via, outcome
                )
            found.append(item._replace(check=item.check._replace(required=reached, fallback=fallback)))
            reached = reached and not item.check.ok and fallback
        return found

    def _directory(self, asker: Asker, url: Url) -> NetworkCheck:
        check = NetworkCheck(kind="goproxy", url=url.shown, contexts=asker.contexts, setting=asker.setting)
        with as_user(self.host, self.user):
            there = self.host.is_directory(url.path)
        if not there and not self.host.is_directory(url.path):
            return check._replace(ok=False, step="content", reason="missing-directory", detail="no such directory")
        if not self.host.may(url.path, "rx", self.user):
            return check._replace(ok=False, step="content", reason="unreadable", detail="permission denied")
        return check

    def ask_databases(self, groups: tuple[Asker, ...], proxies: tuple[Asked, ...]) -> tuple[Asked, ...]:
        """The checksum database of each group, where go would ask it."""
        until = self.until - _FOR_CERTIFICATES
        found: list[Asked] = []
        plans: dict[tuple[Url, Optional[Url], trust.TrustSettings], list[Asker]] = {}
        for asker in groups:
            own = tuple(item for item in proxies if item.asker == asker)
            place = self._database_place(asker, own)
            if isinstance(place, Asked):
                found.append(place)
            elif place is not None:
                plans.setdefault((place, proxy_for(asker.proxies, place), asker.trust), []).append(asker)

        def of_plan(url: Url, asker: Asker) -> Callable[[], Outcome]:
            return lambda: server_answers.asked(url._replace(path=f"{url.path}/latest"), self._request(asker, until))

        outcomes = in_parallel([of_plan(url, those[0]) for (url, _, _), those in plans.items()], until)
        for ((url, via, _), those), outcome in zip(plans.items(), outcomes):
            for asker in those:
                answer = outcome or server_answers.late()
                own = tuple(item for item in proxies if item.asker == asker)
                alone = any(item.check.ok for item in own) and not any(item.outcome.relays for item in own)
                check = server_answers.database_check(asker, url, via, answer, self._seen_head(asker), alone=alone)
                found.append(Asked(check, asker, url, via, answer))
        return tuple(self._with_need(item) for item in found)

    def _database_place(self, asker: Asker, proxies: tuple[Asked, ...]) -> Url | Asked | None:
        """URL of the database; the check itself where a proxy's answer settles it; None where go asks none."""
        database = asker.database
        direct = parse(database.url)
        if not database.name or direct is None or not asker.entries or asker.entries[0].kind == "off":
            return None
        direct = direct._replace(path=direct.path.rstrip("/"), user="")
        if database.explicit:
            return direct if direct.scheme in ("http", "https") else None
        for item, entry in zip(proxies, asker.entries):
            if entry.kind == "file":
                if self.host.exists(f"{item.url.path.rstrip('/')}/sumdb/{database.name}/supported"):
                    return None
            elif item.outcome.relays:
                return item.url._replace(path=f"{item.url.path.rstrip('/')}/sumdb/{database.name}", user="")
            elif item.outcome.database_status and not entry.falls_through:
                return item._replace(check=server_answers.relay_check(item, database.name))
            elif not item.outcome.passes_on and not entry.falls_through:
                return None  # go stops at this proxy, and that is said already
        only_directories = all(entry.kind in ("file", "off") for entry in asker.entries)
        return None if only_directories and not asker.looks_up(self.snapshot) else direct

    def _with_need(self, item: Asked) -> Asked:
        return item._replace(check=item.check._replace(required=bool(item.asker.looks_up(self.snapshot))))

    def _seen_head(self, asker: Asker) -> str:
        """The newest head that the user's go has verified."""
        with as_user(self.host, self.user):
            try:
                path = f"{asker.gopath.rstrip('/')}/pkg/sumdb/{asker.database.name}/latest"
                return self.host.text(path, _HEAD_LIMIT) if asker.gopath.startswith("/") else ""
            except OSError:
                return ""

    def explain_refusals(self, asked: tuple[Asked, ...]) -> tuple[Asked, ...]:
        """Say about certificates that were refused who issued them, and whether the missing authority lies about somewhere."""
        refused = [n for n, i in enumerate(asked) if i.check.step == "tls" and i.asker.trust in self._trusts]

        def of_item(item: Asked) -> Callable[[], tuple[bytes, ...]]:
            return lambda: fetch.peer_chain(item.url, self._request(item.asker, self.until))

        chains = dict(zip(refused, in_parallel([of_item(asked[number]) for number in refused], self.until)))
        return tuple(
            self._explained(item, chains[number] or ()) if number in chains else item
            for number, item in enumerate(asked)
        )

    def _explained(self, item: Asked, chain: tuple[bytes, ...]) -> Asked:
        store = self._trusts[item.asker.trust]
        check = server_answers.with_certificate(item.check, store, chain)
        if check.reason == "unknown-authority":
            if self._trusted_by_directories(item, store):
                return item._replace(check=check._replace(ok=True, step="", reason="", detail="", issuer=""))
            parsed = (certificates.parse(der) for der in chain)
            issuers = frozenset(c.issuer for c in parsed if c is not None)
            check = check._replace(authority_file=trust.delivered(self.host, self.user, issuers))
        return item._replace(check=check)

    def _trusted_by_directories(self, item: Asked, store: trust.Trust) -> bool:
        """Whether the certificates of the directories make the difference: go reads them besides the bundle."""
        from gosteward import tls

        whole = trust.with_directories(self.host, self.user, store)
        request = self._request(item.asker, self.until)
        outcome = server_answers.asked(item.url, request._replace(trust=tls.verifying(whole.pem)))
        return outcome.error is None or outcome.error.step == "http"

    def with_netrc(self, groups: tuple[Asker, ...], checks: list[NetworkCheck]) -> list[NetworkCheck]:
        """The checks with netrc files that cannot be used; a server whose password go sends from one is taken as sound, untried."""
        found = list(checks)
        for path, askers_ in _by_netrc(groups).items():
            names = {name for asker in askers_ for name in asker.contexts}
            refusing = [
                c for c in found if c.reason == "credentials" and c.kind == "goproxy" and names & set(c.contexts)
            ]
            entries: tuple[netrc.Entry, ...] | None = None
            with as_user(self.host, self.user):
                try:
                    entries = netrc.entries(self.host.text(path))
                except (FileNotFoundError, NotADirectoryError):
                    continue
                except OSError:
                    pass
            if entries is None:
                found.append(self._unreadable(path, tuple(n for asker in askers_ for n in asker.contexts)))
                continue
            # What a server refuses to us, who send no password, it may give to go.
            found = [c for c in found if not (_is_refused(c, names) and self._netrc_problem(c, entries) is None)]
            for check in refusing:
                reason = self._netrc_problem(check, entries)
                if reason is None:
                    found[found.index(check)] = check._replace(ok=True, step="", reason="")
                elif reason:
                    detail = self._machine(check) if reason == "port" else ""
                    found.append(
                        check._replace(kind="netrc", url=path, step="content", reason=reason, detail=detail, status=0)
                    )
        return found

    def _machine(self, check: NetworkCheck) -> str:
        """The name under which go looks for a server's password."""
        return f"{check.host}:{check.port}" if any(map(self._takes_port, check.contexts)) else check.host

    def _netrc_problem(self, check: NetworkCheck, entries: tuple[netrc.Entry, ...]) -> str | None:
        """Why go sends none of these passwords to a server that asks for one; "" if none is for it, None if it sends one."""
        url = parse(check.url)
        if url is None or url.scheme != "https":
            return ""  # go sends none over http
        place = f"{url.host}:{url.port}" if url.port else url.host
        mine = [entry for entry in entries if entry.machine in (check.host, place)]
        if not mine:
            return None if netrc.entry_for(f"{place}{url.path}", entries) else ""
        if not any(entry.complete for entry in mine):
            return "incomplete"
        loose = any(entry.complete and entry.machine == check.host for entry in mine)
        strict = netrc.entry_for(f"{place}{url.path}", entries) is not None
        versions = {self._takes_port(name) for name in check.contexts}
        sent = (strict or True not in versions) and (loose or False not in versions)
        return None if sent else "port"

    def _takes_port(self, name: str) -> bool | None:
        """Whether a port belongs to the name of a machine: since go 1.24. None where the version is not known."""
        context = context_named(self.snapshot, name)
        entry = first_go(context) if context is not None else None
        version = goversion.parse(entry.go.version) if entry is not None and entry.go is not None else None
        return version >= _PORT_BELONGS_SINCE if version is not None else None

    def _unreadable(self, path: str, contexts: tuple[str, ...]) -> NetworkCheck:
        check = NetworkCheck("netrc", path, ok=False, step="content", reason="unreadable", contexts=contexts)
        status = self.host.stat(path)
        return check if status is None else check._replace(uid=status.st_uid, mode=stat.S_IMODE(status.st_mode))

    def _request(self, asker: Asker, until: float) -> fetch.Request:
        return fetch.Request(
            deadline=until - _LAST_WORDS,
            route=lambda url: proxy_for(asker.proxies, url),
            trust=self._verifying.get(asker.trust),
        )


def _is_refused(check: NetworkCheck, contexts: set[str]) -> bool:
    refused = check.reason == "not-given" and check.status == proxy_modules.FORBIDDEN
    return refused and bool(contexts & set(check.contexts))


def _server(asker: Asker, url: Url) -> _Server:
    return _Server(url, asker.database.name or DEFAULT_DATABASE, proxy_for(asker.proxies, url), asker.trust)


def _network_entries(asker: Asker) -> tuple[Url, ...]:
    urls = (parse(entry_url(entry)) for entry in asker.entries if entry.kind == "url")
    return tuple(url for url in urls if url is not None)


def _needs_tls(asker: Asker) -> bool:
    asks = bool(asker.entries) and asker.entries[0].kind != "off"
    secure = any(url.scheme == "https" for url in _network_entries(asker))
    return asks and (secure or asker.database.url.startswith("https:"))


def _by_netrc(groups: tuple[Asker, ...]) -> dict[str, list[Asker]]:
    found: dict[str, list[Asker]] = {}
    for asker in groups:
        if methods(asker.goauth).netrc:
            found.setdefault(asker.netrc, []).append(asker)
    return found
