"""GS503: a variable of the environment hides what `go env -w` stored, so the stored value has no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang.proxyurls import masked
from gosteward.reasoning.ownership import inside
from gosteward.reasoning.setting_repair import commands_behind, unset_actions
from gosteward.reasoning.settings_in_force import locations, loser, place, sessions, winner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Setting, Snapshot

RULE = Rule(
    id="GS503",
    slug="setting-shadowed",
    title="a setting of `go env -w` has no effect",
    severity="warning",
    needs=("go_settings", "contexts"),
    symptoms=("warning: go env -w GOPROXY=... does not override conflicting OS environment variable",),
)
# What a proxy brings that was not meant to be asked.
_OF_A_PROXY = tuple(Explains(rule) for rule in ("GS601", "GS606", "GS607"))


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[tuple[Setting, Setting], list[str]] = {}
    names = tuple(dict.fromkeys(s.name for s in snapshot.go_settings if s.origin == "goenv-file" and not s.problem))
    for context in sessions(snapshot):
        for name in names:
            stored = loser(snapshot, context, name)
            wins = winner(snapshot, context, name)
            # GOROOT in that file is GS501's subject.
            if stored is not None and wins is not None and stored.value != wins.value and name != "GOROOT":
                found.setdefault((wins, stored), []).append(context.name)
    for (wins, stored), contexts in found.items():
        yield _finding(snapshot, wins, stored, tuple(contexts))


def _severity(snapshot: Snapshot, wins: Setting, contexts: tuple[str, ...]) -> str:
    """An error where the value that wins keeps a project from what it has to download."""
    stopped = any(
        n.kind in ("goproxy", "sumdb")
        and not n.ok
        and n.required
        and not n.fallback
        and set(n.contexts) & set(contexts)
        for n in snapshot.network
    )
    return "error" if stopped and wins.name == "GOPROXY" else ""


def _is_own(snapshot: Snapshot, setting: Setting) -> bool:
    """Whether a line of the user's own files gives the value."""
    return setting.location is not None and inside(setting.location.path, snapshot.user.home)


def _finding(snapshot: Snapshot, wins: Setting, stored: Setting, contexts: tuple[str, ...]) -> Finding:
    severity, actions = _severity(snapshot, wins, contexts), unset_actions(snapshot, wins)
    return Finding(
        rule=RULE,
        subject=f"{place(wins)}:{wins.name}",
        message=Text(
            "{place} sets {name}={value}, which overrides {name}={stored} of {file} (`go env -w`)",
            place=place(wins),
            name=wins.name,
            value=masked(wins.value),
            stored=masked(stored.value),
            file=place(stored),
        ),
        locations=locations(wins, stored),
        evidence=(f"go env -changed {wins.name}", f"env | grep ^{wins.name}="),
        contexts=contexts,
        severity=severity,
        # What the site sets for everybody may be meant to win.
        confidence="high" if severity or _is_own(snapshot, wins) else "medium",
        explains=tuple(e._replace(contexts=contexts) for e in _OF_A_PROXY) if wins.name == "GOPROXY" else (),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=commands_behind(wins) if actions else (),
        advice=Text(
            "The environment takes precedence. Keep one of the two: remove {place}, or take the stored value back with `go env -u {name}`.",
            place=place(wins),
            name=wins.name,
        ),
    )
