"""GS505: a directory setting does not start with `/`: go refuses it, or takes it from wherever it is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.actions import EditLines, LineEdit
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.ownership import inside
from gosteward.reasoning.remedies import real_path
from gosteward.reasoning.setting_repair import commands_behind, repaired_actions, unset_actions
from gosteward.reasoning.settings_in_force import (
    InForce,
    exported_in,
    in_force,
    in_session,
    locations,
    place,
    sessions,
    winner,
)
from gosteward.rules.quoted_value import is_quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Setting, Snapshot

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
# What Go takes without a setting, below the home directory.
_DEFAULTS = {"GOPATH": "/go", "GOBIN": "/go/bin", "GOMODCACHE": "/go/pkg/mod", "GOCACHE": "/.cache/go-build"}
# GOBIN stops only `go install`, GOMODCACHE only what needs a module.
DIRECTORIES = ("GOPATH", "GOCACHE", "GOMODCACHE", "GOBIN", "GOROOT", "GOWORK")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for name in DIRECTORIES:
        for found in in_force(snapshot, name):
            wrong = _wrong_entry(name, found.setting.value)
            if wrong:
                yield _finding(snapshot, found, wrong)
    for found in _cache_homes(snapshot):
        yield _finding(snapshot, found, found.setting.value)


def _cache_homes(snapshot: Snapshot) -> tuple[InForce, ...]:
    """XDG_CACHE_HOME, which go's cache is below where GOCACHE is not set.

    Source: os.UserCacheDir; cmd/go/internal/cache/default.go.
    """
    below = (context for context in sessions(snapshot) if winner(snapshot, context, "GOCACHE") is None)
    return tuple(
        InForce(setting, setting.contexts)
        for setting in exported_in(below, "XDG_CACHE_HOME")
        if setting.value and not setting.value.startswith("/")
    )


def _wrong_entry(name: str, value: str) -> str:
    if is_quoted(value) or (name in ("GOWORK", "GOCACHE") and value in ("off", "auto")):
        return ""
    entries = value.split(":") if name == "GOPATH" else (value,)
    return next((entry for entry in entries if entry and not entry.startswith("/")), "")


def _finding(snapshot: Snapshot, found: InForce, wrong: str) -> Finding:
    setting = found.setting
    home = snapshot.user.home or "/home/USER"
    actions = _actions(snapshot, setting)
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
        explains=(Explains("GS405"),)
        if setting.name == "GOROOT"
        else (Explains("GS314"), Explains("GS506"), Explains("GS110")),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=commands_behind(setting) if actions else (),
        advice=_advice(wrong, home),
    )


def _actions(snapshot: Snapshot, setting: Setting) -> tuple[Action, ...]:
    """The path that was meant, as far as it is known; without one the line goes, and Go takes its own default."""
    home, where = snapshot.user.home.rstrip("/"), setting.location
    entries = setting.value.split(":") if setting.name == "GOPATH" else [setting.value]
    expanded = (_in_home(home, entry) for entry in entries)
    meant = ":".join(entry for entry in expanded if entry.startswith("/") and "$" not in entry)
    if setting.origin == "goenv-file" or not meant or (where is not None and inside(where.path, home)):
        return repaired_actions(snapshot, setting, meant)
    # A line for everybody must not lead into the home of one.
    if where is not None and where.path.endswith(".sh") and where.text.count('"~/') == 1 and "'" not in where.text:
        new = where.text.replace('"~/', '"$HOME/')
        return (EditLines(real_path(snapshot, where.path), (LineEdit(where.line, where.text, (new,)),)),)
    return unset_actions(snapshot, setting) if meant == f"{home}{_DEFAULTS.get(setting.name, '?')}" else ()


def _in_home(home: str, entry: str) -> str:
    for start in ("~", "$HOME", "${HOME}"):
        if home and (entry == start or entry.startswith(f"{start}/")):
            return home + entry[len(start) :]
    return entry


def _advice(wrong: str, home: str) -> Text:
    if wrong.startswith("~"):
        return Text(
            "A tilde within quotes, or in a file that no shell reads, stays a tilde. Write {path} instead.",
            path=home + wrong[1:] if wrong.startswith("~/") else home,
        )
    if "$" in wrong:
        return Text("Nothing expands variables here. Write the directory out, starting with {home}.", home=home)
    return Text("Write the whole path, starting with a slash.")
