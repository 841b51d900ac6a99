"""Where toolchains come from: a module proxy, a go.dev/dl look-alike, a directory, a bundle. Each says which releases it has, and offers archives.

What a source says about its own files is a hint: a list may be incomplete, a name may lie. What an archive is, its digests say.
Source: go.dev/ref/mod, "GOPROXY protocol"; golang/website, internal/dl, server.go; cmd/go/internal/toolchain/select.go.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, NamedTuple, Union
from urllib.parse import unquote

from gosteward.errors import StewardError, UsageError
from gosteward.golang import goversion, release_index, toolchain_names
from gosteward.golang.modulepaths import proxy_list
from gosteward.golang.proxyurls import entry_url, masked
from gosteward.golang.toolchain_names import TOOLCHAIN_MODULE
from gosteward.toolchains.origins import bundle_file
from gosteward.toolchains.origins.web import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gosteward.golang.platforms import Platform
    from gosteward.golang.release_index import Release
    from gosteward.host.local import LocalHost
    from gosteward.toolchains.origins.web import Web

ZIP_LIMIT = 512 << 20
DEFAULT_INDEX = "https://go.dev/dl"
MOST_NAMES = 20_000
INFO_LIMIT = 1 << 16
# How many releases behind the newest known one are asked for by name, as lists come out of caches.
AHEAD = 3


class Offer(NamedTuple):
    """An archive that is said to hold a toolchain.

    Attributes:
        form: "module" (zip of golang.org/toolchain), "archive" (tar.gz as on go.dev), or "source" (tar.gz of the sources alone).
        url, path: where it is; one of them is "".   size: bytes, 0 if not told.   sha256: as told by the source, "" if not.
        source: whose offer it is, for people.
        bundle, offset: where it is if neither has a value: path of a bundle, and offset of its first byte there.
        proof: c2sp.org/tlog-proof that came with it, "" for none.   head: signed tree head that came with it, "" for none.
    """

    version: str
    platform: Platform
    form: str
    url: str = ""
    path: str = ""
    size: int = 0
    sha256: str = ""
    source: str = ""
    bundle: str = ""
    offset: int = 0
    proof: str = ""
    head: str = ""

    @property
    def shown(self) -> str:
        """Where it is, without passwords."""
        return masked(self.url) if self.url else self.path


class ModuleProxy:
    """A server of the GOPROXY protocol.  url: without a slash at its end."""

    def __init__(self, web: Web, url: str) -> None:
        self.web = web
        self.url = url.rstrip("/")
        self.shown = masked(self.url)

    def versions(self, platform: Platform) -> tuple[str, ...]:
        """Names of releases for a platform, "go1.26.8". Raises UnreachableError."""
        answer = self.web.ask(f"{self.url}/{TOOLCHAIN_MODULE}/@v/list")
        if answer.status != 200:
            raise UnreachableError(f"the server answers {answer.status}", subject=f"{self.shown}/{TOOLCHAIN_MODULE}")
        found = (toolchain_names.of_module_version(line.strip()) for line in _lines(answer.body))
        return tuple(named.version for named in found if named is not None and named.platform == platform)

    def offer(self, version: str, platform: Platform) -> Offer | None:
        """The archive of a release; None if there is none. Raises UnreachableError."""
        module_version = toolchain_names.module_version(version, platform)
        place = f"{self.url}/{TOOLCHAIN_MODULE}/@v/{module_version}"
        answer = self.web.ask(f"{place}.info")
        if answer.status in (404, 410):
            return None
        if answer.status != 200:
            raise UnreachableError(f"the server answers {answer.status}", subject=f"{masked(place)}.info")
        # go.dev and portals answer 200 with a page for whatever they do not know.
        known = _version_in(answer.body) == module_version
        return Offer(version, platform, "module", f"{place}.zip", source=self.shown) if known else None


class Index:
    """A server like go.dev/dl: a list of releases as JSON, and their archives beside it."""

    def __init__(self, web: Web, url: str) -> None:
        self.web = web
        self.url = url.rstrip("/")
        self.shown = masked(self.url)
        self._releases: tuple[Release, ...] | None = None

    def versions(self, platform: Platform) -> tuple[str, ...]:
        """Names of releases with an archive for a platform. Raises UnreachableError, ReleaseIndexError."""
        return tuple(r.version for r in self.releases() if release_index.archive_of(r, platform) is not None)

    def offer(self, version: str, platform: Platform) -> Offer | None:
        """The archive of a release; None if it is not listed. Raises UnreachableError, ReleaseIndexError."""
        for release in self.releases():
            file = release_index.archive_of(release, platform) if release.version == version else None
            if file is not None:
                url = f"{self.url}/{file.name}"
                return Offer(version, platform, "archive", url, "", file.size, file.sha256, self.shown)
        return None

    def releases(self) -> tuple[Release, ...]:
        """The whole list, asked for once. Raises UnreachableError, ReleaseIndexError."""
        if self._releases is None:
            answer = self.web.ask(f"{self.url}/?mode=json&include=all", release_index.SIZE_LIMIT)
            if answer.status != 200 or answer.cut:
                raise UnreachableError(f"the server answers {answer.status}", subject=self.shown)
            self._releases = release_index.parse(answer.body.decode("utf-8", "replace"))
        return self._releases


class Bundle:
    """A file with archives and their proofs.

    Args:
        path: of it.
    Raises:
        DecodeError: it is none.   ArchiveError: it was cut or tampered with.   UsageError: it cannot be read.
    """

    def __init__(self, path: str) -> None:
        self.path = self.shown = path
        self.file = bundle_file.read(path)

    def versions(self, platform: Platform) -> tuple[str, ...]:
        """Names of its releases for a platform."""
        return tuple(dict.fromkeys(r.version for r in self.file.manifest.releases if r.platform == platform))

    def offer(self, version: str, platform: Platform) -> Offer | None:
        """The archive of a release, the module zip before the tar.gz; None if there is none."""
        fitting = (o for o in self.offers() if (o.version, o.platform) == (version, platform))
        return min(fitting, key=lambda offer: offer.form != "module", default=None)

    def offers(self) -> Iterator[Offer]:
        """All that it has."""
        head = self.file.manifest.head
        for r in self.file.manifest.releases:
            member = self.file.member(r.file)
            if member is not None:
                yield Offer(
                    r.version, r.platform, r.form, "", "", r.size, r.sha256, self.shown, self.path, member.start, r.proof, head
                )  # fmt: skip


class Folder:
    """A directory with archives: as downloaded, in the layout of a module proxy (also of GOMODCACHE/cache/download), or in bundles."""

    def __init__(self, host: LocalHost, path: str) -> None:
        self.host = host
        self.path = path.rstrip("/") or "/"
        self.shown = self.path

    def versions(self, platform: Platform) -> tuple[str, ...]:
        """Names of releases with an archive for a platform. Raises StewardError: there is nothing but bundles that cannot be used."""
        bundles, failure = self._bundles()
        found = [offer.version for offer in self._offers() if offer.platform == platform]
        found += [version for bundle in bundles for version in bundle.versions(platform)]
        if failure is not None and not found:
            raise failure
        return tuple(dict.fromkeys(found))

    def offer(self, version: str, platform: Platform) -> Offer | None:
        """The archive of a release; None if there is none. Raises StewardError: one of its bundles cannot be used, and nothing else has it."""
        for offer in self._offers():
            if (offer.version, offer.platform) == (version, platform):
                return offer
        bundles, failure = self._bundles()
        bundled = next(filter(None, (bundle.offer(version, platform) for bundle in bundles)), None)
        if bundled is None and failure is not None:
            raise failure
        return bundled

    def _offers(self) -> Iterable[Offer]:
        for directory in (self.path, f"{self.path}/{TOOLCHAIN_MODULE}/@v", f"{self.path}/@v"):
            for name in sorted(self.host.listdir(directory, MOST_NAMES)):
                found = of_file(f"{directory}/{name}")
                if found is not None:
                    yield found._replace(source=self.path)

    def _bundles(self) -> tuple[list[Bundle], StewardError | None]:
        """Those that can be used, and what is wrong with the first one that cannot."""
        found: list[Bundle] = []
        failure: StewardError | None = None
        for name in sorted(self.host.listdir(self.path, MOST_NAMES)):
            if name.endswith(bundle_file.ENDING):
                try:
                    found.append(Bundle(f"{self.path}/{name}"))
                except StewardError as error:
                    failure = failure or error
        return found, failure


Source = Union[ModuleProxy, Index, Folder, Bundle]


def of_file(path: str) -> Offer | None:
    """What the name of a file says that it holds; None if it is no name of a toolchain's archive."""
    name = path.rpartition("/")[2]
    archive = toolchain_names.of_archive(name)
    if archive is not None:
        return Offer(archive.version, archive.platform, "archive", path=path, source=path)
    if name.endswith(".zip"):
        module = toolchain_names.of_module_version(name[: -len(".zip")].rpartition("@")[2])
        if module is not None:
            return Offer(module.version, module.platform, "module", path=path, source=path)
    return None


def named(text: str, web: Web, host: LocalHost) -> tuple[Source, ...]:
    """The sources that `--from` names: a URL of a module proxy or of a go.dev/dl look-alike, a directory, or a bundle.

    Raises:
        UsageError: it is none of them.   DecodeError, ArchiveError: as `Bundle`.
    """
    if text.startswith(("http://", "https://")):
        return (ModuleProxy(web, text), Index(web, text))
    path = os.path.abspath(unquote(text[len("file://") :]) if text.startswith("file://") else text)
    if text and host.is_directory(path):
        return (Folder(host, path),)
    if text and host.exists(path):
        return (Bundle(path),)
    raise UsageError("this is no source", subject=masked(text)[:200], hint="name a URL, a directory, or a bundle")


def of_settings(goproxy: str, web: Web, host: LocalHost) -> tuple[Source, ...]:
    """The sources that a GOPROXY value allows, and go.dev where it allows "direct"."""
    found: list[Source] = []
    for entry in proxy_list(goproxy):
        if entry.kind == "url":
            found.append(ModuleProxy(web, entry_url(entry)))
        elif entry.kind == "file":
            found.append(Folder(host, unquote(re.sub(r"^file:(?://)?", "", entry.text))))
        elif entry.kind == "direct":
            found.append(Index(web, DEFAULT_INDEX))
    return tuple(found)


def find(asked: toolchain_names.Wanted, platform: Platform, sources: tuple[Source, ...]) -> Offer:
    """The first offer of what is asked for; of a line or of "latest" the newest release that any source has.

    Raises:
        UnreachableError: no source has it; it says what each of them answered.   UsageError: no such release is known.
    """
    said: list[str] = []
    version = asked.version if asked.kind == "release" else _newest(asked, platform, sources)
    for source in sources:
        found = _offered(source, version, platform)
        if isinstance(found, Offer):
            return found
        said.append(f"{source.shown}: {found}")
    what = f"no source has {version} for {platform.archive}"
    raise UnreachableError(what, subject="; ".join(dict.fromkeys(said)), hint=_hint(sources))


def listed(sources: tuple[Source, ...], platform: Platform) -> tuple[str, ...]:
    """Names of all releases that any source lists.

    Raises:
        UnreachableError: none of them gives a list.
    """
    said: list[str] = []
    known: dict[str, None] = {}
    for source in sources:
        found = _listed(source, platform)
        if isinstance(found, str):
            said.append(f"{source.shown}: {found}")
        else:
            known.update(dict.fromkeys(found))
    if not known:
        raise UnreachableError(
            "no source gives a list of releases", subject="; ".join(dict.fromkeys(said)), hint=_hint(sources)
        )
    return tuple(known)


def _hint(sources: tuple[Source, ...]) -> str:
    """Servers that want a password may say that they have nothing (404), so that it is named here what is not asked for one."""
    notes = (note for source in sources if isinstance(source, (ModuleProxy, Index)) for note in source.web.notes())
    return "; ".join((*dict.fromkeys(map(str, notes)), "name another source with --from"))


def _newest(asked: toolchain_names.Wanted, platform: Platform, sources: tuple[Source, ...]) -> str:
    """The newest release, by all lists, and by asking for the next ones by name: a list is never the whole truth."""
    known = listed(sources, platform)
    newest = toolchain_names.chosen(asked, known)
    for name in _behind(newest):
        if name not in known and _has(name, platform, sources):
            newest = name
    return newest


def _behind(newest: str) -> Iterable[str]:
    """The next patches of a line."""
    parsed = goversion.parse(newest)
    if parsed is not None and parsed.stage == 2:
        for patch in range(parsed.number + 1, parsed.number + 1 + AHEAD):
            yield f"go{parsed.language}.{patch}"


def _has(version: str, platform: Platform, sources: tuple[Source, ...]) -> bool:
    proxies = (source for source in sources if isinstance(source, ModuleProxy))
    return any(isinstance(_offered(proxy, version, platform), Offer) for proxy in proxies)


def _offered(source: Source, version: str, platform: Platform) -> Offer | str:
    """The offer, or why there is none."""
    try:
        return source.offer(version, platform) or "does not have it"
    except StewardError as error:
        return error.what


def _listed(source: Source, platform: Platform) -> tuple[str, ...] | str:
    try:
        return source.versions(platform)
    except StewardError as error:
        return error.what


def _version_in(info: bytes) -> str:
    """The version that an .info file names, "" for anything else."""
    try:
        found = json.loads(info[:INFO_LIMIT])
    except (ValueError, RecursionError):
        return ""
    return str(found.get("Version", "")) if isinstance(found, dict) else ""


def _lines(body: bytes) -> list[str]:
    return body.decode("utf-8", "replace").split("\n")[:MOST_NAMES]
