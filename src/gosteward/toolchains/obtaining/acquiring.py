"""A release before it is put anywhere: found at a source, fetched into our cache, proved.

spec -> version -> offer of a source -> archive -> evidence
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.golang import platforms, toolchain_names
from gosteward.host.own_directory import OwnDirectory, cache_for, state_for
from gosteward.probes import machine
from gosteward.toolchains.installed.changing import ChangeError
from gosteward.toolchains.obtaining import archives
from gosteward.toolchains.origins import given_files, sources, web
from gosteward.toolchains.origins.configuration import configuration, database_of, sources_of
from gosteward.toolchains.origins.log_files import of_go
from gosteward.toolchains.origins.settings import database, downloads_of_go, go_path, go_proxy, module_cache
from gosteward.toolchains.proving import openpgp, proofs
from gosteward.toolchains.proving.transparency import log_of

if TYPE_CHECKING:
    from gosteward.golang.platforms import Platform
    from gosteward.golang.toolchain_names import Wanted
    from gosteward.host.local import LocalHost
    from gosteward.settings import Settings
    from gosteward.snapshot import Machine, User
    from gosteward.toolchains.origins.sources import Offer, Source
    from gosteward.toolchains.origins.web import Progress
    from gosteward.toolchains.proving.proofs import Evidence
    from gosteward.toolchains.proving.transparency import Log


class Acquired(NamedTuple):
    """An archive that may be unpacked, or for which `evidence` says why it may not.

    Attributes:
        archive: file, by its whole path.   sha256, size: of it, in hexadecimal and bytes.
    """

    offer: Offer
    archive: str
    sha256: str
    size: int
    evidence: Evidence


class Keeping(NamedTuple):
    """Where this process's user keeps things, see `own_directory`."""

    cache: str
    state: str

    @property
    def downloads(self) -> str:
        """Directory of archives that were fetched."""
        return f"{self.cache}/downloads"


def keeping_of(host: LocalHost, home: str) -> Keeping:
    """Where the user of this process, whose home that is, keeps things. Raises StewardError for one without any place."""
    return Keeping(cache_for(host.environ, home), state_for(host.environ, home))


class Acquiring:
    """Finds releases for this host and fetches them, as the user of this process.

    Args:
        source: as `--from`, "" for those of the settings.   users: whose downloads of go serve, too.   progress: see `Web.download`.
        settings: those in force, if they have been read already.
    """

    def __init__(
        self,
        host: LocalHost,
        user: User,
        keeping: Keeping,
        *,
        source: str = "",
        offline: bool = False,
        users: tuple[User, ...] = (),
        progress: Progress = lambda *_: None,
        settings: Settings | None = None,
    ) -> None:
        self.host, self.user, self.keeping = host, user, keeping
        self.source = source
        self.users = tuple(dict.fromkeys((user, *users)))
        self.progress = progress
        self.asking = web.Web(host, user, offline=offline)
        self.settings = settings or configuration(host, user.home, os.geteuid()).settings
        self._facts: Machine | None = None

    @property
    def platform(self) -> Platform:
        """For which archives have to be."""
        return platforms.platform_of(self._machine())

    def _machine(self) -> Machine:
        if self._facts is None:
            self._facts, _ = machine.collect(self.host, self.user)
        return self._facts

    def log(self) -> Log:
        """The checksum database to believe. Raises UsageError."""
        named = database_of(self.settings, database(self.host, self.user))
        others = (user for user in self.users if user != self.user)
        folders = (of_go(module_cache(self.host, o), go_path(self.host, o), named.key.name) for o in others)
        named = named._replace(folders=(*named.folders, *folders))
        return log_of(named, self.asking, self.keeping.state, self.keeping.cache)

    def asked(self, spec: str) -> Wanted:
        """What a word of the command line asks for. Raises UsageError."""
        path = given_files.path_of(spec)
        if not path:
            return toolchain_names.wanted(spec)
        named = given_files.offer_in(path)
        if named is not None:
            return toolchain_names.Wanted("release", named.version, path)
        try:
            return toolchain_names.from_file(path, self.host.text(path))
        except OSError as error:
            raise UsageError(f"it cannot be read ({error.strerror})", subject=spec) from error

    def sources(self) -> tuple[Source, ...]:
        """Where to look, in order. Raises UsageError."""
        if self.source:
            return sources.named(self.source, self.asking, self.host)
        # What was fetched before, by us or by go, need not come again: it is proved like anything else.
        kept = (self.keeping.downloads, *(downloads_of_go(self.host, user) for user in self.users))
        folders = (sources.Folder(self.host, path) for path in kept if path and self.host.is_directory(path))
        return (*folders, *sources_of(self.settings, go_proxy(self.host, self.user), self.asking, self.host))

    def offer(self, spec: str) -> Offer:
        """The first offer of what a word of the command line asks for.

        Raises:
            UsageError: there is no such thing.   UnreachableError: no source has it.   ChangeError: it does not run on this host.
        """
        path = given_files.path_of(spec)
        named = given_files.offer_in(path) if path else None
        if named is None:
            return self.found(self.asked(spec))
        if named.platform != self.platform:
            what = f"it is for {named.platform.archive}, this host is {self.platform.archive}"
            raise UsageError(what, subject=spec)
        return self._running_here(named)

    def found(self, wanted: Wanted, among: tuple[Source, ...] = ()) -> Offer:
        """The first offer of any source, or of those given. Raises as `offer`."""
        return self._running_here(sources.find(wanted, self.platform, among or self.sources()))

    def _running_here(self, offer: Offer) -> Offer:
        for obstacle in platforms.obstacles(offer.version, self._machine()):
            raise ChangeError(str(obstacle), subject=offer.version)
        return offer

    def proved(self, offer: Offer) -> Acquired:
        """The archive of an offer, with all that speaks for it; whether that is enough is not asked here.

        Raises:
            UnreachableError, UsageError: it cannot be had.   MismatchError, ForgeryError: it is not what it should be.   OSError.
        """
        try:
            archive, sha256, size = self._archive(offer)
            ring = openpgp.Ring(self.keeping.cache, self.keeping.state)
            evidence = proofs.gathered(offer, sha256, self.asking, self.log(), archive, ring)
        except proofs.MismatchError:
            self.forget(offer)
            raise
        return Acquired(offer, archive, sha256, size, evidence)

    def forget(self, offer: Offer) -> None:
        """Remove the archive of an offer from our downloads: it is not what it should be, and would be wrong again the next time."""
        if offer.url or offer.path.startswith(f"{self.keeping.downloads}/"):
            OwnDirectory(self.keeping.downloads).remove(_file_of(offer))

    def _archive(self, offer: Offer) -> tuple[str, str, int]:
        """Path, SHA-256 and size of the archive. Raises as `archives.fetched`."""
        return archives.fetched(offer, self.asking, self.keeping.downloads, self.progress)


def _file_of(offer: Offer) -> str:
    return (offer.url or offer.path).rpartition("/")[2]
