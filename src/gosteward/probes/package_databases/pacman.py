"""pacman: Arch and its kin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.probes.package_databases.roles import likely_owner, role_of
from gosteward.snapshot import Package

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gosteward.host.reading import Host

LOCAL = "/var/lib/pacman/local"
LIST_LIMIT = 16 << 20
MOST = 50_000


class Pacman:
    """The database: a directory per package, whose name is all that must be known before somebody asks for an owner."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._names = [name for name in host.listdir(LOCAL, MOST) if split_name(name)[1]]

    def packages(self) -> Iterator[Package]:
        """Packages that matter to Go."""
        for entry in self._names:
            name, version = split_name(entry)
            role = "libc-headers" if name == "glibc" else role_of(name)  # Arch does not split headers off
            if role:
                # pacman writes `desc` and `files` last: without them an installation broke off.
                status = "installed" if self.host.exists(f"{LOCAL}/{entry}/desc") else "half-installed"
                yield Package(manager="pacman", name=name, version=version, role=role, status=status)

    def owner(self, paths: Sequence[str], *, everywhere: bool) -> str:
        """Name and version of the package that owns one of the paths; "" if none does. `everywhere`: see Dpkg.owner."""
        lines = [b"\n" + path.lstrip("/").encode("utf-8", "surrogateescape") + b"\n" for path in paths]
        for entry in sorted(self._names, key=lambda name: (not likely_owner(name), name)):
            if not (everywhere or likely_owner(entry)) or self.host.reading_time.is_up("packages"):
                break
            try:
                content = self.host.read(f"{LOCAL}/{entry}/files", LIST_LIMIT) + b"\n"
            except OSError:
                continue
            if any(line in content for line in lines):
                return " ".join(split_name(entry))
        return ""


def split_name(entry: str) -> tuple[str, str]:
    """Package name and version of a directory "go-2:1.26.1-1"; the version is "" if it is none such."""
    parts = entry.rsplit("-", 2)
    return (parts[0], f"{parts[1]}-{parts[2]}") if len(parts) == 3 and all(parts) else (entry, "")
