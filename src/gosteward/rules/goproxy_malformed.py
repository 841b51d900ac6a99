"""GS513: an entry of GOPROXY is not a URL that go accepts, so nothing is downloaded at all."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang.modulepaths import proxy_list
from gosteward.golang.proxyurls import entry_problem, ignored_entries, masked
from gosteward.reasoning.settings_in_force import (
    advice_to_unset,
    commands_to_unset,
    in_force,
    in_session,
    locations,
    place,
)
from gosteward.redaction import without_secrets
from gosteward.rules.quoted_value import is_quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Setting, Snapshot

RULE = Rule(
    id="GS513",
    slug="goproxy-malformed",
    title="GOPROXY is not a list of proxies",
    severity="error",
    needs=("go_settings", "contexts"),
    symptoms=(
        "invalid proxy URL missing scheme",
        "invalid proxy URL scheme (must be https, http, file)",
        "invalid file:// proxy URL with non-path elements",
        "GOPROXY list is not the empty string, but contains no entries",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in in_force(snapshot, "GOPROXY"):
        value = found.setting.value
        if is_quoted(value):
            continue
        entries = proxy_list(value)
        wrong = next(
            ((e.text, entry_problem(e)) for e in entries if entry_problem(e)), ("", "" if entries else "empty")
        )
        if wrong[1]:
            yield _finding(snapshot, found, _message(place(found.setting), *wrong), severity="")
        elif ignored_entries(value):
            yield _finding(snapshot, found, _ignored(found), severity="warning")


def _finding(snapshot: Snapshot, found: InForce, message: Text, severity: str) -> Finding:
    setting = found.setting
    return Finding(
        rule=RULE,
        subject=place(setting),
        message=message,
        locations=locations(setting),
        evidence=(f"GOPROXY={masked(setting.value)}",),
        contexts=found.contexts,
        severity=severity if in_session(snapshot, found.contexts) else "warning",
        explains=(Explains("GS601"), Explains("GS606"), Explains("GS607"), Explains("GS616")) if not severity else (),
        risk="confirm",
        commands=_commands(snapshot, setting) if not severity else (),
        advice=Text(
            "Entries are URLs that start with https://, http:// or file:///, or the words direct and off, with `,` (go on after 404 and 410) or `|` (go on after every error) between them."
        )
        if not severity
        else advice_to_unset(snapshot, setting),
    )


def _commands(snapshot: Snapshot, setting: Setting) -> tuple[str, ...]:
    """What takes the value back, or writes it with commas where only the separators are wrong."""
    corrected = ",".join(word for word in re.split(r"[\s;,]+", setting.value) if word)
    sound = all(not entry_problem(entry) for entry in proxy_list(corrected))
    whole = "|" not in setting.value and masked(corrected) == corrected and without_secrets(corrected) == corrected
    if setting.origin == "goenv-file" and corrected != setting.value and sound and whole:
        return (f"go env -w {quote(f'GOPROXY={corrected}')}",)
    return commands_to_unset(snapshot, setting)


def _ignored(found: InForce) -> Text:
    return Text(
        "{place} sets GOPROXY={value}: go stops reading at `direct` or `off` and never asks {ignored}",
        place=place(found.setting),
        value=masked(found.setting.value),
        ignored=masked(ignored_entries(found.setting.value)),
    )


def _message(where: str, entry: str, problem: str) -> Text:
    shown = masked(entry)
    if problem == "empty":
        return Text("{place} sets GOPROXY to a list without entries", place=where)
    if problem == "separator":
        return Text(
            "{place} sets GOPROXY to {entry}: entries are separated by `,` or `|`, not by a semicolon or a space",
            place=where,
            entry=shown,
        )
    if problem == "space":
        return Text("{place} sets GOPROXY to {entry}: there is a space within the URL", place=where, entry=shown)
    if problem == "file-host":
        return Text(
            "{place} sets GOPROXY to {entry}: a directory needs three slashes, as in file:///srv/goproxy",
            place=where,
            entry=shown,
        )
    if problem == "scheme-missing":
        return Text("{place} sets GOPROXY to {entry}, which is no URL: https:// is missing", place=where, entry=shown)
    return Text(
        "{place} sets GOPROXY to {entry}, which is not a URL with https, http or file", place=where, entry=shown
    )
