"""Carry a store, or what is new in it, to where no network is: one file, with all that the other side needs to prove every module itself.

The vulnerability database goes with it, if there is one.

1. What lies in the store, without what earlier exports had.
2. What the log proves of each version; of private ones what was recorded. What nobody knows stays here, and is named.
3. Each file is compared with that once more, and copied.
4. The manifest of them is signed, if somebody gives a key.

Every public module is proved by the checksum database's key. The signature is for all else: private modules, which only the other side's memory
proves otherwise, the vulnerability database, and which exports there are.
"""

from __future__ import annotations

import os
import time
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import FINDINGS, HEALTHY, StewardError
from gosteward.formats import stored_members
from gosteward.host import outgoing
from gosteward.modules.care import export_manifest
from gosteward.modules.care.cared_store import KnownHashes, hashed_versions, known_of, listed
from gosteward.modules.care.export_manifest import (
    MANIFEST,
    REPORTS,
    SIGNATURE,
    ExportedFile,
    ExportedProof,
    ExportedReports,
    Manifest,
    member_of,
    signed_text,
)
from gosteward.modules.verification import h1_of, problem_with
from gosteward.sumdb import signing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gosteward.host.own_directory import Growing
    from gosteward.modules.care.cared_store import CaredStore, Known
    from gosteward.modules.care.export_manifest import Earlier
    from gosteward.modules.requests import ModuleRequest
    from gosteward.modules.vulnerabilities.snapshot import Snapshot
    from gosteward.sumdb.signing import SigningKey

    Module = tuple[str, str]
    Progress = Callable[[int, int], None]

_PIECE = 1 << 20


class LeftOut(NamedTuple):
    """What the other side has.  since: exports that were carried there.   paths: of the files in them.   reports: as of when, "" for none."""

    since: tuple[Earlier, ...] = ()
    paths: frozenset[str] = frozenset()
    reports: str = ""


NOTHING = LeftOut()


def there_by(earlier: Sequence[tuple[Earlier, Manifest]]) -> LeftOut:
    """What the other side has by exports that were carried there."""
    manifests = [manifest for _, manifest in earlier]
    return LeftOut(
        tuple(one for one, _ in earlier),
        frozenset(path for manifest in manifests for path in manifest.paths),
        max((one.reports.as_of for one in manifests if one.reports is not None), default=""),
    )


class Exported(NamedTuple):
    """An export that was written.  path: of it.   size: bytes.   left_out: path and reason of what is not in it, and should be."""

    path: str
    size: int
    manifest: Manifest
    left_out: tuple[tuple[str, str], ...]

    @property
    def exit_code(self) -> int:
        """1: something was left out that should not be."""
        return FINDINGS if self.left_out else HEALTHY


def export(
    looked_after: CaredStore,
    target: str,
    there: LeftOut = NOTHING,
    progress: Progress = lambda *_: None,
    *,
    replace: bool = False,
    signer: SigningKey | None = None,
    reports: Snapshot | None = None,
) -> Exported:
    """Write an export.

    Args:
        target: a file that is not there yet, or a directory, in which it gets a name by its time.   there: what it leaves out.
        replace: the file may be there.   signer: None: it is not signed.   reports: a vulnerability database that goes with it, None for none.
    Raises:
        UsageError: something is at the path.   OutgoingError: it cannot be written; nothing is left of it.
    """
    taken_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    path = f"{target.rstrip('/')}/modules-{taken_at.replace(':', '')}.tar" if os.path.isdir(target) else target
    outgoing.refuse_taken(path, replace=replace)
    files = [file for file in listed(looked_after.store).files if file.path not in there.paths]
    known = known_of(looked_after, hashed_versions(files))
    with outgoing.outgoing(path, replace=replace) as growing:
        writing = _Writing(looked_after, growing, known)
        for number, file in enumerate(files, 1):
            writing.add(file)
            progress(number, len(files))
        manifest = writing.manifest(taken_at)._replace(since=there.since)
        if reports is not None:
            _append(growing, REPORTS, reports.content)
            digest = sha256(reports.content).hexdigest()
            manifest = manifest._replace(reports=ExportedReports(reports.as_of, len(reports.content), digest))
        content = export_manifest.written(manifest)
        _append(growing, MANIFEST, content)
        if signer is not None:
            _append(growing, SIGNATURE, signing.signed(signed_text(sha256(content).hexdigest()), signer).encode())
        growing.append(stored_members.END)
    return Exported(path, growing.size, manifest, tuple(writing.left_out))


class _Writing:
    def __init__(self, looked_after: CaredStore, growing: Growing, known: dict[Module, Known]) -> None:
        self._looked_after, self._growing, self._known = looked_after, growing, known
        self._hashes = KnownHashes(known)
        self._files: list[ExportedFile] = []
        self.left_out: list[tuple[str, str]] = []

    def add(self, file: ModuleRequest) -> None:
        """Copy a file, if it is right."""
        unknown = self._known.get((file.module, file.version))
        if unknown is not None and unknown.reason is not None:
            self.left_out.append((file.path, str(unknown.reason)))
            return
        stored = self._looked_after.store.opened(file.path, use=False)
        if stored is None:
            return
        try:
            refusal = problem_with(file, stored.descriptor, self._hashes)
            if refusal is not None:
                self.left_out.append((file.path, refusal.reason))
                return
            h1 = "" if file.kind == "info" else h1_of(file, stored.descriptor)
            self._files.append(ExportedFile(file, stored.size, self._copied(stored.descriptor, stored.size), h1))
        finally:
            os.close(stored.descriptor)

    def manifest(self, taken_at: str) -> Manifest:
        """Of what was copied."""
        log = self._looked_after.log
        versions = hashed_versions(file.request for file in self._files)
        proofs = [ExportedProof(*one, self._known[one].proof) for one in versions if self._known[one].proof]
        database, head = (log.key.shown, log.newest_head()) if log is not None and proofs else ("", "")
        return Manifest(taken_at, database, head, tuple(self._files), tuple(proofs))

    def _copied(self, descriptor: int, size: int) -> str:
        """The SHA-256 of what was copied."""
        self._growing.append(stored_members.header(member_of(len(self._files) + 1), size))
        total, place = sha256(), 0
        while place < size:
            piece = os.pread(descriptor, min(_PIECE, size - place), place)
            if not piece:
                raise StewardError("a file of the store became shorter", hint="`gosteward proxy verify` finds it")
            total.update(piece)
            self._growing.append(piece)
            place += len(piece)
        self._growing.append(stored_members.padding(size))
        return total.hexdigest()


def _append(growing: Growing, name: str, content: bytes) -> None:
    growing.append(stored_members.header(name, len(content)) + content + stored_members.padding(len(content)))
