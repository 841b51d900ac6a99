"""Where the sources of a release come from, and what is known of the official release that is built from them.

first   an archive of the release for this host: its module zip or its tarball, as `install` finds them, proved as there
then    its module zip for another platform, which has the same sources
last    goX.Y.Z.src.tar.gz, of a directory or of a server like go.dev/dl: its SHA-256 has to be proved, as no log has it
"""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from gosteward.errors import StewardError
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang import bootstrap, distribution, release_index, toolchain_names
from gosteward.golang.platforms import Platform
from gosteward.golang.toolchain_names import Wanted, is_release, source_name
from gosteward.sumdb.refusals import UnjudgedError
from gosteward.toolchains.origins import given_files, sources
from gosteward.toolchains.origins.sources import Folder, Index, Offer
from gosteward.toolchains.origins.web import UnreachableError
from gosteward.toolchains.verifying import manifests

if TYPE_CHECKING:
    from gosteward.golang.distribution import Entry
    from gosteward.sumdb.proof import LoggedHashes
    from gosteward.toolchains.obtaining.acquiring import Acquired, Acquiring
    from gosteward.toolchains.origins.sources import Source
    from gosteward.toolchains.verifying.manifests import Release

SOURCE = "source"
_ENDING = source_name("")
# Where every release has a module zip.
_ANOTHER = Platform("amd64")


class Sourcing:
    """Finds sources.  acquiring: where to look; it fetches and proves them, too, as for `install`."""

    def __init__(self, acquiring: Acquiring) -> None:
        self.acquiring = acquiring

    def offer(self, spec: str) -> Offer:
        """The sources that a word of the command line asks for; their form is "module", "archive" or "source".

        Raises:
            UsageError: there is no such thing.   UnreachableError: no source has it.
        """
        path = given_files.path_of(spec)
        version = path.rpartition("/")[2][: -len(_ENDING)]
        if path.endswith(_ENDING) and is_release(version):
            return Offer(version, self.acquiring.platform, SOURCE, path=path, source=path)
        if path and (named := given_files.offer_in(path)) is not None:
            return named  # of any platform
        return self.found(self.acquiring.asked(spec))

    def found(self, wanted: Wanted) -> Offer:
        """The sources of what is wanted. Raises as `offer`; ChangeError: such a release does not run on this host."""
        try:
            return self.acquiring.found(wanted)
        except UnreachableError:
            if wanted.kind != "release":
                raise
            found = self._elsewhere(wanted, self.acquiring.sources())
            if found is None:
                raise
            return found

    def _elsewhere(self, wanted: Wanted, where: tuple[Source, ...]) -> Offer | None:
        with suppress(UnreachableError):
            return sources.find(wanted, _ANOTHER, where)
        return self._archive(source_name(wanted.version), wanted.version, where)

    def from_c(self) -> Offer:
        """The sources of the Go that C builds. Raises UnreachableError."""
        found = self._archive(bootstrap.FROM_C_SOURCES, bootstrap.FROM_C, self.acquiring.sources())
        if found is None:
            hint = "put the file into a directory, and name that with --from"
            raise UnreachableError("no source has it", subject=bootstrap.FROM_C_SOURCES, hint=hint)
        return found

    def _archive(self, name: str, version: str, where: tuple[Source, ...]) -> Offer | None:
        """The first source archive of this name."""
        for source in where:
            with suppress(StewardError):
                found = self._offered(source, name, version)
                if found is not None:
                    return found
        return None

    def _offered(self, source: Source, name: str, version: str) -> Offer | None:
        platform = self.acquiring.platform
        if isinstance(source, Folder) and self.acquiring.host.exists(f"{source.path}/{name}"):
            return Offer(version, platform, SOURCE, path=f"{source.path}/{name}", source=source.path)
        if not isinstance(source, Index):
            return None
        url = f"{source.url}/{name}"
        if version == bootstrap.FROM_C:  # no list has it
            return Offer(version, platform, SOURCE, url, source=source.shown)
        release = next((r for r in source.releases() if r.version == version), None)
        file = release_index.sources_of(release) if release is not None else None
        return Offer(version, platform, SOURCE, url, "", file.size, file.sha256, source.shown) if file else None

    def reference(self, version: str, platform: Platform) -> LoggedHashes | str:
        """What the log names for the release as it is built for a platform, or why that is not known. Raises ForgeryError."""
        try:
            return self.acquiring.log().logged(
                toolchain_names.TOOLCHAIN_MODULE, toolchain_names.module_version(version, platform)
            )
        except (UnjudgedError, UnreachableError) as error:
            return error.what

    def files_of(self, source: Acquired, release: Release) -> tuple[Entry, ...]:
        """The files of an official release, by its module zip; () where that cannot be had."""
        with suppress(StewardError, OSError, zlib.error, ArchiveError):
            offer = source.offer
            if offer.form != "module" or offer.platform != release.platform:
                found = self.acquiring.found(Wanted("release", release.version))
                source = self.acquiring.proved(found) if found.form == "module" else source
            entries = manifests.zip_entries(source.archive, release)
            if distribution.module_h1(entries, release.version, release.platform.module) == release.h1:
                return entries
        return ()
