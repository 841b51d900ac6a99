"""An archive of a release, unpacked to be built or to build: held against what is proved of it, and with nothing in it that no proof covers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gosteward.formats.zip_members import ArchiveError
from gosteward.golang import bootstrap, distribution
from gosteward.host import unpacking, writing
from gosteward.host.places import Refused
from gosteward.toolchains.installed.changing import ChangeError
from gosteward.toolchains.proving.proofs import MismatchError

if TYPE_CHECKING:
    from gosteward.golang.distribution import Entry
    from gosteward.toolchains.obtaining.acquiring import Acquired

# What an archive has that was packed for a platform, and make.bash makes anew.
BUILT = ("bin", "pkg")


def unpack(into: int, found: Acquired) -> None:
    """Unpack an archive.

    Args:
        into: descriptor of an empty directory.

    Raises:
        MismatchError: it is not what is proved.   ChangeError: there is no room for it.   OSError.
    """
    offer = found.offer
    version = "" if offer.version == bootstrap.FROM_C else offer.version  # it says go1.4-bootstrap-...
    try:
        archive = os.open(found.archive, writing.READING)
        try:
            unpacked = unpacking.unpack_zip if offer.form == "module" else unpacking.unpack_tar_gz
            made = unpacked(archive, into, version, offer.platform.module)
        finally:
            os.close(archive)
    except ArchiveError as error:
        raise MismatchError(f"it is no release: {error.what}", subject=found.archive) from error
    except Refused as error:
        raise ChangeError(str(error.text), subject=found.archive) from error
    h1 = found.evidence.h1 if offer.form != "source" else ""
    for what, wanted, has in (("h1", h1, made.h1), ("SHA-256", found.sha256, made.sha256)):
        if wanted and wanted != has:
            raise MismatchError(
                f"it has the {what} {has}, and {wanted} is proved: nothing was built", subject=found.archive
            )
    strange = _unproved(made.entries, offer.version, offer.platform.module) if h1 else ""
    if strange:
        raise MismatchError(f"it holds {strange}, which no release has: nothing was built", subject=found.archive)


def _unproved(entries: tuple[Entry, ...], version: str, platform: str) -> str:
    """A file that no h1 covers and that a build might take, "" if there is none."""
    outside = tuple(f"{part}/" for part in BUILT)
    extra = (
        e.name
        for e in entries
        if not e.name.startswith(outside) and distribution.form_of(e.name, version, platform) == "extra"
    )
    return next(extra, "")
