"""GS517: go does not read its settings file: the user may not, or GOENV leads elsewhere. It says nothing about that."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.ownership import handed_back
from gosteward.reasoning.setting_repair import unset_actions
from gosteward.reasoning.settings_in_force import locations, place, sessions
from gosteward.reasoning.viewpoint import variable
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Setting, Snapshot

RULE = Rule(
    id="GS517",
    slug="goenv-unreadable",
    title="Go's settings file is not read",
    severity="warning",
    needs=("go_settings", "contexts"),
    symptoms=("go: open /home/dev/.config/go/env: permission denied", "GOENV=off"),
)

# What comes of the servers that go asks by default, and what its own settings would have spared it.
_OF_THE_DEFAULTS = tuple(Explains(rule) for rule in ("GS601", "GS606", "GS607", "GS619"))
_OF_DOWNLOADS = {"GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GONOPROXY"}


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for setting in snapshot.go_settings:
        if setting.problem == "unreadable" and setting.location is not None:
            yield _unreadable(snapshot, setting.location.path, setting)
        elif setting.name == "GOENV" and setting.origin == "environment":
            finding = _elsewhere(snapshot, setting)
            if finding is not None:
                yield finding


def _unreadable(snapshot: Snapshot, path: str, setting: Setting) -> Finding:
    user = snapshot.user
    stopped = _stopped(snapshot, setting.contexts)
    actions = handed_back(user, path, setting.uid, setting.mode)
    return Finding(
        rule=RULE,
        subject=path,
        message=Text(
            "{user} may not read {path}: go goes on without the settings in it, and without a word",
            user=user.name or "this user",
            path=path,
        ),
        locations=(Location(path),),
        evidence=(f"ls -l {quote(path)}",),
        contexts=setting.contexts,
        severity="error" if stopped else "",
        explains=_OF_THE_DEFAULTS if stopped else (),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text("`sudo go env -w` leaves such a file behind. Give it back to its user."),
    )


def _elsewhere(snapshot: Snapshot, setting: Setting) -> Finding | None:
    """GOENV=off, or GOENV names a file that is not there, while the usual file has settings."""
    usual = _usual_file(snapshot)
    hidden = tuple(
        s for s in snapshot.go_settings if s.origin == "goenv-file" and s.location and s.location.path == usual
    )
    contexts = tuple(
        c.name for c in sessions(snapshot) if c.name in setting.contexts and variable(c, "GOENV") is not None
    )
    gone = setting.value == "off" or setting.missing
    if not gone or not contexts or (setting.value == "off" and not hidden):
        return None
    actions = unset_actions(snapshot, setting)
    names = {s.name for s in hidden}
    stopped = bool(names & _OF_DOWNLOADS) and _stopped(snapshot, contexts)
    return Finding(
        rule=RULE,
        subject=f"{place(setting)}:GOENV",
        message=Text(
            "{place} sets GOENV={value}: go reads no settings of `go env -w`", place=place(setting), value=setting.value
        ),
        locations=locations(setting, *hidden[:1]),
        evidence=(f"GOENV={setting.value}",),
        contexts=contexts,
        # `off` may be meant; a file that is gone is not.
        confidence="medium" if not stopped and (setting.value == "off" or not hidden) else "high",
        severity="error" if stopped else "",
        explains=tuple(e._replace(contexts=contexts) for e in _OF_THE_DEFAULTS) if names & _OF_DOWNLOADS else (),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text("Remove the line, or move the settings to where GOENV points."),
    )


def _stopped(snapshot: Snapshot, contexts: tuple[str, ...]) -> bool:
    """Whether a project has to fetch something there, and the servers that go asks by default do not give it."""
    return any(
        n.kind in ("goproxy", "sumdb", "origin")
        and not n.ok
        and n.required
        and not n.fallback
        and (not contexts or bool(set(n.contexts) & set(contexts)))
        for n in snapshot.network
    )


def _usual_file(snapshot: Snapshot) -> str:
    return f"{snapshot.user.home}/.config/go/env"
