"""GS409: a module asks for a newer Go than the one that runs, and GOTOOLCHAIN (or the age of that go) forbids a switch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.reasoning.goenv_lines import setting_action
from gosteward.reasoning.remedies import contexts_named
from gosteward.reasoning.running_go import described
from gosteward.reasoning.setting_repair import change_actions
from gosteward.reasoning.toolchain_choice import (
    Choice,
    Wish,
    choices,
    link_to,
    obtainable,
    toolchain_named,
    wish_of,
)
from gosteward.reasoning.viewpoint import usable_trees

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Location, Snapshot

RULE = Rule(
    id="GS409",
    slug="toolchain-local-too-old",
    title="the module needs a newer Go, and GOTOOLCHAIN forbids another one",
    severity="error",
    needs=("workspaces", "go_settings", "contexts", "toolchains"),
    symptoms=(
        "go: go.mod requires go >= 1.22 (running go 1.21.10; GOTOOLCHAIN=local)",
        "note: module requires Go 1.22",
        "GOTOOLCHAIN=local",
    ),
)


class _Conflict(NamedTuple):
    """Modules that the same choice leaves with too old a go."""

    choice: Choice
    contexts: tuple[str, ...] = ()
    wishes: tuple[Wish, ...] = ()


def check(snapshot: Snapshot) -> Iterator[Finding]:
    conflicts: dict[tuple[str, str, str], _Conflict] = {}
    for choice in choices(snapshot):
        wishes = tuple(w for w in map(wish_of, snapshot.workspaces) if w is not None and _too_new(choice, w))
        if choice.follows or not wishes:
            continue
        where = choice.setting.location if choice.setting is not None else None
        key = (choice.running.go.path, choice.minimum, str(where))
        before = conflicts.get(key, _Conflict(choice))
        conflicts[key] = _Conflict(
            choice, (*before.contexts, choice.context.name), tuple(dict.fromkeys((*before.wishes, *wishes)))
        )
    for conflict in conflicts.values():
        yield _by_setting(snapshot, conflict) if conflict.choice.switches else _by_age(conflict)


def _too_new(choice: Choice, wish: Wish) -> bool:
    # A go line that an old go cannot even read is GS410's subject.
    readable = choice.switches or not (wish.version.count(".") > 1 or "rc" in wish.version)
    return readable and goversion.older(choice.minimum, wish.version)


def _newest(wishes: tuple[Wish, ...]) -> Wish:
    newest = wishes[0]
    for wish in wishes:
        if goversion.older(newest.version, wish.version):
            newest = wish
    return newest


def _by_setting(snapshot: Snapshot, conflict: _Conflict) -> Finding:
    choice, wish = conflict.choice, _newest(conflict.wishes)
    setting = choice.setting
    place = setting.location if setting is not None else None
    here = tuple(t for t in usable_trees(snapshot) if not goversion.older(t.version, wish.version))
    actions = _switching(snapshot, conflict)
    return Finding(
        rule=RULE,
        subject=f"{place.path if place else choice.running.go.path}:GOTOOLCHAIN",
        message=Text(
            "{file} asks for Go {wanted}; {go} runs, and GOTOOLCHAIN={value} ({place}) keeps it from switching to a newer one",
            file=_named(wish.location),
            wanted=wish.version,
            go=described(choice.running),
            value=setting.value,
            place=_named(place) if place else choice.context.name,
        )
        if setting is not None
        else Text(
            "{file} asks for Go {wanted}; {go} runs, and its go.env has no GOTOOLCHAIN, which keeps it from switching like `local`",
            file=_named(wish.location),
            wanted=wish.version,
            go=described(choice.running),
        ),
        locations=(*((place,) if place else ()), *(w.location for w in conflict.wishes[:9])),
        evidence=tuple(f"{t.path} is {t.version}" for t in here[:3]),
        contexts=conflict.contexts,
        explains=_consequences(),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=_advice(choice, bool(here)),
    )


def _switching(snapshot: Snapshot, conflict: _Conflict) -> tuple[Action, ...]:
    """What lets go switch; () where it would find no toolchain to switch to."""
    choice = conflict.choice
    contexts = contexts_named(snapshot, conflict.contexts)
    name = toolchain_named(_newest(conflict.wishes).version)
    link = link_to(snapshot, contexts, name)
    if link is None and not all(obtainable(snapshot, c, name) for c in contexts):
        return ()
    setting = choice.setting
    value = f"{setting.value}+auto" if choice.pinned and setting is not None else "auto"
    if setting is not None and setting.origin == "environment":
        allowed = change_actions(snapshot, setting, value)
    else:
        stored = setting_action(snapshot, "GOTOOLCHAIN", value)
        allowed = (stored,) if stored is not None else ()
    return (*((link,) if link is not None else ()), *allowed) if allowed else ()


def _named(place: Location) -> str:
    return f"{place.path}:{place.line}" if place.line else place.path


def _advice(choice: Choice, here: bool) -> Text:
    setting = choice.setting
    if setting is not None and setting.origin == "environment":
        return Text(
            "Take the line that sets GOTOOLCHAIN out, where policy allows a switch; otherwise install the release that is asked for. The go line of the module is right as it is."
        )
    if here:
        return Text(
            "With GOTOOLCHAIN=auto, go takes a toolchain named like the release (`go1.26.8`) from PATH before it downloads one. The module's go line is right as it is."
        )
    return Text(
        "With GOTOOLCHAIN=auto, go downloads the release and checks it against the checksum database. Where policy forbids that, install the release. The module's go line is right as it is."
    )


def _by_age(conflict: _Conflict) -> Finding:
    choice, wish = conflict.choice, _newest(conflict.wishes)
    return Finding(
        rule=RULE,
        subject=choice.running.go.path,
        message=Text(
            "{file} asks for Go {wanted}; {go} is older and, like every Go before 1.21, cannot fetch another one",
            file=_named(wish.location),
            wanted=wish.version,
            go=described(choice.running),
        ),
        locations=tuple(w.location for w in conflict.wishes[:10]),
        evidence=(f"{choice.running.go.path} version",),
        contexts=conflict.contexts,
        # It compiles as long as no source uses what is new.
        severity="warning",
        explains=(Explains("GS412", choice.running.go.path), Explains("GS413", choice.running.go.path)),
        advice=Text("Install a current release beside it and put its bin directory first on PATH."),
    )


def _consequences() -> tuple[Explains, ...]:
    return (Explains("GS410"), Explains("GS411"), Explains("GS412"), Explains("GS413"), Explains("GS415"))
