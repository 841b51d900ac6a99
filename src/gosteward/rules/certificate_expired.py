"""GS603: a server's certificate has expired, or is not valid yet, by the clock of this host."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.downloads import locations, severity_of_refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import NetworkCheck, Snapshot

RULE = Rule(
    id="GS603",
    slug="certificate-expired",
    title="a server's certificate is out of its time",
    severity="error",
    needs=("network",),
    symptoms=("x509: certificate has expired or is not yet valid",),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    seen: set[str] = set()
    for found in snapshot.network:
        if (
            not found.ok
            and found.step == "tls"
            and found.reason in ("expired", "not-yet-valid")
            and found.host not in seen
        ):
            seen.add(found.host)
            yield _finding(found)


def _finding(found: NetworkCheck) -> Finding:
    host = f"{found.host}:{found.port}"
    expired = found.reason == "expired"
    return Finding(
        rule=RULE,
        subject=host,
        message=Text(
            "the TLS certificate of {host} (issued by {issuer}) expired on {date}",
            host=host,
            issuer=found.issuer or "?",
            date=found.not_after or "?",
        )
        if expired
        else Text(
            "the TLS certificate of {host} (issued by {issuer}) is valid from {date} on only",
            host=host,
            issuer=found.issuer or "?",
            date=found.not_before or "?",
        ),
        locations=locations(found),
        evidence=(f"openssl s_client -connect {quote(host)} </dev/null | openssl x509 -noout -dates", "date -u"),
        contexts=found.contexts,
        severity=severity_of_refusal(found),
        explains=(Explains("GS606"), Explains("GS607")),
        advice=Text(
            "The clock of this host fits: only the operator of {host} can put a new certificate there. Until then use another proxy.",
            host=found.host,
        ),
    )
