"""GS416: a module or GOTOOLCHAIN asks for a toolchain that is not on this host and that go is not allowed to download."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward import goversion
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.running_go import described
from gosteward.settings_in_force import winner
from gosteward.toolchain_choice import Choice, choices, release_for, toolchain_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Location, Setting, Snapshot

RULE = Rule(
    id="GS416",
    slug="toolchain-not-available",
    title="the toolchain that is asked for cannot be had",
    severity="error",
    needs=("workspaces", "go_settings", "contexts", "toolchains", "binaries"),
    symptoms=(
        'go: cannot find "go1.26.8" in PATH',
        "toolchain not available",
        "go: download go1.26.8: module lookup disabled by GOPROXY=off",
    ),
)


class _Lack(NamedTuple):
    """A toolchain that is missing, who asks for it, and the setting that forbids to get it."""

    name: str
    choice: Choice
    asked: Location | None
    forbids: Setting


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[tuple[str, str], tuple[_Lack, tuple[str, ...]]] = {}
    for choice in choices(snapshot):
        for lack in _lacks(snapshot, choice):
            key = (lack.name, f"{lack.forbids.name}={lack.forbids.value}")
            before, contexts = found.get(key, (lack, ()))
            found[key] = (before, tuple(dict.fromkeys((*contexts, choice.context.name))))
    for lack, contexts in found.values():
        yield _finding(lack, contexts)


def _lacks(snapshot: Snapshot, choice: Choice) -> Iterator[_Lack]:
    forbids = _forbidding(snapshot, choice)
    if forbids is None or not choice.switches:
        return
    wanted: dict[str, Location | None] = {}
    if choice.pinned:
        wanted[toolchain_named(choice.minimum)] = choice.setting.location if choice.setting else None
    for workspace in snapshot.workspaces:
        version, wish = release_for(choice, workspace)
        if wish is not None:
            wanted.setdefault(version, wish.location)
    for name, asked in wanted.items():
        if not _here(snapshot, choice, name):
            yield _Lack(name, choice, asked, forbids)


def _forbidding(snapshot: Snapshot, choice: Choice) -> Setting | None:
    """The setting without which go could download a toolchain; None where it can, as far as settings tell."""
    if choice.follows == "path":
        return choice.setting
    for name in ("GOPROXY", "GOSUMDB"):
        setting = winner(snapshot, choice.context, name)
        if setting is not None and setting.value == "off":
            return setting
    return None


def _here(snapshot: Snapshot, choice: Choice, name: str) -> bool:
    if goversion.parse(name) == goversion.parse(choice.running.version):
        return True
    directories = {entry.directory.rstrip("/") for entry in choice.context.search_path}
    on_path = any(
        b.path.rpartition("/")[2] == name and b.path.rpartition("/")[0] in directories and b.executable
        for b in snapshot.binaries
    )
    cached = any(t.origin == "toolchain-module" and t.version == name for t in snapshot.toolchains)
    return on_path or (cached and choice.follows != "path")


def _finding(lack: _Lack, contexts: tuple[str, ...]) -> Finding:
    forbids, place = lack.forbids, lack.forbids.location
    asked = f"{lack.asked.path}:{lack.asked.line}" if lack.asked else "GOTOOLCHAIN"
    return Finding(
        rule=RULE,
        subject=lack.name,
        message=Text(
            "{asked} asks for {name}, which is not on this host; {setting} keeps {go} from downloading it",
            asked=asked,
            name=lack.name,
            setting=f"{forbids.name}={forbids.value}",
            go=described(lack.choice.running),
        ),
        locations=tuple(x for x in dict.fromkeys((place, lack.asked)) if x is not None),
        evidence=(f"command -v {lack.name}",),
        contexts=contexts,
        explains=(Explains("GS411"), Explains("GS512")),
        advice=Text(
            "Install {name} and put a link of that name on PATH: go takes it from there before it downloads. Or let {setting} allow the download, where policy does.",
            name=lack.name,
            setting=forbids.name,
        ),
    )
