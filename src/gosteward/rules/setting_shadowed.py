"""GS503: a variable of the environment hides what `go env -w` stored, so the stored value has no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang.proxyurls import masked
from gosteward.reasoning.settings_in_force import commands_to_unset, locations, loser, place, sessions, winner

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


def _finding(snapshot: Snapshot, wins: Setting, stored: Setting, contexts: tuple[str, ...]) -> Finding:
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
        severity=_severity(snapshot, wins, contexts),
        explains=tuple(e._replace(contexts=contexts) for e in _OF_A_PROXY) if wins.name == "GOPROXY" else (),
        risk="confirm",
        commands=commands_to_unset(snapshot, wins),
        advice=Text(
            "The environment takes precedence. Keep one of the two: remove {place}, or take the stored value back with `go env -u {name}`.",
            place=place(wins),
            name=wins.name,
        ),
    )
