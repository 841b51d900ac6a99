"""Modules that a project needs, as the proxies of the site serve them: are their bytes those of go.sum?

Only proxies that are not public are asked, and only for what the next build would ask them anyway. Directories (file://) are
read by the probe of the workspaces.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward import dirhash, fetch, gomod, gosum
from gosteward.proxyurls import entry_url, parse
from gosteward.shells.user_files import as_user
from gosteward.snapshot import ChecksumConflict, Location, NetworkCheck

if TYPE_CHECKING:
    from gosteward.downloads import Needed
    from gosteward.fetch import Request
    from gosteward.host.reading import Host
    from gosteward.probes.askers import Asker
    from gosteward.proxyurls import Url
    from gosteward.snapshot import Snapshot, User

ZIP_LIMIT = 20 << 20
MOST_MODULES = 4
# Who runs these learns nothing from anybody else's doctor.
PUBLIC_PROXIES = ("proxy.golang.org", "goproxy.io", "goproxy.cn", "mirrors.aliyun.com", "mirrors.cloud.tencent.com")


class Wanted(NamedTuple):
    """A module with the checksum that go.sum has for it, and the proxies that go asks, in their order."""

    module: Needed
    recorded: gosum.Sum
    go_sum: str
    urls: tuple[Url, ...]
    asker: Asker


def wanted(host: Host, user: User, snapshot: Snapshot, groups: tuple[Asker, ...]) -> tuple[Wanted, ...]:
    """What is worth to be fetched, at most MOST_MODULES."""
    found: dict[tuple[str, str], Wanted] = {}
    sums: dict[str, gosum.GoSum] = {}
    for asker in groups:
        urls = _site_proxies(asker)
        for module in asker.needs(snapshot) if urls else ():
            requirement, path = module.requirement, module.workspace.go_sum
            key = (requirement.path, requirement.version)
            if not requirement.summed or not path or key in found or len(found) >= MOST_MODULES:
                continue
            if path not in sums:
                sums[path] = _read(host, user, path)
            recorded = sums[path].of(*key)
            if recorded is not None:
                found[key] = Wanted(module, recorded, path, urls, asker)
    return tuple(found.values())


def checked(item: Wanted, request: Request) -> NetworkCheck | None:
    """Fetch the zip and compare; None where no proxy has it, or the answer is no zip."""
    requirement = item.module.requirement
    begun = time.monotonic()
    for url in item.urls:
        path = f"{url.path.rstrip('/')}/{gomod.escape(requirement.path)}/@v/{gomod.escape(requirement.version)}.zip"
        archive = url._replace(path=path, user="")
        try:
            answer = fetch.fetch(archive, request._replace(limit=ZIP_LIMIT))
        except fetch.FetchError:
            return None
        if answer.status == 200 and not answer.cut:
            return _compared(item, archive, answer.body, time.monotonic() - begun)
    return None


def _compared(item: Wanted, archive: Url, body: bytes, seconds: float) -> NetworkCheck | None:
    digest = dirhash.of_zip(body)
    if not digest:
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
