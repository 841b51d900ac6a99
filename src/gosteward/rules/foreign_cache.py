"""GS309: a cache of Go below the user's home belongs to somebody else, mostly to root after `sudo go`."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import surely_met
from gosteward.reasoning.ownership import CACHES, foreign_cache, handed_over, owned_elsewhere, owner_name
from gosteward.reasoning.viewpoint import places_of_user
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot, WritePlace

RULE = Rule(
    id="GS309",
    slug="foreign-cache",
    title="a cache of Go belongs to another user",
    severity="error",
    needs=("write_places",),
    symptoms=(
        "open /home/dev/.cache/go-build/log.txt: permission denied",
        "go: could not create module cache: mkdir /home/dev/go/pkg/mod: permission denied",
        "failed to initialize build cache: permission denied",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    places = tuple(p for p in places_of_user(snapshot, *CACHES) if foreign_cache(p, snapshot.user))
    if not places:
        return
    # The module cache first: without it nothing is downloaded, while a build cache that cannot be written only costs time.
    places = tuple(sorted(places, key=lambda p: not _fatal(p)))
    tops = tuple(dict.fromkeys(owned_elsewhere(p, snapshot.user) for p in places))
    contexts = tuple(dict.fromkeys(name for p in places for name in p.contexts))
    actions = dict.fromkeys(a for p in places if (a := handed_over(p, snapshot.user)) is not None)
    yield Finding(
        rule=RULE,
        subject=tops[0],
        message=_message(snapshot, places, tops),
        locations=(
            *(Location(path) for path in tops),
            *dict.fromkeys(p.setting for p in places if p.setting is not None),
        ),
        evidence=(f"ls -ld {' '.join(quote(t) for t in tops)}", *(f for p in places for f in p.foreign[:3])),
        contexts=contexts,
        severity="error" if any(map(_fatal, places)) and surely_met(snapshot, contexts) else "warning",
        explains=tuple(Explains("GS314", p.path) for p in places),
        risk="confirm" if actions else "manual",
        actions=tuple(actions),
        advice=Text(
            "`sudo go` with HOME kept made it so. Change the owner of the caches only, without following links, and never build with `sudo go`."
        ),
    )


def _fatal(place: WritePlace) -> bool:
    """Whether go stops: the module cache cannot be written, or a cache cannot even be made, or not be laid out."""
    if not place.exists or not place.laid_out:
        return True
    inner = place.foreign and place.writable
    return place.purpose == "GOMODCACHE" and (not inner or any("/cache" in path for path in place.foreign))


def _message(snapshot: Snapshot, places: tuple[WritePlace, ...], tops: tuple[str, ...]) -> Text:
    return Text(
        "{owner} owns {paths}: {user} cannot write {purposes}",
        paths=", ".join(tops),
        owner=owner_name(places[0], snapshot.user),
        user=snapshot.user.name or "this user",
        purposes=", ".join(dict.fromkeys(p.purpose for p in places)),
    )
