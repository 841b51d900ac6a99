"""Which exports a store has taken, and whose keys they have to be signed by: what a new one is held to.

    STORE/imports/taken.jsonl       {"sha256": "...", "taken_at": "2026-01-02T03:04:05Z", "key": "NAME+HASH+KEY"}    a line each, in the order of import

The SHA-256 is that of the manifest; the key is "" where nobody asked who signed it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.host.own_directory import OwnDirectory
from gosteward.modules.care.export_file import BadExportError
from gosteward.modules.storage.disk import StorageError
from gosteward.sumdb import keys as verifying_keys

if TYPE_CHECKING:
    from gosteward.modules.care.export_file import ExportFile
    from gosteward.modules.care.export_manifest import Earlier
    from gosteward.sumdb.keys import Key

_FILE, _LIMIT = "taken.jsonl", 64 << 20
_MOST_NAMED = 3
_HINT = "--out-of-order takes it nevertheless"


class Trust(NamedTuple):
    """What an export is held to.

    Attributes:
        keys: one of which must have signed it; none: those that exports of this store were signed by so far.
        unsigned: it need not be signed.   out_of_order: it may be older than one that is there, or build on one that is not.
    """

    keys: tuple[Key, ...] = ()
    unsigned: bool = False
    out_of_order: bool = False


class Taken(NamedTuple):
    """An export that is there.  sha256: of its manifest.   taken_at: UTC.   key: whole, "" where it did not have to be signed."""

    sha256: str
    taken_at: str
    key: str


class TakenExports:
    """Those of a store.

    Args:
        top: the store's directory.
    """

    def __init__(self, top: str) -> None:
        self._files = OwnDirectory(f"{top}/imports")

    def listed(self) -> tuple[Taken, ...]:
        """All of them. Raises StorageError: the list is damaged."""
        content = self._files.read(_FILE, _LIMIT)
        try:
            lines = [json.loads(line) for line in (content or b"").decode().splitlines()]
            return tuple(Taken(str(line["sha256"]), str(line["taken_at"]), str(line["key"])) for line in lines)
        except (ValueError, RecursionError, LookupError, TypeError) as error:
            hint = "without it nobody knows which exports are here: move it aside, and give --key again"
            raise StorageError(
                "the list of exports is damaged", subject=f"{self._files.path}/{_FILE}", hint=hint
            ) from error

    def keys(self) -> tuple[Key, ...]:
        """Keys that were asked for so far, each once. Raises StorageError."""
        try:
            return tuple(verifying_keys.parse(text) for text in dict.fromkeys(one.key for one in self.listed()) if text)
        except UsageError as error:
            raise StorageError(
                f"the list of exports is damaged ({error})", subject=f"{self._files.path}/{_FILE}"
            ) from error

    def record(self, export: ExportFile) -> None:
        """It is there. Raises OSError, StorageError."""
        key = export.signed_by.written if export.signed_by is not None else ""
        new = Taken(export.sha256, export.manifest.taken_at, key)
        with self._files.growing("lock"):
            known = self.listed()
            if new not in known:
                text = "".join(f"{json.dumps(one._asdict())}\n" for one in (*known, new))
                self._files.put(_FILE, text.encode(), sync=True)

    def missing(self, export: ExportFile) -> tuple[Earlier, ...]:
        """What it builds on, and is not there."""
        there = {one.sha256 for one in self.listed()}
        return tuple(one for one in export.manifest.since if one.sha256 not in there)

    def refuse_disorder(self, export: ExportFile, path: str) -> None:
        """Raise BadExportError if a signed export comes again, after a newer one of its key, or before one that it builds on."""
        if export.signed_by is None:
            return
        key = export.signed_by.written
        own = [one for one in self.listed() if one.key == key]
        if export.sha256 in {one.sha256 for one in own}:
            raise BadExportError(
                f"this export of {export.manifest.taken_at} was taken before", subject=path, hint=_HINT
            )
        newest = max((one.taken_at for one in own), default="")
        if export.manifest.taken_at < newest:
            what = f"this export is of {export.manifest.taken_at}, and one of {newest} by the same key was taken before"
            raise BadExportError(what, subject=path, hint=_HINT)
        missing = self.missing(export)
        if missing:
            raise BadExportError(f"it builds on {named(missing)}", subject=path, hint=f"import that first; {_HINT}")


def named(missing: tuple[Earlier, ...]) -> str:
    """Exports that are not there, for people."""
    shown = ", ".join(f"the export of {one.taken_at} (manifest {one.sha256[:16]})" for one in missing[:_MOST_NAMED])
    more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
    return f"{shown}{more}, which {'were' if len(missing) > 1 else 'was'} not taken here"
