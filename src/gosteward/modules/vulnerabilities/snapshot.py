"""A vulnerability database as it was at one moment: one zip, as its makers offer it, with its files packed as they are.

    STORE/vulndb/vulndb.zip     index/db.json   index/modules.json   index/vulns.json   ID/GO-2022-1059.json ...
    STORE/vulndb/lock           held by who replaces it

It is one file, and is replaced as a whole: its index never names a report that is not there. Source: go.dev/doc/security/vuln/database, "Bulk Download".
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from typing import TYPE_CHECKING

from gosteward.formats import zip_members
from gosteward.formats.zip_members import ArchiveError, Limits
from gosteward.golang import advisories, vulnerability_reports, vulnerability_table
from gosteward.golang.advisories import AdvisoryError
from gosteward.host.inflating import engine_of, inflated
from gosteward.host.own_directory import OwnDirectory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gosteward.golang.vulnerability_table import VulnerabilityTable

DIRECTORY, ZIP = "vulndb", "vulndb.zip"
_LOCK = "lock"
DB, MODULES, VULNS = "index/db.json", "index/modules.json", "index/vulns.json"
INDEXES = (DB, MODULES, VULNS)
MOST_BYTES = 64 << 20  # packed; 4 MB in 2026
LIMITS = Limits(
    members=vulnerability_reports.MOST_REPORTS + len(INDEXES),
    member=advisories.INDEX_LIMIT,
    total=256 << 20,
    archive=MOST_BYTES,
)
_NAME = re.compile(rf"index/(?:db|modules|vulns)\.json|ID/{advisories.ID.pattern}\.json", re.ASCII)
_TIME = (1980, 1, 1, 0, 0, 0)
_LEVEL = 6


class Snapshot:
    """A database in memory, packed.

    Args:
        content: the zip.

    Attributes:
        as_of: when it changed last, UTC, ISO 8601.   modified: of each report.

    Raises:
        ArchiveError: it is no such zip.   AdvisoryError: its index cannot be read, or names what is not there.
    """

    def __init__(self, content: bytes) -> None:
        listing = zip_members.members(lambda at, count: content[at : at + count], len(content), "", LIMITS)
        self.content = content
        self._members = {one.name: one for one in listing.members if _NAME.fullmatch(one.name)}
        self._engine = engine_of("")
        self._packed: dict[str, bytes] = {}
        if not all(name in self._members for name in INDEXES):
            raise AdvisoryError(f"it has no {', '.join(INDEXES)}")
        self.as_of = advisories.modified(self.read(DB))
        self.modified = vulnerability_reports.listed(self.read(VULNS))
        missing = next((id_ for id_ in self.modified if entry_of(id_) not in self._members), "")
        if missing:
            raise AdvisoryError(f"its index names {missing}, which is not in it")

    def read(self, name: str) -> bytes:
        """A file. Raises KeyError: there is none.   ArchiveError: it is damaged."""
        member = self._members[name]
        return inflated(self._engine, self.content[member.header : member.end], member.header, member)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return name in self._members

    def packed(self, name: str) -> bytes:
        """A file as gzip has it. Those that all clients ask for are kept."""
        found = self._packed.get(name)
        if found is None:
            found = gzip.compress(self.read(name), _LEVEL, mtime=0)
            if name in INDEXES:
                self._packed[name] = found
        return found

    def table(self) -> VulnerabilityTable:
        """What all reports say. Raises ArchiveError, AdvisoryError: one of them cannot be read."""
        return vulnerability_table.table_of(self.as_of, ((id_, self.read(entry_of(id_))) for id_ in self.modified))


def kept(top: str) -> Snapshot | None:
    """The copy in a store; None if there is none.

    Args:
        top: the store's directory.
    Raises:
        ArchiveError, AdvisoryError: it is none.   OSError.   PrivilegeError: others may write to it.
    """
    content = OwnDirectory(f"{top}/{DIRECTORY}").read(ZIP, MOST_BYTES)
    return Snapshot(content) if content is not None else None


def keep(top: str, snapshot: Snapshot, *, older: bool = False) -> bool:
    """Let a store have this copy, in one step, on the disk when this returns.

    Args:
        top: the store's directory.   older: also in place of a newer one.
    Returns:
        False: there is a newer one, and it stays.
    Raises:
        OSError.   PrivilegeError: others may write to it.
    """
    files = OwnDirectory(f"{top}/{DIRECTORY}")
    with files.growing(_LOCK):  # a service that brings one, and an import, at once
        if not older and _as_of(top) > snapshot.as_of:
            return False
        files.put(ZIP, snapshot.content, sync=True)
    return True


def _as_of(top: str) -> str:
    """When the copy in a store changed last; "" where there is none that can be read."""
    try:
        there = kept(top)
    except (ArchiveError, AdvisoryError):
        return ""
    return there.as_of if there is not None else ""


def entry_of(id_: str) -> str:
    """Where a report lies."""
    return f"ID/{id_}.json"


def packed(files: Mapping[str, bytes]) -> bytes:
    """The zip of some files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _TIME), content, zipfile.ZIP_DEFLATED, _LEVEL)
    return made.getvalue()
