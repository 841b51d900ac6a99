"""Bring what is known about releases up to date: new releases from where releases come from, vulnerabilities from their database.

The sources are those of `install`, and the database that GOVULNDB names; or one that is named: a URL, a directory, a bundle, a document.
Each part comes for itself. What comes is not signed by anybody: it is believed as far as its server is, and only ever lets us say more.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from gosteward.errors import DecodeError, StewardError, UsageError
from gosteward.finding import Text
from gosteward.golang import goversion
from gosteward.golang.advisories import TIME
from gosteward.golang.proxyurls import masked
from gosteward.golang.toolchain_names import TOOLCHAIN_MODULE, module_version
from gosteward.knowledge import release_data, release_document
from gosteward.toolchains.origins import bundle_file, sources
from gosteward.toolchains.origins.configuration import sources_of
from gosteward.toolchains.origins.settings import go_proxy
from gosteward.toolchains.origins.settings import vulnerability_database as database_setting
from gosteward.toolchains.origins.web import UnreachableError
from gosteward.toolchains.refreshed import vulnerability_database

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gosteward.golang.platforms import Platform
    from gosteward.host.local import LocalHost
    from gosteward.knowledge.release_data import ReleaseData
    from gosteward.settings import Settings
    from gosteward.snapshot import User
    from gosteward.toolchains.origins.sources import Source
    from gosteward.toolchains.origins.web import Web
    from gosteward.toolchains.refreshed.vulnerability_database import Database

MEMBER = "tables/release-data.json"


class Site(NamedTuple):
    """For whom data is brought.  now: UTC, ISO 8601.   platform: whose releases are listed."""

    host: LocalHost
    user: User
    web: Web
    settings: Settings
    platform: Platform
    now: str


class Part(NamedTuple):
    """How it went with one of the parts.  name: "releases", "advisories".   state: "newer", "same", "failed".   text: for people."""

    name: str
    state: str
    text: Text


class Refreshed(NamedTuple):
    """What is known now, and how it came so."""

    data: ReleaseData
    parts: tuple[Part, ...]

    @property
    def is_newer(self) -> bool:
        """Whether there is anything to keep."""
        return any(part.state == "newer" for part in self.parts)

    @property
    def has_failed(self) -> bool:
        """Whether a part that was asked for did not come."""
        return any(part.state == "failed" for part in self.parts)


def refreshed(known: ReleaseData, source: str, site: Site) -> Refreshed:
    """Ask for what is newer than what is known.

    Args:
        source: as `--from`, "" for those of the settings.
    Raises:
        UsageError, DecodeError, ArchiveError: the source is none, or has no such data.
        UnreachableError: nothing came from the source that was named.
    """
    if not source:
        return _of_settings(known, site)
    if source.startswith(("http://", "https://")):
        return _of_url(known, source, site)
    path = os.path.abspath(unquote(source[len("file://") :]) if source.startswith("file://") else source)
    if site.host.is_directory(path):
        return _of_directory(known, path, site)
    return _of_document(known, _document_of(path, site.host), path, site.now)


def bundled(data: ReleaseData) -> tuple[str, bytes]:
    """The member of a bundle that carries it: name and content."""
    return MEMBER, release_document.written(data)


def _of_settings(known: ReleaseData, site: Site) -> Refreshed:
    places = sources_of(site.settings, go_proxy(site.host, site.user), site.web, site.host)
    found = _with_releases(known, places, site)
    text, is_named = database_setting(site.host, site.user)
    if site.settings.only_sources and not is_named:
        what = Text(
            "vulnerabilities: not asked for, as the settings allow no other source (only_sources); GOVULNDB names one"
        )
        return Refreshed(found.data, (*found.parts, Part("advisories", "same", what)))
    more = _with_advisories(found.data, vulnerability_database.named(text, site.web, site.host), site)
    return Refreshed(more.data, (*found.parts, *more.parts))


def _of_url(known: ReleaseData, url: str, site: Site) -> Refreshed:
    """A document, or a server that has one part at least."""
    if url.partition("?")[0].endswith(".json"):
        answer = site.web.ask(url, release_document.SIZE_LIMIT)
        if answer.status != 200 or answer.cut:
            raise UnreachableError(f"the server answers {answer.status}", subject=masked(url))
        return _of_document(known, answer.body, masked(url), site.now)
    found = _with_advisories(known, vulnerability_database.DatabaseServer(site.web, url), site)
    more = _with_releases(found.data, sources.named(url, site.web, site.host), site)
    return _what_came(Refreshed(more.data, (*found.parts, *more.parts)), masked(url))


def _of_directory(known: ReleaseData, path: str, site: Site) -> Refreshed:
    if site.host.exists(f"{path}/release-data.json"):
        return _of_document(known, _document_of(f"{path}/release-data.json", site.host), path, site.now)
    if not vulnerability_database.is_database(path, site.host):
        hint = "a directory has index/db.json, as a copy of a vulnerability database has, or release-data.json"
        raise UsageError("there is no release data in it", subject=path, hint=hint)
    return _what_came(_with_advisories(known, vulnerability_database.DatabaseFolder(site.host, path), site), path)


def _what_came(found: Refreshed, source: str) -> Refreshed:
    """Of a source that was named only what it has is told; one that has nothing is a mistake."""
    came = tuple(part for part in found.parts if part.state != "failed")
    if not came:
        said = "; ".join(str(part.text) for part in found.parts)
        raise UnreachableError(f"it has no release data ({said})", subject=source)
    return Refreshed(found.data, came)


def _of_document(known: ReleaseData, content: bytes, source: str, now: str) -> Refreshed:
    try:
        found = release_document.parse(content)
    except DecodeError as error:
        error.subject = source
        raise
    if max(found.releases.as_of, found.advisories.as_of) > now:
        raise DecodeError(f"it is of times to come; it is {now}", subject=source)
    both = release_data.merged(known, found)
    changed = len(set(both.advisories.entries) - set(known.advisories.entries))
    return Refreshed(both, (_releases_part(known, both), _advisories_part(known, both, changed)))


def _document_of(path: str, host: LocalHost) -> bytes:
    """A document as it is, or from within a bundle. Raises UsageError, ArchiveError."""
    if bundle_file.is_bundle(path):
        bundle = bundle_file.read(path)
        member = bundle.member(MEMBER)
        if member is None:
            hint = "it was made by an earlier `gosteward bundle create`"
            raise UsageError("this bundle has no release data", subject=path, hint=hint)
        return bundle_file.content(bundle, member, release_document.SIZE_LIMIT)
    try:
        return host.read(path, release_document.SIZE_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"it cannot be read ({error.strerror})", subject=path) from error


def _with_advisories(known: ReleaseData, database: Database, site: Site) -> Refreshed:
    try:
        found = vulnerability_database.newer(database, known.advisories, site.now)
    except StewardError as error:
        return Refreshed(known, (Part("advisories", "failed", Text("vulnerabilities: {reason}", reason=str(error))),))
    data = known._replace(advisories=found.advisories) if found else known
    return Refreshed(data, (_advisories_part(known, data, found.changed if found else 0),))


def _with_releases(known: ReleaseData, places: Sequence[Source], site: Site) -> Refreshed:
    # Archives in a directory are those that somebody wanted, and no list of what there is.
    servers = [place for place in places if isinstance(place, (sources.ModuleProxy, sources.Index))]
    if not servers:
        return Refreshed(known, (Part("releases", "failed", Text("releases: no server is named")),))
    try:
        names = sources.listed(tuple(servers), site.platform)
    except StewardError as error:
        return Refreshed(known, (Part("releases", "failed", Text("releases: {reason}", reason=str(error))),))
    last = max(known.releases.lines).minor
    months = _months(names, last, servers, site)
    shown = ", ".join(place.shown for place in servers)
    found = release_data.with_listed(known.releases, names, months, site.now, shown)
    data = known._replace(releases=found)
    return Refreshed(data, (_releases_part(known, data),))


def _months(names: Sequence[str], last: int, places: Sequence[Source], site: Site) -> dict[int, str]:
    """When the first release of each new line came, as a module proxy says; lines whose proxy does not say are left out."""
    found = {}
    minors = {v.minor for v in map(goversion.parse, names) if v is not None and v.minor > last and v.stage == 2}
    for minor in sorted(minors)[: release_data.MOST_NEW_LINES]:
        version = module_version(f"go1.{minor}.0", site.platform)
        for place in places:
            time = _time_of(place, version, site.web) if isinstance(place, sources.ModuleProxy) else ""
            if time and time <= site.now:
                found[minor] = time[:7]
                break
    return found


def _time_of(proxy: sources.ModuleProxy, version: str, web: Web) -> str:
    """The time in an .info file; "" where there is none. Source: go.dev/ref/mod, "GOPROXY protocol"."""
    try:
        answer = web.ask(f"{proxy.url}/{TOOLCHAIN_MODULE}/@v/{version}.info", sources.INFO_LIMIT)
        found = json.loads(answer.body) if answer.status == 200 else {}
        time = found.get("Time") if isinstance(found, dict) else ""
        return time if isinstance(time, str) and TIME.fullmatch(time) else ""
    except (StewardError, ValueError, RecursionError):  # a page, above all
        return ""


def _releases_part(known: ReleaseData, found: ReleaseData) -> Part:
    newest = ", ".join(line.newest for line in reversed(found.releases.lines) if line.newest and not line.ended)
    values = {"day": found.releases.as_of[:10], "newest": newest}
    if found.releases.as_of == known.releases.as_of:
        return Part("releases", "same", Text("releases: nothing newer than {day}; with fixes: {newest}", **values))
    return Part("releases", "newer", Text("releases: as of {day}; with fixes: {newest}", **values))


def _advisories_part(known: ReleaseData, found: ReleaseData, changed: int) -> Part:
    day, count = found.advisories.as_of[:10], str(sum(bool(one.ranges) for one in found.advisories.entries))
    if found.advisories.as_of == known.advisories.as_of:
        text = Text("vulnerabilities: nothing newer than {day}; {count} are known", day=day, count=count)
        return Part("advisories", "same", text)
    template = "vulnerabilities: as of {day}; {count} are known, {changed} of them new or changed"
    return Part("advisories", "newer", Text(template, day=day, count=count, changed=str(changed)))
