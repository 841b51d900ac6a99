"""GS326: a cache of Go lies on NFS whose locks do not work, or do not reach the other hosts."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.ownership import CACHES
from gosteward.reasoning.temporary_places import mount_below
from gosteward.reasoning.viewpoint import places_of_user
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Mount, Snapshot, WritePlace

RULE = Rule(
    id="GS326",
    slug="nfs-without-locks",
    title="a cache of Go lies on NFS without locks",
    severity="warning",
    needs=("write_places", "mounts"),
    symptoms=("no locks available", "Lock cache/download/cache.lock: no locks available"),
)
LOCAL_LOCKS = ("nolock", "local_lock=all", "local_lock=flock")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    seen: set[str] = set()
    for place in places_of_user(snapshot, *CACHES):
        mount = mount_below(snapshot, place.path)
        if place.problem or mount is None or mount.type not in ("nfs", "nfs4") or mount.point in seen:
            continue
        unlocked = any(option in LOCAL_LOCKS for option in mount.options)
        if unlocked or _version(mount).startswith(("2", "3")):
            seen.add(mount.point)
            yield _finding(place, mount, unlocked=unlocked)


def _version(mount: Mount) -> str:
    values = (o.partition("=")[2] for o in mount.options if o.startswith(("vers=", "nfsvers=")))
    return next(values, "4" if mount.type == "nfs4" else "")


def _finding(place: WritePlace, mount: Mount, *, unlocked: bool) -> Finding:
    return Finding(
        rule=RULE,
        subject=mount.point,
        message=Text(
            "{purpose} is {path} on the NFS file system {source}, mounted with {options}: go's locks do not keep other hosts out",
            purpose=place.purpose,
            path=place.path,
            source=mount.source,
            options=next((o for o in mount.options if o in LOCAL_LOCKS), ""),
        )
        if unlocked
        else Text(
            "{purpose} is {path} on {source}, NFS version {version}: go's locks work only while lockd runs on both sides",
            purpose=place.purpose,
            path=place.path,
            source=mount.source,
            version=_version(mount),
        ),
        locations=(place.setting,) if place.setting else (Location(place.path),),
        evidence=(f"findmnt -T {quote(place.path)}", ",".join(mount.options)),
        contexts=place.contexts,
        # With version 3 everything works as long as lockd does: worth knowing when it does not.
        severity="" if unlocked else "note",
        advice=Text(
            "Let GOMODCACHE and GOCACHE name directories on a local disk; GOPATH itself may stay. Never mount without locks to silence the message."
        ),
    )
