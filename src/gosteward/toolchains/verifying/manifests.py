"""What the files of a release should be: lists that prove themselves, as their h1 is the one that the log names. So they may come from anywhere.

first   the list that was kept when the tree was installed
then    the release's module zip: of the module cache, of our downloads, of a source
"""

from __future__ import annotations

import os
import stat
import zlib
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import StewardError
from gosteward.formats import zip_members
from gosteward.formats.zip_members import ArchiveError, Limits
from gosteward.golang import distribution, toolchain_names
from gosteward.golang.distribution import Entry, module_form, module_h1
from gosteward.golang.installed_trees import listing_place, parse_listing
from gosteward.host.own_directory import OwnDirectory, cache_for, state_for
from gosteward.host.writing import READING
from gosteward.toolchains.origins.settings import database, downloads_of_go, go_proxy
from gosteward.toolchains.proving.transparency import log_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.golang.platforms import Platform
    from gosteward.host.local import LocalHost
    from gosteward.snapshot import User
    from gosteward.toolchains.installed.goroots import Goroot
    from gosteward.toolchains.origins.web import Web
    from gosteward.toolchains.proving.transparency import Log

LISTING_LIMIT = 32 << 20


class Release(NamedTuple):
    """A release that the log names.  h1: of its module zip."""

    version: str
    platform: Platform
    h1: str


def trusted_log(host: LocalHost, user: User, asking: Web) -> Log:
    """The checksum database that the user's settings name, through the module proxies of the settings first. Raises UsageError."""
    state, cache = state_for(host.environ, user.home), cache_for(host.environ, user.home)
    return log_of(database(host, user), asking, state, cache)


def kept_listing(host: LocalHost, goroot: Goroot) -> bytes | None:
    """The list of files that was kept at the installation; None if there is none."""
    if not goroot.record:
        return None
    try:
        content = host.read(listing_place(goroot.path), LISTING_LIMIT)
    except OSError:
        return None
    return content if len(content) < LISTING_LIMIT else None


def parsed_listing(content: bytes) -> tuple[Entry, ...]:
    """The files of a kept list; () if it is none."""
    try:
        return parse_listing(content)
    except ValueError:
        return ()


def proves_itself(entries: tuple[Entry, ...], release: Release) -> bool:
    """Whether a list is that of the logged release."""
    platform = release.platform.module
    return module_h1(module_form(entries, release.version, platform), release.version, platform) == release.h1


def of_zips(release: Release, host: LocalHost, user: User, asking: Web) -> tuple[Entry, ...]:
    """The files of the release by its module zip, in the module form; () if no true zip can be had."""
    for path in _zips(release, host, user, asking):
        try:
            entries = zip_entries(path, release)
        except (ArchiveError, OSError, zlib.error):
            continue
        # All members count: none of them may escape the proof.
        if module_h1(entries, release.version, release.platform.module) == release.h1:
            return entries
    return ()


def _zips(release: Release, host: LocalHost, user: User, asking: Web) -> Iterator[str]:
    name = f"{toolchain_names.module_version(release.version, release.platform)}.zip"
    yield f"{downloads_of_go(host, user)}/{toolchain_names.TOOLCHAIN_MODULE}/@v/{name}"
    downloads = OwnDirectory(f"{cache_for(host.environ, user.home)}/downloads")
    yield f"{downloads.path}/{name}"
    from gosteward.toolchains.origins import sources  # here, as most trees are judged by their list

    for source in sources.of_settings(go_proxy(host, user), asking, host):
        try:
            offer = source.offer(release.version, release.platform)
            if offer is None or offer.form != "module":
                continue
            if offer.url:
                asking.download(offer.url, downloads, name, limit=Limits().archive)
            yield offer.path or f"{downloads.path}/{name}"
        except (StewardError, OSError):
            continue


def zip_entries(path: str, release: Release) -> tuple[Entry, ...]:
    """All files of a module zip, by their names in a tree.

    Raises:
        ArchiveError: it is not as a packer of Go modules writes it.   zlib.error: it is damaged.   OSError.
    """
    descriptor = os.open(path, READING)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > Limits().archive:
            raise ArchiveError("no archive")
        prefix = distribution.module_prefix(release.version, release.platform.module)
        listing = zip_members.members(
            lambda at, count: os.pread(descriptor, count, at),
            status.st_size,
            prefix,
            Limits(),
            distribution.installed_name,
        )
        return tuple(
            Entry(m.name, distribution.mode_of(m.name), sha256(_content(descriptor, m)).hexdigest())
            for m in listing.members
        )
    finally:
        os.close(descriptor)


def _content(descriptor: int, member: zip_members.Member) -> bytes:
    packed = os.pread(descriptor, member.end - member.start, member.start)
    if member.method == zip_members.STORED:
        return packed[: member.size]
    # One byte more than stated: what inflates to more is another file, and is not the logged one.
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, member.size + 1)
