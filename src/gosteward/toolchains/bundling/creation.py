"""Make a bundle: releases with their proofs in one file, for hosts that can ask nobody. Only what the log proves comes into it.

versions, platforms -> offers of sources -> archives in our cache -> proofs, and the h1 of what they really hold -> one file
"""

from __future__ import annotations

import os
import time
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.formats import stored_members
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang import bundle_manifest, platforms
from gosteward.golang.bundle_manifest import MANIFEST, BundledRelease, Manifest
from gosteward.host import archive_hashing, outgoing
from gosteward.host.archive_hashing import Part
from gosteward.sumdb import note, proof, tlog
from gosteward.toolchains.obtaining import archives
from gosteward.toolchains.origins import bundle_file, given_files, sources
from gosteward.toolchains.proving import proofs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gosteward.golang.platforms import Platform
    from gosteward.host.own_directory import Growing
    from gosteward.toolchains.obtaining.acquiring import Acquiring
    from gosteward.toolchains.origins.sources import Offer
    from gosteward.toolchains.proving.transparency import Log


class Packed(NamedTuple):
    """A release that is proved.  path: of its archive on this host.   source: where it came from, for people."""

    release: BundledRelease
    path: str
    source: str


class Created(NamedTuple):
    """A bundle that was written.  size: bytes.   releases: in its order."""

    path: str
    size: int
    manifest: Manifest
    releases: tuple[Packed, ...]


def create(
    file: str,
    specs: Sequence[str],
    acquiring: Acquiring,
    *,
    for_platforms: Sequence[str] = (),
    others: Sequence[tuple[str, bytes]] = (),
    replace: bool = False,
) -> Created:
    """Make a bundle.

    Args:
        file: path; nothing may be there unless it may be replaced.   specs: each a version, a line, "latest", or a file, as for `install`.
        for_platforms: "linux-arm64", as in names of archives or of modules; () for that of this host.
        others: name and content of further members, which no proof is about.
    Raises:
        UsageError: there is no such thing, or something is at the path.   UnreachableError: no source has it.   UnprovedError: the log does
            not show it.   MismatchError, ArchiveError, ForgeryError: it is not what it should be.   OutgoingError: it cannot be written.
    """
    outgoing.refuse_taken(file, replace=replace)  # before anything is fetched
    wanted = tuple(map(platform_named, for_platforms)) or (acquiring.platform,)
    log = acquiring.log()
    offers = _offers(specs, wanted, acquiring)
    packed = [_packed(offer, acquiring, log) for offer in offers]
    manifest = Manifest(
        _now(acquiring.host.environ),
        log.key.name,
        log.key.hash.hex(),
        _newest_head([p.release for p in packed], log),
        bundle_manifest.in_order(tuple(p.release for p in packed)),
    )
    places = {p.release.file: p for p in packed}
    in_order = tuple(places[release.file] for release in manifest.releases)
    return Created(file, _written(file, manifest, in_order, others, replace), manifest, in_order)


def platform_named(text: str) -> Platform:
    """A platform by either of its names. Raises UsageError."""
    found = platforms.of_archive(text) or platforms.of_module(text)
    if found is None:
        known = ", ".join(f"linux-{goarch}" for goarch in platforms.FIRST_ARCHIVES)
        raise UsageError("Go has no release for this platform", subject=text[:60], hint=f"one of {known}")
    return found


def _offers(specs: Sequence[str], wanted: Sequence[Platform], acquiring: Acquiring) -> tuple[Offer, ...]:
    """One for each release and platform."""
    places = acquiring.sources()
    found: dict[tuple[str, Platform], Offer] = {}
    for spec in specs:
        path = given_files.path_of(spec)
        named = given_files.offer_in(path) if path else None
        asked = acquiring.asked(spec)
        offers = [named] if named is not None else [sources.find(asked, platform, places) for platform in wanted]
        for offer in offers:
            found.setdefault((offer.version, offer.platform), offer)
    return tuple(found.values())


def _packed(offer: Offer, acquiring: Acquiring, log: Log) -> Packed:
    """The archive of an offer with its proof. What it holds is hashed here, so that nobody carries away what is of no use."""
    try:
        archive = archives.fetched(offer, acquiring.asking, acquiring.keeping.downloads, acquiring.progress)
        found = _hashed(offer, archive.path)
        evidence = proofs.gathered(offer, found.sha256, acquiring.asking, log, archive.path)
        _refuse_unproved(offer, evidence, found.h1)
    except (proofs.MismatchError, ArchiveError):
        acquiring.forget(offer)
        raise
    text = next(p.text for p in evidence.proofs if p.kind == "log")
    file = bundle_manifest.file_of(offer.version, offer.platform, offer.form)
    release = BundledRelease(
        offer.version, offer.platform, offer.form, file, archive.size, found.sha256, found.h1, proof.parse(text).number, text
    )  # fmt: skip
    return Packed(release, archive.path, offer.source)


def _hashed(offer: Offer, path: str) -> archive_hashing.Hashed:
    descriptor = bundle_file.opened(path)
    try:
        part = Part(descriptor, 0, os.fstat(descriptor).st_size)
        return archive_hashing.hash_archive(part, offer.form, offer.version, offer.platform.module)
    except ArchiveError as error:
        raise error.within(path) from None
    finally:
        os.close(descriptor)


def _refuse_unproved(offer: Offer, evidence: proofs.Evidence, h1: str) -> None:
    if not evidence.h1:
        raise proofs.UnprovedError(
            f"it has no proof of the log, and a bundle is for hosts that cannot ask for one: {'; '.join(evidence.missing)}",
            subject=f"{offer.version} from {offer.source}",
            hint="let it reach a module proxy that serves the checksum database",
        )
    if h1 != evidence.h1:
        what = f"it has the h1 {h1}, and {evidence.h1} is proved: nothing was written"
        raise proofs.MismatchError(what, subject=f"{offer.version} from {offer.source}")


def _newest_head(releases: Sequence[BundledRelease], log: Log) -> str:
    heads = (proof.parse(release.proof).head for release in releases)
    return max(heads, key=lambda head: tlog.parse_head(note.opened(head, (log.key,))).size)


def _written(
    file: str, manifest: Manifest, packed: Sequence[Packed], others: Sequence[tuple[str, bytes]], replace: bool
) -> int:
    with outgoing.outgoing(file, replace=replace) as target:
        _append(target, MANIFEST, bundle_manifest.written(manifest))
        for one in packed:
            _append_archive(target, one)
        for name, content in others:
            _append(target, name, content)
        target.append(stored_members.END)
    return target.size


def _append(target: Growing, name: str, content: bytes) -> None:
    target.append(stored_members.header(name, len(content)) + content + stored_members.padding(len(content)))


def _append_archive(target: Growing, packed: Packed) -> None:
    release = packed.release
    target.append(stored_members.header(release.file, release.size))
    total = sha256()
    descriptor = bundle_file.opened(packed.path)
    try:
        for piece in archive_hashing.pieces_of(Part(descriptor, 0, release.size)):
            total.update(piece)
            target.append(piece)
    finally:
        os.close(descriptor)
    if total.hexdigest() != release.sha256:
        what = f"it was changed meanwhile: it had the SHA-256 {release.sha256}, and has {total.hexdigest()}"
        raise proofs.MismatchError(what, subject=packed.path)
    target.append(stored_members.padding(release.size))


def _now(environ: Mapping[str, str]) -> str:
    """The time of a bundle, which https://reproducible-builds.org/specs/source-date-epoch may fix. Raises UsageError: it is no time."""
    given = environ.get("SOURCE_DATE_EPOCH", "")
    try:
        moment = time.gmtime(int(given) if given else None)
    except (ValueError, OverflowError, OSError):
        raise UsageError("SOURCE_DATE_EPOCH is no number of seconds", subject=given[:40]) from None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)
