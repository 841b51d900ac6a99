"""The file of an export, as somebody brought it: its members and its manifest, which have to fit each other before anything else is looked at.

Where it has to be signed, nothing of the manifest is read before its signature is known to be right.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import DecodeError, StewardError
from gosteward.formats import stored_members
from gosteward.formats.zip_members import ArchiveError
from gosteward.modules.care import export_manifest
from gosteward.modules.care.export_manifest import (
    LARGEST,
    MANIFEST,
    MOST_MEMBERS,
    REPORTS,
    SIGNATURE,
    Earlier,
    member_of,
    signed_text,
)
from gosteward.sumdb import note
from gosteward.sumdb.refusals import ForgeryError, UnjudgedError
from gosteward.toolchains.origins import bundle_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gosteward.formats.stored_members import StoredMember
    from gosteward.modules.care.export_manifest import ExportedFile, Manifest
    from gosteward.sumdb.keys import Key

_PIECE = 1 << 20
_LARGEST_SIGNATURE = 1 << 16


class BadExportError(StewardError):
    """An export is not what it should be; nothing of it was taken."""

    exit_code = 65  # EX_DATAERR


class ExportFile(NamedTuple):
    """An export that is open.

    Attributes:
        descriptor: for whoever opened it to close.   contents: files with their offsets.   sha256: of the manifest.
        signed_by: a key that was asked for, and has signed it; None if none was asked for.   reports_start: offset of the vulnerability database.
    """

    descriptor: int
    manifest: Manifest
    contents: tuple[tuple[ExportedFile, int], ...]
    sha256: str
    signed_by: Key | None = None
    reports_start: int = 0

    @property
    def known_as(self) -> Earlier:
        """What later exports call it."""
        return Earlier(self.sha256, self.manifest.taken_at)

    def pieces(self, start: int, size: int) -> Iterator[bytes]:
        """Bytes of a member. Raises ArchiveError: the file became shorter.   OSError."""
        place = start
        while place < start + size:
            piece = os.pread(self.descriptor, min(_PIECE, start + size - place), place)
            if not piece:
                raise ArchiveError("it was cut meanwhile")
            yield piece
            place += len(piece)


def opened(path: str, keys: Sequence[Key] = ()) -> ExportFile:
    """Open an export.

    Args:
        keys: one of them must have signed it; none: it is not asked who did.
    Raises:
        UsageError: it cannot be read.   DecodeError: it is no export.   ArchiveError: it was cut, or its parts do not fit each other.
        BadExportError: it is not signed by such a key, or was changed since.
    """
    descriptor = bundle_file.opened(path)
    try:
        return _read(descriptor, path, keys)
    except ArchiveError as error:
        os.close(descriptor)
        raise error.within(path) from None
    except BaseException:
        os.close(descriptor)
        raise


def earlier_at(path: str) -> tuple[Earlier, Manifest]:
    """An export, or the manifest that was taken out of it. Raises as `opened`."""
    descriptor = bundle_file.opened(path)
    try:
        if os.pread(descriptor, 1, 0) == b"{":
            content = _bytes(descriptor, 0, os.fstat(descriptor).st_size, LARGEST)
            manifest = export_manifest.parse(content)
            return Earlier(sha256(content).hexdigest(), manifest.taken_at), manifest
    finally:
        os.close(descriptor)
    found = opened(path)
    os.close(found.descriptor)
    return found.known_as, found.manifest


def _read(descriptor: int, path: str, keys: Sequence[Key]) -> ExportFile:
    size = os.fstat(descriptor).st_size
    if not stored_members.first_name(os.pread(descriptor, stored_members.BLOCK, 0)):
        raise DecodeError("this is no export of modules")
    members = {
        member.name: member
        for member in stored_members.members(lambda at, count: os.pread(descriptor, count, at), size, MOST_MEMBERS)
    }
    described = members.pop(MANIFEST, None)
    if described is None:
        raise DecodeError("this is no export of modules: it has no manifest")
    content = _bytes(descriptor, described.start, described.size, LARGEST)
    digest = sha256(content).hexdigest()
    signed_by = _signer(descriptor, members.pop(SIGNATURE, None), digest, keys, path)
    manifest = export_manifest.parse(content)
    contents = []
    for number, file in enumerate(manifest.files, 1):
        member = members.pop(member_of(number), None)
        if member is None or member.size != file.size:
            raise ArchiveError("it is not there as the manifest says", file.request.path)
        contents.append((file, member.start))
    reports_start = _reports_start(members.pop(REPORTS, None), manifest)
    if members:
        raise ArchiveError("the manifest does not name it", next(iter(members)))
    return ExportFile(descriptor, manifest, tuple(contents), digest, signed_by, reports_start)


def _reports_start(member: StoredMember | None, manifest: Manifest) -> int:
    """Where the vulnerability database begins, 0 for none. Raises ArchiveError."""
    if (member.size if member is not None else -1) != (manifest.reports.size if manifest.reports is not None else -1):
        raise ArchiveError("it is not there as the manifest says", REPORTS)
    return member.start if member is not None else 0


def _signer(descriptor: int, member: StoredMember | None, digest: str, keys: Sequence[Key], path: str) -> Key | None:
    """Which of the keys has signed the manifest of this SHA-256; None if none has to. Raises BadExportError."""
    if not keys:
        return None
    if member is None:
        wanted = ", ".join(key.shown for key in keys)
        hint = "exports are signed with `gosteward proxy export --sign`"
        raise BadExportError(f"it is not signed, and has to be by {wanted}", subject=path, hint=hint)
    try:
        text = _bytes(descriptor, member.start, member.size, _LARGEST_SIGNATURE).decode("utf-8", "replace")
        signed, signer = note.opened_by(text, keys)
    except (UnjudgedError, DecodeError) as error:
        raise BadExportError(f"its signature is none ({error})", subject=path) from error
    except ForgeryError as error:
        raise BadExportError(str(error), subject=path) from error
    if signed != signed_text(digest):
        said = " ".join(signed.split())[:200]
        what = f"its manifest is not the one that {signer.shown} signed: it has the SHA-256 {digest}, and signed is: {said}"
        raise BadExportError(what, subject=path)
    return signer


def _bytes(descriptor: int, start: int, size: int, most: int) -> bytes:
    if size > most:
        raise DecodeError(f"it has more than {most} bytes")
    return os.pread(descriptor, size, start)
