"""A vulnerability database that goes with an export, from one store into another.

Nothing proves it as the log proves modules: who holds no key of the export's maker takes it only if that is said. It is checked as a whole before
anything of the export can be served, and replaced in one step. An older one never takes the place of a newer one by itself.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import StewardError
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang.advisories import AdvisoryError
from gosteward.modules.care.export_file import BadExportError
from gosteward.modules.care.export_manifest import REPORTS
from gosteward.modules.storage.disk import StorageError
from gosteward.modules.vulnerabilities import bringing
from gosteward.modules.vulnerabilities.mirror import STORE
from gosteward.modules.vulnerabilities.snapshot import DIRECTORY, MOST_BYTES, ZIP, Snapshot, keep, kept

if TYPE_CHECKING:
    from gosteward.modules.care.export_file import ExportFile
    from gosteward.modules.care.taken_exports import Trust
    from gosteward.modules.vulnerabilities.bringing import Database
    from gosteward.toolchains.origins.web import Web

TAKEN, OLDER, UNSIGNED = "taken", "older", "unsigned"


class CameReports(NamedTuple):
    """A database that an export brought.

    Attributes:
        as_of: when it changed last, UTC.   number: of reports.
        outcome: TAKEN; OLDER: the one in the store is newer, and stays; UNSIGNED: nobody has to have signed the export, so it was not taken.
    """

    as_of: str
    number: int
    outcome: str


def to_carry(top: str, wanted: str, web: Web, there: str, now: float) -> Snapshot | None:
    """What goes with an export; None for nothing. A newer one that is asked for is kept in the store as well.

    Args:
        top: the store's directory.   wanted: see `bringing.database`, STORE for the copy that is there.   there: what the other side has is as of then.
        now: seconds since the epoch.
    Raises:
        StewardError: it cannot be had.   OSError.
    """
    source = bringing.database(wanted, web) if wanted != STORE else None
    if source is None and wanted != STORE:
        return None
    found = _in_store(top, source)
    newer = bringing.newer(source, found, now) if source is not None else None
    if newer is not None:
        keep(top, newer)
        found = newer
    if found is None or found.as_of <= there:
        return None
    found.table()  # as whoever takes it does
    return found


def _in_store(top: str, source: Database | None) -> Snapshot | None:
    try:
        return kept(top)
    except (ArchiveError, AdvisoryError) as error:
        if source is not None:
            return None
        what, hint = f"the copy of the vulnerability database cannot be used ({error})", "--vulndb off leaves it out"
        raise StorageError(what, subject=f"{top}/{DIRECTORY}/{ZIP}", hint=hint) from error


def brought_by(export: ExportFile) -> Snapshot | None:
    """What an export brings, once all of it is known to be readable; None for nothing. Raises BadExportError, ArchiveError, OSError."""
    stated, start = export.manifest.reports, export.reports_start
    if stated is None:
        return None
    if stated.size > MOST_BYTES:
        raise BadExportError(f"it is larger than {MOST_BYTES} bytes", subject=REPORTS)
    content = b"".join(export.pieces(start, stated.size))
    digest = sha256(content).hexdigest()
    if digest != stated.sha256:
        what = f"a file is damaged: its SHA-256 should be {stated.sha256}, and is {digest}"
        raise BadExportError(what, subject=REPORTS)
    try:
        found = Snapshot(content)
        found.table()
    except StewardError as error:
        raise BadExportError(f"it is no vulnerability database ({error})", subject=REPORTS) from error
    if found.as_of != stated.as_of or found.as_of > export.manifest.taken_at:
        what = f"it is as of {found.as_of}, which the manifest of {export.manifest.taken_at} does not say"
        raise BadExportError(what, subject=REPORTS)
    return found


def taken(top: str, found: Snapshot, export: ExportFile, trust: Trust) -> CameReports:
    """Let a store have it, if it may. Raises OSError, PrivilegeError."""
    came = CameReports(found.as_of, len(found.modified), UNSIGNED)
    if export.signed_by is None and not trust.unsigned:
        return came
    return came._replace(outcome=TAKEN if keep(top, found, older=trust.out_of_order) else OLDER)
