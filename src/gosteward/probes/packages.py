"""Installed packages that matter to Go, and which package a file belongs to, from package databases as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.probes.package_databases import snaps
from gosteward.probes.package_databases.apk import Apk
from gosteward.probes.package_databases.dpkg import Dpkg
from gosteward.probes.package_databases.pacman import Pacman
from gosteward.probes.package_databases.rpm import Rpm

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.host.reading import Host
    from gosteward.snapshot import Gap, Package, Snap

MERGED = ("/bin", "/sbin", "/lib", "/lib64", "/lib32")
# Distributions put nothing there; their packages of Go are asked all the same.
NOBODYS = ("/usr/local/", "/home/", "/root/", "/tmp/", "/var/tmp/", "/snap/", "/proc/", "/run/", "/dev/")


class Packages(NamedTuple):
    """What package managers know.

    Attributes:
        packages: those that matter to Go or cgo.   snaps: all.
        owner_of: "name version" of the package that owns an absolute path, "" if none does. Lists are read when it is asked.
    """

    packages: tuple[Package, ...]
    snaps: tuple[Snap, ...]
    owner_of: Callable[[str], str]
    gaps: tuple[Gap, ...]


def collect(host: Host) -> Packages:
    """Read the databases of all package managers that the host has."""
    rpm = Rpm(host)
    databases = (Dpkg(host), rpm, Apk(host), Pacman(host))
    found = tuple(package for database in databases for package in database.packages())
    return Packages(packages=found, snaps=snaps.collect(host), owner_of=_Owners(host, databases), gaps=rpm.gaps)


class _Owners:
    """Answers `owner_of`, each path once."""

    def __init__(self, host: Host, databases: tuple[Dpkg, Rpm, Apk, Pacman]) -> None:
        self.host = host
        self.databases = databases
        self.known: dict[str, str] = {}
        self.merged: tuple[str, ...] | None = None

    def __call__(self, path: str) -> str:
        answer = self.known.get(path)
        if answer is None and self.host.reading_time.is_up("packages"):
            return ""
        if answer is None:
            answer = self.known[path] = self._search(path)
        return answer

    def _search(self, path: str) -> str:
        if not path.startswith("/") or path.startswith("/snap/"):
            return ""
        paths = self._spellings(path)
        everywhere = not path.startswith(NOBODYS)
        for database in self.databases:
            owner = database.owner(paths, everywhere=everywhere)
            if owner:
                return owner
        return ""

    def _spellings(self, path: str) -> tuple[str, ...]:
        """The path as older and newer packages write it, where /bin and /usr/bin are the same directory."""
        if self.merged is None:
            self.merged = tuple(
                top for top in MERGED if self.host.readlink(top).strip("/").removeprefix("../") == f"usr{top}"
            )
        for top in self.merged:
            if path.startswith(f"{top}/"):
                return path, f"/usr{path}"
            if path.startswith(f"/usr{top}/"):
                return path, path[len("/usr") :]
        return (path,)
