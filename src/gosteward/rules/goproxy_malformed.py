"""GS513: an entry of GOPROXY is not a URL that go accepts, so nothing is downloaded at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Rule, Text
from gosteward.golang import meant_values
from gosteward.golang.modulepaths import proxy_list
from gosteward.golang.proxyurls import entry_problem, ignored_entries, masked
from gosteward.reasoning.settings_in_force import in_force, in_session, place
from gosteward.reasoning.unwanted_settings import unwanted
from gosteward.rules.quoted_value import is_quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.finding import Finding
    from gosteward.reasoning.settings_in_force import InForce
    from gosteward.snapshot import Snapshot

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
            yield _malformed(snapshot, found, *wrong)
        elif ignored_entries(value):
            # Which of them was meant to come first is not for a tool to say.
            yield unwanted(snapshot, RULE, found, _ignored(found))._replace(
                severity="warning", risk="manual", actions=(), commands=()
            )


def _malformed(snapshot: Snapshot, found: InForce, entry: str, problem: str) -> Finding:
    meant = meant_values.proxies(found.setting.value)
    finding = unwanted(snapshot, RULE, found, _message(place(found.setting), entry, problem), meant)
    # A server of somebody's own was meant: without the setting, go would ask public ones for their modules.
    own = not meant and bool(entry) and not meant_values.is_word(entry)
    return finding._replace(
        severity="" if in_session(snapshot, found.contexts) else "warning",
        explains=(Explains("GS601"), Explains("GS606"), Explains("GS607"), Explains("GS616")),
        risk="manual" if own else finding.risk,
        actions=() if own else finding.actions,
        commands=() if own else finding.commands,
        advice=Text(
            "Entries are URLs that start with https://, http:// or file:///, or the words direct and off, with `,` (go on after 404 and 410) or `|` (go on after every error) between them."
        ),
    )


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
