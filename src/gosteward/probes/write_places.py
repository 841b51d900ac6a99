"""Where Go writes, and whether it can: caches, GOPATH, temporary directories, with their mounts, room and foreign files."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from gosteward.formats import access
from gosteward.host import accounts
from gosteward.probes import effective_places, foreign_files, work_contexts
from gosteward.shells.user_files import as_user
from gosteward.snapshot import Blocker, WritePlace

if TYPE_CHECKING:
    import os

    from gosteward.host.reading import Host
    from gosteward.probes.effective_places import Place
    from gosteward.snapshot import Context, Gap, Mount, Setting, User

MOST_PLACES = 60


def collect(
    host: Host, user: User, contexts: tuple[Context, ...], settings: tuple[Setting, ...], mounts: tuple[Mount, ...]
) -> tuple[tuple[WritePlace, ...], tuple[Gap, ...]]:
    """Every directory that Go writes to, once per purpose and value, with the contexts that use it.

    Args:
        contexts: those of them in which go really works are looked at, each with the rights of the account that it runs as.
        mounts: all of the host; () where it has none of its own.
    Returns:
        Places in the order of the contexts; no gaps so far.
    """
    groups: dict[tuple[Place, int], list[str]] = {}
    users: dict[int, User] = {}
    for work in work_contexts.in_use(host, user, contexts):
        if host.reading_time.is_up("write_places"):
            break
        users.setdefault(work.account.uid, work.account)
        for place in effective_places.places(work, settings):
            names = groups.setdefault((place, work.account.uid), [])
            if work.context.name:
                names.append(work.context.name)
    found: list[WritePlace] = []
    for (place, uid), names in list(groups.items())[:MOST_PLACES]:
        if host.reading_time.is_up("write_places"):
            break
        found.append(_examined(host, users[uid], place, tuple(names), mounts))
    return tuple(found), ()


def _examined(host: Host, account: User, place: Place, names: tuple[str, ...], mounts: tuple[Mount, ...]) -> WritePlace:
    base = WritePlace(place.purpose, place.path, place.setting, names, problem=place.problem)
    if place.problem:
        return base._replace(exists=False, is_directory=False, writable=False)
    with as_user(host, account):
        looked = _looked_at(host, account, base, mounts)
        # What is somebody else's as a whole needs no list.
        if looked.exists and looked.is_directory and (looked.writable or looked.uid == account.uid):
            foreign, uid = foreign_files.below(host, account, place.purpose, place.path)
            looked = looked._replace(foreign=foreign, foreign_uid=uid)
        if place.purpose == "GOCACHE" and looked.exists and not looked.writable:
            # Source: cmd/go/internal/cache (`Open`).
            looked = looked._replace(laid_out=all(host.exists(f"{place.path.rstrip('/')}/{n}") for n in ("00", "ff")))
    # A home that is / is a fault only for those who may not write there.
    at_root = place.at_root and not looked.writable
    return looked._replace(problem=looked.problem or ("home-is-root" if at_root else ""))


def _looked_at(host: Host, account: User, base: WritePlace, mounts: tuple[Mount, ...]) -> WritePlace:
    existing, status = _nearest(host, base.path)
    exists = existing == base.path.rstrip("/") or (existing == "/" and not base.path.strip("/"))
    directory = status is not None and stat.S_ISDIR(status.st_mode)
    link = _next_component(base.path, existing) if not exists else ""
    target = host.readlink(link) if link else ""
    dangling = bool(target)
    writable = directory and not dangling and host.may(existing, "wx", account)
    if directory and exists and not writable and base.purpose == "GOPATH":
        writable = _parts_writable(host, account, base.path)
    mount = mount_of(mounts, host.realpath(existing) or existing)
    options = mount.options if mount is not None else ()
    blocked = None
    if status is not None and directory and not writable and not dangling and "ro" not in options:
        blocked = _blocker(host, account, existing, status)
    looked = base._replace(
        exists=exists,
        is_directory=directory if exists else False,
        writable=writable,
        blocked_by=blocked,
        problem="" if directory or status is None else "not-a-directory",
        mount_point=mount.point if mount is not None else "",
        mount_type=mount.type if mount is not None else "",
        mount_options=options,
        link=link if target else "",
        link_target=target,
    )
    if exists and status is not None:
        looked = looked._replace(mode=stat.S_IMODE(status.st_mode), uid=status.st_uid)
    space = host.space(existing)
    if space is None:
        return looked
    return looked._replace(
        free_bytes=space.free_bytes,
        total_bytes=space.total_bytes,
        free_inodes=space.free_inodes,
        total_inodes=space.total_inodes,
    )


def _nearest(host: Host, path: str) -> tuple[str, os.stat_result | None]:
    """The path, or the nearest directory above it that is there, with its status."""
    place = path.rstrip("/")
    while place:
        status = host.stat(place)
        if status is not None:
            return place, status
        place = place.rpartition("/")[0]
    return "/", host.stat("/")


def _next_component(path: str, existing: str) -> str:
    rest = path[len(existing.rstrip("/")) :].lstrip("/")
    return f"{existing.rstrip('/')}/{rest.partition('/')[0]}"


def _parts_writable(host: Host, account: User, gopath: str) -> bool:
    """Whether the two directories of a GOPATH that Go writes to are there and open, though GOPATH itself is not."""
    return all(host.may(f"{gopath.rstrip('/')}/{part}", "wx", account) for part in ("pkg", "bin"))


def _blocker(host: Host, account: User, path: str, status: os.stat_result) -> Blocker:
    mode = stat.S_IMODE(status.st_mode)
    acl = access.parse_acl(host.xattr(path, access.ACCESS_LIST))
    if acl and account.uid != status.st_uid:
        reason = "acl"
    elif not host.may(path, "x", account):
        reason = "directory"
    else:
        reason = "owner" if mode & 0o222 == 0o200 and status.st_uid != account.uid else "mode"
    owner = accounts.user_with_id(host, status.st_uid).name
    return Blocker(path=path, reason=reason, mode=mode, owner=owner, group=_group_name(host, status.st_gid))


def _group_name(host: Host, gid: int) -> str:
    for line in host.lines("/etc/group"):
        fields = line.split(":")
        if len(fields) > 2 and fields[2] == str(gid):
            return fields[0]
    return str(gid)


def mount_of(mounts: tuple[Mount, ...], path: str) -> Mount | None:
    """The mount that a path without links lies on: the longest mount point above it, of several the last."""
    best: Mount | None = None
    for mount in mounts:
        point = mount.point.rstrip("/")
        if (path == point or path.startswith(f"{point}/")) and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best
