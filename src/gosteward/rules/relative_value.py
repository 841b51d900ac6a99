"""GS505: a directory setting does not start with `/`: go refuses it, or takes it from wherever it is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.settings_in_force import in_force, in_session, locations, place
from gosteward.rules.quoted_value import is_quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS505",
    slug="relative-value",
    title="a directory setting is not an absolute path",
    severity="error",
    needs=("go_settings", "contexts"),
    symptoms=(
        "go: GOPATH entry is relative; must be absolute path",
        "go: GOPATH entry cannot start with shell metacharacter '~'",
        "build cache is required, but could not be located: GOCACHE is not an absolute path",
        "go: invalid GOWORK: not an absolute path",
        "cannot install, GOBIN must be an absolute path",
    ),
)
# GOBIN stops only `go install`, GOMODCACHE only what needs a module.
DIRECTORIES = ("GOPATH", "GOCACHE", "GOMODCACHE", "GOBIN", "GOROOT", "GOWORK")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for name in DIRECTORIES:
        for found in in_force(snapshot, name):
            wrong = _wrong_entry(name, found.setting.value)
            if wrong:
                yield _finding(snapshot, found, wrong)


def _wrong_entry(name: str, value: str) -> str:
    if is_quoted(value) or (name in ("GOWORK", "GOCACHE") and value in ("off", "auto")):
        return ""
    entries = value.split(":") if name == "GOPATH" else (value,)
    return next((entry for entry in entries if entry and not entry.startswith("/")), "")


def _finding(snapshot: Snapshot, found: InForce, wrong: str) -> Finding:
    setting = found.setting
    home = snapshot.user.home or "/home/USER"
    return Finding(
        rule=RULE,
        subject=f"{place(setting)}:{setting.name}",
        message=Text(
            "{place} sets {name} to {value}, which is not an absolute path: go refuses it",
            place=place(setting),
            name=setting.name,
            value=wrong,
        ),
        locations=locations(setting),
        evidence=(f"{setting.name}={setting.value}",),
        contexts=found.contexts,
        severity="" if in_session(snapshot, found.contexts) else "warning",
        explains=(Explains("GS314"), Explains("GS405"), Explains("GS506"), Explains("GS110")),
        advice=_advice(wrong, home),
    )


def _advice(wrong: str, home: str) -> Text:
    if wrong.startswith("~"):
        return Text(
            "A tilde within quotes, or in a file that no shell reads, stays a tilde. Write {path} instead.",
            path=home + wrong[1:] if wrong.startswith("~/") else home,
        )
    if "$" in wrong:
        return Text("Nothing expands variables here. Write the directory out, starting with {home}.", home=home)
    return Text("Write the whole path, starting with a slash.")
