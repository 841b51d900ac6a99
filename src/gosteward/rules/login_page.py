"""GS605: a web page answers in a module proxy's place: a login page of the network, or a gateway that blocks."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.downloads import locations, severity_of_refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS605",
    slug="login-page",
    title="a web page answers in the place of a module proxy",
    severity="error",
    needs=("network",),
    symptoms=(
        "invalid character '<' looking for beginning of value",
        'invalid response from proxy "https://goproxy.corp.example": invalid character',
        "zip: not a valid zip file",
        "malformed module path",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    seen: set[str] = set()
    for found in snapshot.network:
        if found.ok or found.reason != "login-page" or found.host in seen:
            continue
        seen.add(found.host)
        yield Finding(
            rule=RULE,
            subject=found.url,
            message=Text(
                "{url} answers with a web page ({detail}), not as a module proxy: a login page or a blocking gateway is in between, or the address is wrong",
                url=found.url,
                detail=found.detail or f"HTTP status {found.status}",
            ),
            locations=locations(found),
            evidence=(f"curl -sS -D - -o /dev/null -m 5 {quote(found.url)}",),
            contexts=found.contexts,
            severity=severity_of_refusal(found),
            explains=(Explains("GS606"), Explains("GS607")),
            advice=Text(
                "Log in to the network with a browser, have {host} allowed at the gateway, or correct the URL: proxies of artefact stores have a path such as /api/go/NAME.",
                host=found.host,
            ),
        )
