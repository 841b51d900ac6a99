"""Whether a place where Go writes belongs to somebody else, mostly to root after `sudo go`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gosteward.snapshot import User, WritePlace

CACHES = ("GOCACHE", "GOMODCACHE")


def foreign_cache(place: WritePlace, user: User) -> bool:
    """Whether a cache, or something in it, belongs to another user, so that this one cannot write it."""
    if user.uid == 0 or place.purpose not in CACHES or place.problem or "ro" in place.mount_options:
        return False
    if place.setting is not None and not inside(place.path, user.home):
        # A line names somebody else's place: that line is to blame, not the owner.
        return False
    if place.exists and place.uid == user.uid:
        return bool(place.foreign) and place.foreign_uid != user.uid
    if place.exists:
        # A shared cache that its group may write is somebody's intention.
        return not place.writable
    return bool(_foreign_parent(place, user))


def owned_elsewhere(place: WritePlace, user: User) -> str:
    """The topmost directory of a foreign cache that belongs to the cache alone: what has to change its owner."""
    parent = _foreign_parent(place, user)
    if parent and parent != place.path:
        return parent
    # GOPATH/pkg also holds the checksum database's notes; `sudo go` makes both.
    whole = place.uid != user.uid and place.path.endswith("/pkg/mod")
    top = place.path[: -len("/mod")] if whole else place.path
    return top if inside(top, user.home) else place.path


def owner_name(place: WritePlace, user: User) -> str:
    """Who owns the foreign part: a name where it is known, else "uid N"."""
    if place.blocked_by is not None and place.blocked_by.owner not in ("", user.name):
        return place.blocked_by.owner
    uid = place.foreign_uid if place.exists and place.uid == user.uid else place.uid
    return "root" if uid == 0 else f"uid {uid}"


def inside(path: str, directory: str) -> bool:
    """Whether a path lies below a directory (and is not that directory)."""
    return bool(directory) and path.startswith(directory.rstrip("/") + "/")


def _foreign_parent(place: WritePlace, user: User) -> str:
    blocker = place.blocked_by
    if blocker is None or blocker.owner in ("", user.name) or not inside(blocker.path, user.home):
        return ""
    return blocker.path if place.path == blocker.path or inside(place.path, blocker.path) else ""
