"""GS613: the netrc file with the passwords for private proxies and modules cannot be used."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import SEVERITIES, Explains, Finding, Rule, Text
from gosteward.reasoning.downloads import severity_of_refusal
from gosteward.reasoning.ownership import handed_back
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import NetworkCheck, Snapshot

RULE = Rule(
    id="GS613",
    slug="netrc-unusable",
    title="go cannot use the netrc file",
    severity="warning",
    needs=("network",),
    symptoms=(
        "401 Unauthorized",
        "fatal: could not read Username for 'https://git.corp.example': terminal prompts disabled",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in snapshot.network:
        if found.kind == "netrc" and not found.ok:
            yield _finding(snapshot, found)


def _finding(snapshot: Snapshot, found: NetworkCheck) -> Finding:
    user = snapshot.user
    unreadable = found.reason == "unreadable"
    actions = handed_back(user, found.url, found.uid, found.mode) if unreadable else ()
    refused = tuple(c for c in snapshot.network if c.kind == "goproxy" and c.reason == "credentials" and not c.ok)
    return Finding(
        rule=RULE,
        subject=found.url,
        message=Text(
            "{user} may not read {path}: go sends no credentials", user=user.name or "this user", path=found.url
        )
        if unreadable
        else Text(
            "{path} has a password for {host}, and go looks for it under another name: `machine {machine}`",
            path=found.url,
            host=found.host,
            machine=found.detail,
        )
        if found.reason == "port"
        else Text(
            "{path} has no complete entry (machine, login, password) for {host}, which asks for one",
            path=found.url,
            host=found.host,
        ),
        locations=(Location(found.url), *((found.setting,) if found.setting is not None else ())),
        evidence=(f"ls -l {quote(found.url)}",),
        contexts=found.contexts,
        severity=min((severity_of_refusal(c) for c in refused), key=SEVERITIES.index, default=""),
        explains=tuple(Explains("GS601", c.url) for c in refused),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "The file belongs to the user alone, mode 0600; an entry is `machine HOST login NAME password TOKEN` on one line. From go 1.24 on HOST has the port that the URL has."
        ),
    )
