"""Where Go builds and runs temporary programs, and how to give it a better place. Pure.

Source: cmd/go/internal/work: the work directory is made below GOTMPDIR, or below TMPDIR (default /tmp) where GOTMPDIR is not set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.actions import MakeDirectory
from gosteward.reasoning.goenv_lines import setting_action
from gosteward.reasoning.setting_repair import change_actions

if TYPE_CHECKING:
    from gosteward.actions import Action
    from gosteward.snapshot import Location, Mount, Snapshot, WritePlace


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


def actions_for_own_place(snapshot: Snapshot, chosen: Location | None = None) -> tuple[Action, ...]:
    """What lets go work in a directory of the user's own; () without a fit one, or where nobody can tell which line decides.

    Args:
        chosen: the line that chose the present directory, None for the default.
    """
    place = own_place(snapshot)
    exported = tuple(s for s in snapshot.go_settings if s.name == "GOTMPDIR" and s.origin == "environment")
    if not place:
        return ()
    if exported:
        wrong = next((s for s in exported if s.location is not None and s.location == chosen), None)
        changed = change_actions(snapshot, wrong, place) if wrong is not None else ()
        return (MakeDirectory(place, 0o700), *changed) if changed else ()
    setting = setting_action(snapshot, "GOTMPDIR", place)
    return (MakeDirectory(place, 0o700), setting) if setting is not None else ()
