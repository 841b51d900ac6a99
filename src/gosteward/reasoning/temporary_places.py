"""Where Go builds and runs temporary programs, and how to give it a better place. Pure.

Source: cmd/go/internal/work: the work directory is made below GOTMPDIR, or below TMPDIR (default /tmp) where GOTMPDIR is not set.
"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gosteward.snapshot import Mount, Snapshot, WritePlace


def temporary_places(snapshot: Snapshot) -> tuple[WritePlace, ...]:
    """Each directory that go uses for temporary files, once, with the contexts in which it does."""
    of_go = tuple(p for p in snapshot.write_places if p.purpose == "GOTMPDIR" and p.path and not p.problem)
    covered = {name for place in of_go for name in place.contexts}
    everywhere = any(not place.contexts for place in of_go)
    found: dict[str, WritePlace] = {p.path: p for p in of_go}
    for place in snapshot.write_places:
        left = tuple(name for name in place.contexts if name not in covered)
        if place.purpose != "TMPDIR" or place.problem or everywhere or (place.contexts and not left):
            continue
        before = found.get(place.path)
        found[place.path] = place._replace(contexts=(*before.contexts, *left) if before else left)
    return tuple(found.values())


def mount_below(snapshot: Snapshot, path: str) -> Mount | None:
    """The mount that a path lies on, by the longest mount point; of several on one point the last one."""
    best: Mount | None = None
    for mount in snapshot.mounts:
        inside = mount.point in ("/", path) or path.startswith(f"{mount.point}/")
        if inside and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def own_place(snapshot: Snapshot) -> str:
    """A directory of the user where temporary programs may run; "" where the home directory is on a noexec mount too."""
    home = snapshot.user.home
    mount = mount_below(snapshot, home)
    if not home.startswith("/") or home == "/" or (mount is not None and "noexec" in mount.options):
        return ""
    return f"{home}/.cache/go-tmp"


def commands_for_own_place(snapshot: Snapshot) -> tuple[str, ...]:
    """Commands, to be given as the examined user, that let go work in a directory of their own; () without a fit one."""
    place = own_place(snapshot)
    return (f"mkdir -p -m 700 {quote(place)}", f"go env -w GOTMPDIR={quote(place)}") if place else ()
