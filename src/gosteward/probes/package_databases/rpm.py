"""rpm: Fedora, RHEL and their kin, SUSE."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from gosteward.host.descriptors import read_range
from gosteward.probes.package_databases import rpm_header, rpm_stores
from gosteward.probes.package_databases.roles import likely_owner, role_of
from gosteward.snapshot import Gap, Package

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from gosteward.host.reading import Host
    from gosteward.probes.package_databases.rpm_header import Header

DIRECTORIES = ("/usr/lib/sysimage/rpm", "/var/lib/rpm", "/usr/share/rpm")
FILES = ("rpmdb.sqlite", "Packages.db", "Packages")
LONGEST_HEADER = 64 << 20
# An honest query takes less than a hundredth of this; what somebody put into the file instead of a table may take for ever.
STEPS, MOST_STEPS = 100_000, 50


class Rpm:
    """The first database that is there; `gaps` says when it could not be read."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.gaps: tuple[Gap, ...] = ()
        paths = (f"{directory}/{file}" for directory in DIRECTORIES for file in FILES)
        self.path = next((path for path in paths if host.exists(path)), "")
        self._headers: list[Header] | None = None

    def packages(self) -> Iterator[Package]:
        """Packages that matter to Go."""
        for header in self._interesting():
            role = role_of(header.name)
            if role:
                yield Package(manager="rpm", name=header.name, version=header.version, role=role)

    def owner(self, paths: Sequence[str], *, everywhere: bool) -> str:
        """Name and version of the package that owns one of the paths; "" if none does. `everywhere`: see Dpkg.owner."""
        if not self.path:
            return ""
        headers = iter(self._interesting())
        found = next((h for h in headers if any(h.owns(path) for path in paths)), None)
        if found is None and everywhere and not self.gaps:
            with self._failing_softly():
                found = next(self._owners(paths), None)
        return f"{found.name} {found.version}" if found is not None else ""

    def _interesting(self) -> list[Header]:
        if self._headers is None:
            self._headers = []
            with self._failing_softly():
                self._headers += self._named() if self.path.endswith(".sqlite") else self._all(only_interesting=True)
        return self._headers

    @contextlib.contextmanager
    def _failing_softly(self) -> Iterator[None]:
        """Whatever is wrong with a database is a gap."""
        try:
            yield
        except (OSError, rpm_stores.StoreError, ImportError) as error:
            self.gaps = (Gap("packages", f"{self.path} cannot be read: {error}"),)
        except Exception as error:  # sqlite3.Error, whose module is not loaded without need
            if not type(error).__module__.startswith("sqlite3"):
                raise
            self.gaps = (Gap("packages", f"{self.path} cannot be read: {error}"),)

    def _named(self) -> Iterator[Header]:
        """Of an SQLite database the packages that matter, by its index of names."""
        with self._database() as database:
            rows = database.execute("SELECT hnum, key FROM Name").fetchmany(rpm_stores.MOST_PACKAGES)
            wanted = [number for number, key in rows if _interesting(_text(key))]
            for number in wanted[:1000]:
                yield from _header(database, number)

    def _owners(self, paths: Sequence[str]) -> Iterator[Header]:
        if not self.path.endswith(".sqlite"):
            yield from (header for header in self._all() if any(header.owns(path) for path in paths))
            return
        with self._database() as database:
            name = paths[0].rpartition("/")[2].encode("utf-8", "surrogateescape")
            query = "SELECT DISTINCT hnum FROM Basenames WHERE key IN (?, CAST(? AS TEXT))"
            for (number,) in database.execute(query, (name, name)).fetchmany(1000):
                yield from (h for h in _header(database, number) if any(h.owns(path) for path in paths))

    @contextlib.contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        import sqlite3  # slow to import, and some builds of Python lack it

        descriptor = self.host.descriptor(self.path)
        try:
            # By its descriptor: this is the file that was found inside the root. Nothing is locked, written or replayed.
            address = f"file:/proc/self/fd/{descriptor}?mode=ro&immutable=1"
            with contextlib.closing(sqlite3.connect(address, uri=True, isolation_level=None)) as database:
                database.text_factory = bytes
                steps = iter(range(MOST_STEPS))
                database.set_progress_handler(lambda: next(steps, None) is None, STEPS)
                yield database
        finally:
            os.close(descriptor)

    def _all(self, *, only_interesting: bool = False) -> Iterator[Header]:
        """The packages of one of the other stores."""
        if not self.path:
            return
        store = rpm_stores.ndb_headers if self.path.endswith(".db") else rpm_stores.hash_headers
        descriptor = self.host.descriptor(self.path)
        try:
            for blob in store(_sparing(descriptor)):
                header = rpm_header.parse(blob)
                if header is not None and (not only_interesting or _interesting(header.name)):
                    yield header
        finally:
            os.close(descriptor)


def _sparing(descriptor: int) -> Callable[[int, int], bytes]:
    """Reads at (offset, size); every byte is needed once, so who asks for much more was sent in circles."""
    left = 2 * os.fstat(descriptor).st_size + (1 << 20)

    def read_at(offset: int, size: int) -> bytes:
        nonlocal left
        data = read_range(descriptor, offset, size)
        left -= len(data) + 16
        if left < 0:
            raise rpm_stores.StoreError("its records overlap")
        return data

    return read_at


def _header(database: sqlite3.Connection, number: int) -> Iterator[Header]:
    query = "SELECT blob FROM Packages WHERE hnum = ? AND length(blob) < ?"
    for (blob,) in database.execute(query, (number, LONGEST_HEADER)).fetchmany(1):
        header = rpm_header.parse(blob) if isinstance(blob, bytes) else None
        if header is not None:
            yield header


def _interesting(name: str) -> bool:
    return bool(role_of(name)) or likely_owner(name)


def _text(key: object) -> str:
    return key.decode("utf-8", "surrogateescape").rstrip("\0") if isinstance(key, bytes) else str(key)
