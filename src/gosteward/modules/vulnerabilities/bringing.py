"""Bringing a copy of a vulnerability database up to date, from a server, a directory or a zip. Blocking.

1. index/db.json says when it changed last: one that is no newer than the copy is not asked further.
2. index/vulns.json names the reports, each with its own time.
3. Those are fetched that are not in the copy, or changed; if they are many, the zip that holds all.

All is taken, or nothing: an answer that cannot be read ends it, and the copy stays as it was.
"""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

from gosteward.errors import UsageError
from gosteward.fetch import FetchError, held
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang import advisories, vulnerability_reports
from gosteward.golang.advisories import ENTRY_LIMIT, INDEX_LIMIT, AdvisoryError
from gosteward.golang.proxyurls import masked
from gosteward.modules.vulnerabilities.snapshot import (
    DB,
    INDEXES,
    MODULES,
    MOST_BYTES,
    VULNS,
    ZIP,
    Snapshot,
    entry_of,
    packed,
)
from gosteward.toolchains.origins.web import UnreachableError
from gosteward.toolchains.refreshed.vulnerability_database import DatabaseFolder, DatabaseServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gosteward.toolchains.origins.web import Web

MANY = 100  # reports
AT_ONCE = 50
ZIP_SECONDS = 300.0


class Database(Protocol):
    """Where a database is.  shown: for people."""

    shown: str

    def contents(self, names: Sequence[str], limit: int) -> tuple[bytes, ...]:
        """Files, in order. Raises StewardError: one of them is not to be had."""
        ...

    def whole(self) -> Snapshot | None:
        """All of it at once; None where that is not offered. Raises StewardError."""
        ...

    def state(self) -> object:
        """Changes when the database does; None where only asking tells."""
        ...


class Server(DatabaseServer):
    """A database on a server."""

    def whole(self) -> Snapshot | None:
        try:
            with self.web.opened(f"{self.url}/{ZIP}", ZIP_SECONDS) as answer:
                if answer.head.status != 200:
                    return None
                found = held(answer, MOST_BYTES)
        except FetchError as error:
            raise UnreachableError(f"no usable answer ({error.detail or error.reason})", subject=self.shown) from error
        if found.cut:
            raise AdvisoryError(f"its zip has more than {MOST_BYTES} bytes", subject=self.shown)
        return Snapshot(found.body)

    def state(self) -> object:
        return None


class Folder(DatabaseFolder):
    """A database in a directory."""

    def whole(self) -> Snapshot | None:
        return None

    def state(self) -> object:
        return state_of(f"{self.path}/{DB}")


class ZipFile:
    """A database in a zip."""

    def __init__(self, path: str) -> None:
        self.path = self.shown = path
        self._read: tuple[object, Snapshot] | None = None

    def contents(self, names: Sequence[str], limit: int) -> tuple[bytes, ...]:  # noqa: ARG002 - as others do; the zip's own limits hold
        found = self.whole()
        return tuple(map(found.read, names))

    def whole(self) -> Snapshot:
        """Raises UsageError, ArchiveError, AdvisoryError."""
        state = self.state()
        if self._read is None or self._read[0] != state:
            self._read = state, self._whole()
        return self._read[1]

    def _whole(self) -> Snapshot:
        try:
            with open(self.path, "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise UsageError("this is no zip of a vulnerability database", subject=self.path)
                return Snapshot(file.read(MOST_BYTES + 1))
        except OSError as error:
            raise UsageError(f"it cannot be read ({error.strerror})", subject=self.path) from error
        except ArchiveError as error:
            raise error.within(self.path) from error

    def state(self) -> object:
        return state_of(self.path)


def database(text: str, web: Web) -> Database | None:
    """The database that is meant.

    Args:
        text: a URL, also of the form file:///path, the path of a directory or a zip, "off" or "" for none.
    Raises:
        UsageError: it is none of these.
    """
    if text in ("", "off"):
        return None
    if text.startswith(("http://", "https://")):
        return Server(web, text)
    path = unquote(text[len("file://") :]) if text.startswith("file://") else text
    hint = "a URL, an absolute path of a directory or of a zip, or off"
    if not os.path.isabs(path):
        raise UsageError("this is no vulnerability database", subject=masked(text)[:200], hint=hint)
    return Folder(web.host, path) if os.path.isdir(path) else ZipFile(path)


def newer(source: Database, known: Snapshot | None, now: float) -> Snapshot | None:
    """The copy as it has to be; None if the database is no newer than what is known.

    Args:
        now: seconds since the epoch.
    Raises:
        StewardError: it cannot be had, is no database, or has a time to come, after which nothing would be newer.
    """
    (index,) = source.contents((DB,), INDEX_LIMIT)  # 1
    as_of, latest = advisories.modified(index), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    if as_of > latest:
        raise AdvisoryError(f"it changed in times to come, {as_of}; it is {latest}", subject=source.shown)
    if known is not None and as_of <= known.as_of:
        return None
    modules, vulns = source.contents((MODULES, VULNS), INDEX_LIMIT)  # 2
    wanted = vulnerability_reports.listed(vulns)
    changed = [id_ for id_, at in wanted.items() if known is None or known.modified.get(id_) != at]
    whole = source.whole() if len(changed) > MANY else None  # 3
    if whole is not None and whole.as_of >= as_of:
        return whole
    files = dict(zip(INDEXES, (index, modules, vulns)))
    if known is not None:
        files.update((entry_of(id_), known.read(entry_of(id_))) for id_ in wanted if known.has(entry_of(id_)))
    for start in range(0, len(changed), AT_ONCE):
        some = changed[start : start + AT_ONCE]
        files.update(zip(map(entry_of, some), source.contents(list(map(entry_of, some)), ENTRY_LIMIT)))
    return Snapshot(packed(files))


def state_of(path: str) -> object:
    """What changes when a file does; () for none."""
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return (status.st_mtime_ns, status.st_size, status.st_ino)
