"""The archive of an offer, as a file of this host: where it lies, downloaded, or copied out of a bundle, and hashed in any case.

downloads/NAME                         what a server gave
downloads/bundle-SHA256-NAME           what a bundle held: no source looks for such a name, as nothing has proved it yet
"""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.golang import bundle_manifest
from gosteward.host import writing
from gosteward.host.archive_hashing import Part, pieces_of
from gosteward.host.own_directory import OwnDirectory
from gosteward.toolchains.origins import bundle_file, sources, web
from gosteward.toolchains.proving import proofs

if TYPE_CHECKING:
    from gosteward.host.own_directory import Growing
    from gosteward.toolchains.origins.sources import Offer
    from gosteward.toolchains.origins.web import Progress, Web


class Archive(NamedTuple):
    """A file.  path: of it.   sha256: in hexadecimal.   size: bytes."""

    path: str
    sha256: str
    size: int


def fetched(offer: Offer, asking: Web, downloads: str, progress: Progress = lambda *_: None) -> Archive:
    """The archive of an offer.

    Args:
        downloads: directory of ours.   progress: see `Web.download`.
    Raises:
        UnreachableError: the server does not give it.   MismatchError: it has another size or SHA-256 than its source states.
        UsageError: it cannot be read.   PrivilegeError: the directory is not ours alone.   OSError.
    """
    if offer.bundle:
        return _of_bundle(offer, OwnDirectory(downloads), progress)
    if offer.path:
        return of_path(offer.path)
    name = offer.url.rpartition("/")[2]
    found = asking.download(offer.url, OwnDirectory(downloads), name, limit=sources.ZIP_LIMIT, progress=progress)
    if offer.size and found.size != offer.size:
        raise proofs.MismatchError(f"it has {found.size} bytes, and {offer.size} are stated", subject=offer.shown)
    return Archive(f"{downloads}/{name}", found.sha256, found.size)


def of_path(path: str) -> Archive:
    """An archive that is here, or that a link here leads to. Raises UsageError: it cannot be read."""
    real = os.path.realpath(path)  # what is unpacked is compared with this digest once more
    try:
        descriptor = os.open(real, writing.READING)
    except OSError as error:
        raise UsageError(f"it cannot be read ({error.strerror})", subject=path) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UsageError("it is no regular file", subject=path)
        return Archive(real, web.digest_of(descriptor), status.st_size)
    finally:
        os.close(descriptor)


def _of_bundle(offer: Offer, downloads: OwnDirectory, progress: Progress) -> Archive:
    file = bundle_manifest.file_of(offer.version, offer.platform, offer.form)
    name = f"bundle-{offer.sha256[:16]}-{file}"
    if not _has(downloads, name, offer.sha256):
        with downloads.growing(name + web.PARTIAL) as copy:
            copy.restart()
            found = _copied(offer, copy, progress)
            if found != offer.sha256:
                copy.restart()
                what = (
                    f"the bundle says that {file} has the SHA-256 {offer.sha256}, and it has {found}: nothing was used"
                )
                hint = "carry the bundle over again, and compare it with `gosteward bundle inspect` on both sides"
                raise proofs.MismatchError(what, subject=offer.bundle, hint=hint)
            copy.sync()
            downloads.rename(name + web.PARTIAL, name)
    return Archive(f"{downloads.path}/{name}", offer.sha256, offer.size)


def _copied(offer: Offer, copy: Growing, progress: Progress) -> str:
    total = sha256()
    descriptor = bundle_file.opened(offer.bundle)
    try:
        for piece in pieces_of(Part(descriptor, offer.offset, offer.size)):
            total.update(piece)
            copy.append(piece)
            progress(copy.size, offer.size)
    finally:
        os.close(descriptor)
    return total.hexdigest()


def _has(downloads: OwnDirectory, name: str, wanted: str) -> bool:
    """Whether an earlier run has copied it."""
    try:
        descriptor = downloads.opened(name)
    except FileNotFoundError:
        return False
    try:
        return web.digest_of(descriptor) == wanted
    finally:
        os.close(descriptor)
