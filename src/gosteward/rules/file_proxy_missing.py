"""GS616: GOPROXY names a directory (file://) that is not there, or that the user may not read."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.downloads import locations, severity_of
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import NetworkCheck, Snapshot

RULE = Rule(
    id="GS616",
    slug="file-proxy-missing",
    title="the directory that serves as module proxy is not there",
    severity="error",
    needs=("network",),
    symptoms=(
        "reading file:///srv/goproxy/example.com/greet/@v/v1.0.0.info: no such file or directory",
        "module lookup disabled by GOPROXY=off",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for found in snapshot.network:
        if found.kind == "goproxy" and not found.ok and found.reason in ("missing-directory", "unreadable"):
            yield _finding(snapshot, found)


def _finding(snapshot: Snapshot, found: NetworkCheck) -> Finding:
    path = found.url.partition("://")[2] or found.url
    user = snapshot.user.name or "this user"
    return Finding(
        rule=RULE,
        subject=found.url,
        message=Text("GOPROXY names {url}, and there is no such directory", url=found.url)
        if found.reason == "missing-directory"
        else Text("GOPROXY names {url}, and {user} may not read that directory", url=found.url, user=user),
        locations=(*locations(found), Location(path)),
        evidence=(f"ls -ld {quote(path)}",),
        contexts=found.contexts,
        severity=severity_of(found),
        explains=(Explains("GS606"), Explains("GS607")),
        advice=Text("Mount or copy the mirror to that place, or let GOPROXY name where it is now."),
    )
