"""Modules that a project needs, as the proxies of the site serve them: are they there, and are their bytes those of go.sum?

Only proxies that are not public are asked, and only for what the next build would ask them anyway. What directories (file://) hold
of go.sum is compared by the probe of the workspaces; here it is only seen whether they have a module at all.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward import fetch
from gosteward.golang import dirhash, gomod, gosum
from gosteward.golang.goauth import methods
from gosteward.golang.proxyurls import PUBLIC_PROXIES, entry_url, parse
from gosteward.shells.user_files import as_user
from gosteward.snapshot import ChecksumConflict, Location, NetworkCheck

if TYPE_CHECKING:
    from gosteward.fetch import Answer, Request
    from gosteward.golang.proxyurls import Url
    from gosteward.host.reading import Host
    from gosteward.probes.askers import Asker
    from gosteward.reasoning.downloads import Needed
    from gosteward.snapshot import Snapshot, User

ZIP_LIMIT = 20 << 20
FORBIDDEN = 403
_TROUBLE = (FORBIDDEN, 429, 451, 500, 502, 503, 504)
_TEXT_LIMIT = 400
MOST_MODULES = 4


class Wanted(NamedTuple):
    """A module with the checksum that go.sum has for it (None without one), and the proxies that go asks, in their order.

    Attributes:
        alone: go asks nobody else than these.   falls: for each proxy, whether go asks the next after any failure of it.
    """

    module: Needed
    recorded: gosum.Sum | None
    go_sum: str
    urls: tuple[Url, ...]
    asker: Asker
    alone: bool = False
    falls: tuple[bool, ...] = ()

    @property
    def name(self) -> str:
        """Path and version: "example.com/greet@v1.0.0"."""
        return f"{self.module.requirement.path}@{self.module.requirement.version}"


def wanted(host: Host, user: User, snapshot: Snapshot, groups: tuple[Asker, ...]) -> tuple[Wanted, ...]:
    """What is worth to be fetched, at most MOST_MODULES."""
    found: dict[tuple[str, str], Wanted] = {}
    sums: dict[str, gosum.GoSum] = {}
    for asker in groups:
        urls = _site_proxies(asker)
        falls = tuple(entry.falls_through for entry in asker.entries[: len(urls)])
        alone = len(urls) == sum(entry.kind != "off" for entry in asker.entries)
        for module in asker.needs(snapshot) if urls else ():
            requirement, path = module.requirement, module.workspace.go_sum
            key = (requirement.path, requirement.version)
            if key in found or len(found) >= MOST_MODULES:
                continue
            if path and path not in sums:
                sums[path] = _read(host, user, path)
            recorded = sums[path].of(*key) if path else None
            found[key] = Wanted(module, recorded, path, urls, asker, alone, falls)
    return tuple(found.values())


def absent_from_directories(host: Host, snapshot: Snapshot, groups: tuple[Asker, ...]) -> tuple[NetworkCheck, ...]:
    """Modules that none of the directories has, for lists that name only directories; to be called as the user."""
    found = []
    for asker in groups:
        listed = [entry for entry in asker.entries if entry.kind != "off"]
        urls = [url for url in (parse(entry_url(entry)) for entry in listed if entry.kind == "file") if url is not None]
        places = [url.path.rstrip("/") for url in urls]
        if not places or len(places) < len(listed) or not all(host.is_directory(place) for place in places):
            continue
        for module in asker.needs(snapshot)[:MOST_MODULES]:
            files = [f"{place}/{_file(module, '.mod')}" for place in places]
            if not any(host.exists(file) for file in files):
                found.append(_absent(Wanted(module, None, "", tuple(urls), asker, alone=True), urls[-1], 0, 0.0))
    return tuple(found)


def checked(item: Wanted, request: Request) -> NetworkCheck | None:
    """Fetch the zip and compare, or see whether the module is there; None where that says nothing.

    A proxy that asks for a password answers with 401, sometimes 403, to us who send none: what is said of a 403 counts only where go has none either.
    """
    begun = time.monotonic()
    status = 0
    for number, url in enumerate(item.urls):
        suffix = ".zip" if item.recorded is not None else ".mod"
        file = url._replace(path=f"{url.path.rstrip('/')}/{_file(item.module, suffix)}", user="")
        try:
            answer = fetch.fetch(file, request._replace(limit=ZIP_LIMIT))
        except fetch.FetchError:
            return None
        if answer.status == 200:
            return None if answer.cut else _compared(item, file, answer.body, time.monotonic() - begun)
        status = answer.status
        if status in (404, 410) or (status in _TROUBLE and item.falls[number : number + 1] == (True,)):
            continue
        return _refused(item, url, answer, time.monotonic() - begun) if status in _TROUBLE else None
    return _absent(item, item.urls[-1], status, time.monotonic() - begun) if item.alone else None


def _file(module: Needed, suffix: str) -> str:
    requirement = module.requirement
    return f"{gomod.escape(requirement.path)}/@v/{gomod.escape(requirement.version)}{suffix}"


def _absent(item: Wanted, url: Url, status: int, seconds: float) -> NetworkCheck:
    return NetworkCheck(
        kind="module",
        url=url.shown,
        host=url.host,
        port=url.effective_port,
        ok=False,
        step="http",
        reason="not-there",
        detail=f"HTTP status {status}" if status else "no such file",
        status=status,
        seconds=round(seconds, 3),
        contexts=item.asker.contexts,
        setting=item.asker.setting,
        required=True,
        module=item.name,
    )


def _refused(item: Wanted, url: Url, answer: Answer, seconds: float) -> NetworkCheck | None:
    """A proxy that go gives up at: it refuses the module, or fails with it; None for what may be about a password."""
    if answer.status == FORBIDDEN and methods(item.asker.goauth).programs:
        return None
    plain = answer.headers.get("content-type", "").startswith("text/plain")
    lines = answer.body[:_TEXT_LIMIT].decode("utf-8", "replace").strip().splitlines() if plain else []
    said = "".join(c for c in lines[0] if c.isprintable())[:_TEXT_LIMIT] if lines else ""
    detail = f"HTTP status {answer.status}{f': {said}' if said else ''}"
    return _absent(item, url, answer.status, seconds)._replace(reason="not-given", detail=detail)


def _compared(item: Wanted, archive: Url, body: bytes, seconds: float) -> NetworkCheck | None:
    digest = dirhash.of_zip(body) if item.recorded is not None else ""
    if item.recorded is None or not digest:
        return None
    check = NetworkCheck(
        kind="module",
        url=archive.shown,
        host=archive.host,
        port=archive.effective_port,
        status=200,
        seconds=round(seconds, 3),
        contexts=item.asker.contexts,
        setting=item.asker.setting,
        required=True,
        module=item.name,
    )
    if digest == item.recorded.digest:
        return check
    conflict = ChecksumConflict(
        path=item.module.requirement.path,
        version=item.module.requirement.version,
        wanted=item.recorded.digest,
        found=digest,
        source=archive.shown,
        location=Location(item.go_sum, item.recorded.number, item.recorded.text),
    )
    return check._replace(ok=False, step="content", reason="checksum", conflict=conflict)


def _site_proxies(asker: Asker) -> tuple[Url, ...]:
    """The network proxies of a list up to the first that is public, or after which go asks somebody else."""
    urls: list[Url] = []
    for entry in asker.entries:
        url = parse(entry_url(entry))
        if entry.kind != "url" or url is None or url.host in PUBLIC_PROXIES or url.user:
            break
        urls.append(url)
    return tuple(urls)


def _read(host: Host, user: User, path: str) -> gosum.GoSum:
    with as_user(host, user):
        try:
            return gosum.parse(host.text(path))
        except OSError:
            return gosum.GoSum({})
