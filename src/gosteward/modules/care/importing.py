"""Take an export into a store: all of it is proved before any of it can be served, and without a network.

1. A key that is asked for has signed its manifest, and its members are those that the manifest names, with their sizes: `export_file`.
   Signed ones come in the order in which they were made: `taken_exports`.
2. Its proofs are signed by the database's key, and its heads exclude none that this store remembers.
3. Each file is copied to the side, and has its SHA-256 and the h1 that a proof, or what was recorded here, says; else nothing is taken.
   A vulnerability database has its SHA-256, and all of it can be read.
4. Proofs and hashes are kept; then the files go to their places one by one, each in one step, and then the database. A kill leaves some there:
   all are proved. At last it is listed as taken.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import FINDINGS, HEALTHY
from gosteward.finding import Text
from gosteward.modules.care import carried_reports, export_file
from gosteward.modules.care.cared_store import Known, KnownHashes, hashed_versions
from gosteward.modules.care.export_file import BadExportError
from gosteward.modules.care.taken_exports import TakenExports, Trust
from gosteward.modules.expected_hashes import Expected
from gosteward.modules.storage.disk import StorageError
from gosteward.modules.verification import LIMITS, problem_with
from gosteward.sumdb import proof
from gosteward.sumdb.refusals import UnjudgedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.modules.care.cared_store import CaredStore
    from gosteward.modules.care.carried_reports import CameReports
    from gosteward.modules.care.export_file import ExportFile
    from gosteward.modules.care.export_manifest import Earlier, ExportedFile, Manifest
    from gosteward.modules.storage.disk import Staging
    from gosteward.sumdb.keys import Key

    Module = tuple[str, str]
    Progress = Callable[[int, int], None]


HERE_BEFORE = Trust()


class Imported(NamedTuple):
    """What came.

    Attributes:
        files, versions: how many.   proved: versions that the log proves.   size: bytes.
        signed_by: the key that it had to be signed by, None for none.   missing: what it builds on, and is not there.
        reports: what became of the vulnerability database, None for none.
    """

    manifest: Manifest
    files: int
    versions: int
    proved: int
    size: int
    signed_by: Key | None = None
    missing: tuple[Earlier, ...] = ()
    reports: CameReports | None = None

    @property
    def exit_code(self) -> int:
        """1: something was not taken, though it should be here."""
        return FINDINGS if self.reports is not None and self.reports.outcome == carried_reports.UNSIGNED else HEALTHY


def import_file(
    looked_after: CaredStore, path: str, progress: Progress = lambda *_: None, trust: Trust = HERE_BEFORE
) -> Imported:
    """Take an export.

    Args:
        trust: whose it has to be; without keys, those that earlier imports were given.
    Raises:
        UsageError, DecodeError, ArchiveError: it cannot be read, is none, or was cut.   BadExportError, ForgeryError: something in it is wrong.
        StorageError: it cannot be stored. In all these cases nothing of it can be served.
    """
    taken = TakenExports(looked_after.store.top)
    keys = trust.keys if trust.keys or trust.unsigned else taken.keys()
    export = export_file.opened(path, keys)
    try:
        if not trust.out_of_order:
            taken.refuse_disorder(export, path)
        missing = taken.missing(export)
        known = _known_by(looked_after, export.manifest)
        reports = carried_reports.brought_by(export)
        with looked_after.store.staging() as staging:
            for number, (file, start) in enumerate(export.contents, 1):
                _stage(staging, export, file, start, str(number), KnownHashes(known))
                progress(number, len(export.contents))
            _believe(looked_after, export.manifest)
            for number, (file, _) in enumerate(export.contents, 1):
                staging.keep(str(number), file.request.path)
        top = looked_after.store.top
        came = carried_reports.taken(top, reports, export, trust) if reports is not None else None
        taken.record(export)
    except OSError as error:
        raise StorageError(f"it cannot be stored ({error.strerror})", subject=path) from error
    finally:
        os.close(export.descriptor)
    files = export.manifest.files
    versions = {(file.request.module, file.request.version) for file in files}
    return Imported(
        export.manifest, len(files), len(versions), len(export.manifest.proofs), sum(file.size for file in files),
        export.signed_by, missing, came,
    )  # fmt: skip


def _known_by(looked_after: CaredStore, manifest: Manifest) -> dict[Module, Known]:
    """What each version has to be: by its proof, by one that is kept here, or by what was recorded; for private ones at last what it says."""
    proofs = {(one.module, one.version): one.proof for one in manifest.proofs}
    if looked_after.log is not None and manifest.head:
        looked_after.log.refuse_contradiction(manifest.head)
    stated = {(f.request.module, f.request.version, f.request.kind): f.h1 for f in manifest.files}
    known = {}
    for one in hashed_versions(file.request for file in manifest.files):
        if looked_after.is_logged(one[0]):
            known[one] = _by_log(looked_after, one, proofs.get(one, ""))
        else:
            seen = looked_after.seen.expected(*one)
            zip_h1, mod_h1 = seen.zip_h1 or stated.get((*one, "zip"), ""), seen.mod_h1 or stated.get((*one, "mod"), "")
            known[one] = Known(Expected(zip_h1, mod_h1, "what came first of it"))
    return known


def _by_log(looked_after: CaredStore, one: Module, text: str) -> Known:
    log = looked_after.log
    if log is None:
        return Known(reason=Text("no log is set up"))
    try:
        found = proof.verified(text, *one, (log.key,)) if text else log.at_hand(*one, keep=False)
    except UnjudgedError as error:
        raise BadExportError(f"its proof is none ({error})", subject=f"{one[0]}@{one[1]}") from error
    if found is None:
        what = "it has no proof of the checksum database"
        hint = "if it is a module of your own, name it with --private"
        raise BadExportError(what, subject=f"{one[0]}@{one[1]}", hint=hint)
    return Known(Expected(found.zip_h1, found.mod_h1, log.key.name))


def _stage(
    staging: Staging, export: ExportFile, file: ExportedFile, start: int, name: str, hashes: KnownHashes
) -> None:
    request = file.request
    if file.size > LIMITS[request.kind]:
        raise BadExportError(f"a file is larger than {LIMITS[request.kind]} bytes", subject=request.path)
    incoming = staging.incoming(name)
    try:
        total = sha256()
        for piece in export.pieces(start, file.size):
            total.update(piece)
            incoming.write(piece)
        if total.hexdigest() != file.sha256:
            what = f"a file is damaged: its SHA-256 should be {file.sha256}, and is {total.hexdigest()}"
            raise BadExportError(what, subject=request.path)
        refusal = problem_with(request, incoming.descriptor, hashes)
        if refusal is not None:
            raise BadExportError(refusal.reason, subject=request.path)
        incoming.settle()
    finally:
        os.close(incoming.descriptor)


def _believe(looked_after: CaredStore, manifest: Manifest) -> None:
    """Keep the proofs, so that nobody has to be asked later, and record what private modules are."""
    for one in manifest.proofs:
        if looked_after.log is not None and looked_after.is_logged(one.module):
            try:
                looked_after.log.accept(one.module, one.version, one.proof, manifest.head)
            except UnjudgedError as error:
                raise BadExportError(
                    f"its proof cannot be kept ({error})", subject=f"{one.module}@{one.version}"
                ) from error
    for file in manifest.files:
        if file.h1 and not looked_after.is_logged(file.request.module):
            looked_after.seen.record(file.request.module, file.request.version, file.request.kind, file.h1)
