"""GS416: a module or GOTOOLCHAIN asks for a toolchain that is not on this host and that go may not, or cannot, download."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang.proxyurls import DEFAULT_PROXY_URL
from gosteward.reasoning.downloads import NO_NETWORK
from gosteward.reasoning.remedies import contexts_named
from gosteward.reasoning.running_go import described
from gosteward.reasoning.setting_repair import unset_actions
from gosteward.reasoning.settings_in_force import winner
from gosteward.reasoning.toolchain_choice import Choice, choices, here, link_to, release_for, toolchain_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Location, NetworkCheck, Setting, Snapshot

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
        "go: download go1.26.8 for linux/amd64: toolchain not available",
        f'go: download go1.26.8: golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64: Get "{DEFAULT_PROXY_URL}/": dial tcp',
    ),
)


class _Lack(NamedTuple):
    """A toolchain that is missing, who asks for it, and what keeps go from getting it: a setting, or proxies that do not answer."""

    name: str
    choice: Choice
    asked: Location | None
    forbids: Setting | None
    silent: NetworkCheck | None = None

    @property
    def hindrance(self) -> str:
        """The setting or the proxy, in a word."""
        if self.forbids is not None:
            return f"{self.forbids.name}={self.forbids.value}"
        return self.silent.url if self.silent is not None else ""


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[tuple[str, str], tuple[_Lack, tuple[str, ...]]] = {}  # by subject and hindrance
    for choice in choices(snapshot):
        for lack in _lacks(snapshot, choice):
            key = (_subject(lack), lack.hindrance)
            before, contexts = found.get(key, (lack, ()))
            found[key] = (before, tuple(dict.fromkeys((*contexts, choice.context.name))))
    for lack, contexts in found.values():
        yield _finding(snapshot, lack, contexts)


def _lacks(snapshot: Snapshot, choice: Choice) -> Iterator[_Lack]:
    forbids = _forbidding(snapshot, choice)
    silent = None if forbids is not None else _silent_proxy(snapshot, choice)
    if (forbids is None and silent is None) or not choice.switches:
        return
    wanted: dict[str, Location | None] = {}
    if choice.pinned:
        wanted[toolchain_named(choice.minimum)] = choice.setting.location if choice.setting else None
    for workspace in snapshot.workspaces:
        version, wish = release_for(choice, workspace)
        if wish is not None:
            wanted.setdefault(version, wish.location)
    for name, asked in wanted.items():
        if not here(snapshot, choice.context, name, by_path=choice.follows == "path"):
            yield _Lack(name, choice, asked, forbids, silent)


def _forbidding(snapshot: Snapshot, choice: Choice) -> Setting | None:
    """The setting without which go could download a toolchain; None where it can, as far as settings tell."""
    if choice.follows == "path":
        return choice.setting
    for name in ("GOPROXY", "GOSUMDB"):
        setting = winner(snapshot, choice.context, name)
        if setting is not None and setting.value == "off":
            return setting
    return None


def _silent_proxy(snapshot: Snapshot, choice: Choice) -> NetworkCheck | None:
    """The first proxy of GOPROXY, where the context's whole list is out of reach; None where one answers, or none was asked."""
    asked = tuple(n for n in snapshot.network if n.kind == "goproxy" and choice.context.name in n.contexts)
    if any(n.ok or n.step == "parse" or n.reason not in (*NO_NETWORK, "missing-directory") for n in asked):
        return None
    return asked[0] if asked else None


def _finding(snapshot: Snapshot, lack: _Lack, contexts: tuple[str, ...]) -> Finding:
    place = lack.forbids.location if lack.forbids is not None else lack.silent.setting if lack.silent else None
    pin = _pin(lack)
    actions = _actions(snapshot, lack, contexts)
    return Finding(
        rule=RULE,
        subject=_subject(lack),
        message=_message(lack),
        # What asks is to be looked at first where nothing but the network keeps go from having it.
        locations=tuple(
            x
            for x in dict.fromkeys((place, lack.asked) if lack.forbids is not None else (lack.asked, place))
            if x is not None
        ),
        evidence=(f"command -v {lack.name}",),
        contexts=contexts,
        explains=(Explains("GS411"), Explains("GS512"), *((Explains("GS415"),) if pin is not None else ())),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=_advice(lack),
    )


def _subject(lack: _Lack) -> str:
    """The release; each line that pins it is a fault of its own."""
    pin = _pin(lack)
    if pin is None or pin.location is None:
        return lack.name
    return f"{lack.name}:{pin.location.path}:{pin.location.line}"


def _actions(snapshot: Snapshot, lack: _Lack, contexts: tuple[str, ...]) -> tuple[Action, ...]:
    """A link to the release, which is here under another name; else the pin goes, with which every go command stops.

    What forbids a download is somebody's wish, and stays.
    """
    link = link_to(snapshot, contexts_named(snapshot, contexts), lack.name)
    pin = _pin(lack)
    if link is not None:
        return (link,)
    return unset_actions(snapshot, pin) if pin is not None else ()


def _pin(lack: _Lack) -> Setting | None:
    """The value of GOTOOLCHAIN that asks for the release itself; None where a module does."""
    setting = lack.choice.setting
    return setting if lack.choice.pinned and setting is not None and setting.location == lack.asked else None


def _message(lack: _Lack) -> Text:
    asked = f"{lack.asked.path}:{lack.asked.line}" if lack.asked else "GOTOOLCHAIN"
    pin = _pin(lack)
    asked = f"{asked} (GOTOOLCHAIN={pin.value})" if pin is not None else asked
    if lack.forbids is None:
        return Text(
            "{asked} asks for {name}, which is not on this host, and {go} cannot download it: {proxy} is out of reach",
            asked=asked,
            name=lack.name,
            go=described(lack.choice.running),
            proxy=lack.hindrance,
        )
    return Text(
        "{asked} asks for {name}, which is not on this host; {setting} keeps {go} from downloading it",
        asked=asked,
        name=lack.name,
        setting=lack.hindrance,
        go=described(lack.choice.running),
    )


def _advice(lack: _Lack) -> Text:
    if lack.forbids is None:
        return Text(
            "Make sure that the release exists, as https://go.dev/dl/ lists it. Then install {name} and put a link of that name on PATH: go takes it from there before it downloads. Or let GOPROXY name a proxy that this host reaches.",
            name=lack.name,
        )
    return Text(
        "Install {name} and put a link of that name on PATH: go takes it from there before it downloads. Or let {setting} allow the download, where policy does.",
        name=lack.name,
        setting=lack.forbids.name,
    )
