"""Whether a place where Go writes belongs to somebody else, mostly to root after `sudo go`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.actions import SetMode, SetOwner

if TYPE_CHECKING:
    from gosteward.actions import Action
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


def owner_number(place: WritePlace, user: User) -> int | None:
    """Uid of who owns the foreign part, as `owned_elsewhere` names it; None where only a name is known."""
    parent = _foreign_parent(place, user)
    if parent and parent != place.path and place.blocked_by is not None:
        owner = place.blocked_by.owner
        return 0 if owner == "root" else int(owner) if owner.isdecimal() and len(owner) <= 10 else None
    if place.exists and place.uid == user.uid:
        return place.foreign_uid
    return place.uid if place.exists else None


def handed_over(place: WritePlace, user: User) -> SetOwner | None:
    """What gives a foreign cache below the user's home to the user; None for one elsewhere, and where it is not known whose it is."""
    top, owner = owned_elsewhere(place, user), owner_number(place, user)
    if owner is None or owner == user.uid or not inside(top, user.home) or user.home == "/":
        return None
    return SetOwner(top, owner, user.uid, user.gid, tree=True)


def handed_back(user: User, path: str, uid: int, mode: int) -> tuple[Action, ...]:
    """What lets a user read and write a file below their home that somebody else left there.

    Args:
        uid, mode: of the file, -1 unknown: then nothing can be said.
    """
    if uid < 0 or user.home == "/" or not inside(path, user.home):
        return ()
    owner = (SetOwner(path, uid, user.uid, user.gid),) if uid != user.uid else ()
    return (*owner, SetMode(path, mode, mode | 0o600)) if mode & 0o600 != 0o600 else owner
