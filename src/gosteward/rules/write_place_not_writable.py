"""GS314: a directory that Go writes to is closed to the user: a setting names a place of root, or its modes say no."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import SetMode, SetOwner
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import surely_met
from gosteward.reasoning.ownership import foreign_cache, inside
from gosteward.reasoning.setting_repair import commands_behind, unset_actions
from gosteward.reasoning.temporary_places import temporary_places
from gosteward.reasoning.viewpoint import places_of_user, settings_named, tree_at
from gosteward.snapshot import Location, Setting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Snapshot, WritePlace

RULE = Rule(
    id="GS314",
    slug="write-place-not-writable",
    title="this user may not write where Go writes",
    severity="error",
    needs=("write_places",),
    symptoms=(
        "go: could not create module cache: mkdir /usr/share/gocode: permission denied",
        "go: creating work dir: permission denied",
        "failed to initialize build cache: permission denied",
    ),
)
_BEHIND_DEFAULTS = ("XDG_CACHE_HOME", "HOME")
# With another home, a shell reads other files, and programs read the settings of somebody else.
_OF_ANOTHER_HOME = tuple(Explains(rule) for rule in ("GS101", "GS102", "GS107", "GS517", "GS613"))
STOPPING = ("GOCACHE", "GOMODCACHE", "GOTMPDIR", "TMPDIR")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for places in _groups(snapshot):
        yield _finding(snapshot, places)


def _groups(snapshot: Snapshot) -> tuple[tuple[WritePlace, ...], ...]:
    """Closed places, those below one another or chosen by the same line together; the outermost comes first."""
    temporary = temporary_places(snapshot)
    others = tuple(p for p in places_of_user(snapshot) if p.purpose not in ("GOTMPDIR", "TMPDIR"))
    closed = [p for p in (*temporary, *others) if _closed(snapshot, p)]
    groups: list[list[WritePlace]] = []
    for place in sorted(closed, key=lambda p: len(p.path)):
        for group in groups:
            same_line = place.setting is not None and place.setting == group[0].setting
            together = place.path == group[0].path or inside(place.path, group[0].path)
            if same_line or together or _same_parent(place, group[0]):
                group.append(place)
                break
        else:
            groups.append([place])
    return tuple(tuple(group) for group in groups)


def _same_parent(place: WritePlace, other: WritePlace) -> bool:
    """Two places that are missing, and one directory in which neither can be made."""
    parents = {p.blocked_by.path for p in (place, other) if p.blocked_by is not None and not p.exists}
    return (
        len(parents) == 1 and not place.exists and not other.exists and None not in (place.blocked_by, other.blocked_by)
    )


def _closed(snapshot: Snapshot, place: WritePlace) -> bool:
    user = snapshot.user
    if place.writable or place.problem or not place.path or place.link or "ro" in place.mount_options:
        return False
    # What has a finding of its own: GS309, GS320, GS321 and (a link that leads nowhere) GS328.
    missing = place.purpose in ("GOTMPDIR", "TMPDIR") and (not place.exists or not place.is_directory)
    homeless = not user.home_exists and inside(place.path, user.home)
    return not foreign_cache(place, user) and not missing and not homeless


def _finding(snapshot: Snapshot, places: tuple[WritePlace, ...]) -> Finding:
    contexts = tuple(dict.fromkeys(name for p in places for name in p.contexts))
    settings = tuple(dict.fromkeys(p.setting for p in places if p.setting is not None))
    top = places[0]
    setting = _setting(snapshot, places)
    actions = _handed_over(snapshot, places) or _actions(snapshot, top, setting)
    stops = any(_stops(snapshot, p) for p in places) and surely_met(snapshot, contexts)
    return Finding(
        rule=RULE,
        subject=top.path,
        message=_message(snapshot, places),
        locations=(*settings, Location(top.path)),
        evidence=(f"namei -l {quote(top.path)}",),
        contexts=contexts,
        severity="" if stops else "warning",
        explains=(
            *(Explains("GS506"), *(Explains("GS319", p.path) for p in places)),
            *(_OF_ANOTHER_HOME if setting is not None and setting.name == "HOME" else ()),
        ),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=commands_behind(setting) if actions and setting is not None else (),
        advice=_advice(settings, top),
    )


def _stops(snapshot: Snapshot, place: WritePlace) -> bool:
    """Whether go stops there. A filled module cache serves users who only read, and goes with GOPROXY=off or -mod=vendor."""
    if place.purpose == "GOMODCACHE" and place.exists:
        return not any(s.value == "off" for s in settings_named(snapshot, "GOPROXY")) and not any(
            "-mod=vendor" in s.value for s in settings_named(snapshot, "GOFLAGS")
        )
    return place.purpose in STOPPING and (place.purpose != "GOCACHE" or not place.exists or not place.laid_out)


def _message(snapshot: Snapshot, places: tuple[WritePlace, ...]) -> Text:
    top, user = places[0], snapshot.user.name or "this user"
    purposes = ", ".join(dict.fromkeys(p.purpose for p in places))
    blocker = top.blocked_by
    if blocker is None:
        return Text(
            "{user} has no permission to write {path} ({purposes})", user=user, path=top.path, purposes=purposes
        )
    if not top.exists:
        return Text(
            "{path} ({purposes}) does not exist, and {user} has no permission to make it in {parent} (owner {owner}, mode {mode})",
            path=top.path,
            purposes=purposes,
            user=user,
            parent=blocker.path,
            owner=blocker.owner or "?",
            mode=f"{blocker.mode:04o}",
        )
    return Text(
        "{user} has no permission to write {path} ({purposes}): {parent} has owner {owner} and mode {mode}",
        user=user,
        path=top.path,
        purposes=purposes,
        parent=blocker.path,
        owner=blocker.owner or "?",
        mode=f"{blocker.mode:04o}",
    )


def _setting(snapshot: Snapshot, places: tuple[WritePlace, ...]) -> Setting | None:
    """What chose the place, where it is one line for all."""
    lines = {p.setting for p in places if p.setting is not None}
    known = next((s for s in snapshot.go_settings if s.location is not None and lines == {s.location}), None)
    return known if known is not None or len(lines) != 1 else _of_default(places, next(iter(lines)))


def _of_default(places: tuple[WritePlace, ...], line: Location) -> Setting | None:
    """The variable behind Go's default, where that line sets it for everybody: XDG_CACHE_HOME, or HOME."""
    name = next((name for name in _BEHIND_DEFAULTS if re.search(rf"\b{name}=\S", line.text)), "")
    contexts = tuple(dict.fromkeys(c for p in places for c in p.contexts))
    return Setting(name, places[0].path, "environment", line, contexts) if name else None


def _handed_over(snapshot: Snapshot, places: tuple[WritePlace, ...]) -> tuple[Action, ...]:
    """Directories below the home that somebody else owns, mostly root: each alone, what is in it may be meant so."""
    user = snapshot.user
    found: dict[str, int] = {}
    for place in places:
        blocker = place.blocked_by
        if place.exists and place.is_directory and inside(place.path, user.home):
            found[place.path] = place.uid
        elif blocker is not None and inside(blocker.path, user.home) and blocker.owner == "root":
            found[blocker.path] = 0
    foreign = {path: uid for path, uid in found.items() if uid != user.uid and user.home != "/" and user.known}
    return tuple(SetOwner(path, uid, user.uid, user.gid) for path, uid in foreign.items())


def _actions(snapshot: Snapshot, top: WritePlace, setting: Setting | None) -> tuple[Action, ...]:
    """What heals it in one step: the mode of a directory that is the user's own, its owner, or one setting taken back."""
    blocker, user = top.blocked_by, snapshot.user
    if (
        blocker is not None
        and blocker.owner == user.name
        and user.name
        and blocker.reason in ("mode", "owner", "directory")
    ):
        return (SetMode(blocker.path, blocker.mode, blocker.mode | 0o700),)
    if setting is not None:
        # With GOPATH on a tree, its bin may be on PATH by that very line: GS407 knows what to do once go runs.
        return unset_actions(snapshot, setting) if tree_at(snapshot, top.path.rstrip("/")) is None else ()
    if top.setting is not None:
        return ()
    if (
        blocker is not None
        and blocker.path == user.home
        and user.known
        and user.uid != user.home_uid
        and user.home.count("/") > 1
    ):
        # The directory alone: what is in it may be meant so.
        return (SetOwner(user.home, user.home_uid, user.uid, user.gid),)
    if top.purpose == "TMPDIR" and top.path in ("/tmp", "/var/tmp"):
        owned = (SetOwner(top.path, top.uid, 0, 0),) if top.uid else ()
        return (*owned, SetMode(top.path, top.mode, 0o1777))
    return ()


def _advice(settings: tuple[Location, ...], top: WritePlace) -> Text:
    if settings:
        return Text(
            "{place} chooses this directory for everybody who reads it. Without that line Go uses a place in each user's home; never open {path} to everybody instead.",
            place=f"{settings[0].path}:{settings[0].line}" if settings[0].line else settings[0].path,
            path=top.path,
        )
    return Text("Give the directory back to its user, or let the setting name a place of the user's own.")
