"""snap: packages that are mounted below /snap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.snapshot import Snap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.host.reading import Host

MOUNTS = ("/snap", "/var/lib/snapd/snap")
FILES = "/var/lib/snapd/snaps"
MOST = 500


def collect(host: Host) -> tuple[Snap, ...]:
    """Installed snaps, by name: mounted ones, and files of such as are not mounted (in an unpacked root none is)."""
    found: dict[str, Snap] = {}
    for top in MOUNTS:
        for name in host.listdir(top, MOST):
            directory = f"{top}/{name}/current"
            if name in found or name in ("bin", "README") or not host.readlink(directory):
                continue
            values = parse(host.lines(f"{directory}/meta/snap.yaml"))
            found[name] = Snap(
                name=values.get("name", name),
                version=values.get("version", ""),
                # A snap that does not say is a strict one.
                confinement=values.get("confinement", "strict") if values else "",
                path=directory,
            )
    for file in host.listdir(FILES, MOST):
        name, _, revision = file.partition("_")
        if revision.endswith(".snap"):
            found.setdefault(name, Snap(name=name))
    return tuple(found[name] for name in sorted(found))


def parse(lines: Iterable[str]) -> dict[str, str]:
    """Plain values at the top level of a snap.yaml; everything that is indented, a list or a block is left out."""
    values: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name[:1] in ("", " ", "\t", "#", "-"):
            continue
        text = value.partition(" #")[0].strip()
        if text and text[0] not in "|>[{&*!":
            values.setdefault(name, text.strip("'\""))
    return values
