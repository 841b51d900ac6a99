"""apk: Alpine, Wolfi and their kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.probes.package_databases.roles import role_of
from gosteward.snapshot import Package

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gosteward.host.reading import Host

PLACES = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
LIMIT = 64 << 20


class Installed(NamedTuple):
    """A package and where its lines begin and end in the database.  broken: apk marks a package that it could not finish."""

    name: str
    version: str
    broken: bool
    lines: tuple[str, ...]


class Apk:
    """The database, read once."""

    def __init__(self, host: Host) -> None:
        self._text = ""
        for path in PLACES:
            try:
                self._text = host.text(path, LIMIT)
            except OSError:
                continue
            break

    def packages(self) -> Iterator[Package]:
        """Packages that matter to Go."""
        for installed in parse(self._text):
            role = role_of(installed.name)
            if role:
                status = "half-installed" if installed.broken else "installed"
                yield Package(manager="apk", name=installed.name, version=installed.version, role=role, status=status)

    def owner(self, paths: Sequence[str], *, everywhere: bool) -> str:  # noqa: ARG002  # one file holds all lists
        """Name and version of the package that owns one of the paths; "" if none does."""
        wanted = {tuple(path.lstrip("/").rpartition("/")[::2]) for path in paths}
        names = {f"R:{name}" for _, name in wanted}
        if not any(f"\n{name}\n" in self._text for name in names):
            return ""
        for installed in parse(self._text):
            if names.isdisjoint(installed.lines):
                continue
            directory = ""
            for line in installed.lines:
                if line.startswith("F:"):
                    directory = line[2:]
                elif line in names and (directory, line[2:]) in wanted:
                    return f"{installed.name} {installed.version}"
        return ""


def parse(text: str) -> Iterator[Installed]:
    """Packages of an `installed` file: lines "P:name", "V:version", "F:directory", "R:file"; a blank line ends each.

    Source:
        apk-tools src/database.c, apk_db_fdb_read; "f:" lists states such as "f" for broken files.
    """
    for block in text.split("\n\n"):
        lines = tuple(block.strip("\n").split("\n"))
        values = {line[:2]: line[2:] for line in lines if line[:2] in ("P:", "V:", "f:")}
        if values.get("P:"):
            yield Installed(values["P:"], values.get("V:", ""), "f" in values.get("f:", ""), lines)
