"""GS614: this host has no certificates of authorities at all, so go trusts no server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import SEVERITIES, Explains, Finding, Rule, Text
from gosteward.reasoning.downloads import locations, severity_of_refusal
from gosteward.reasoning.setting_repair import commands_behind, unset_actions
from gosteward.snapshot import Location, Setting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import NetworkCheck, Snapshot

RULE = Rule(
    id="GS614",
    slug="no-trust-store",
    title="this host has no certificates of authorities",
    severity="error",
    needs=("network", "machine"),
    symptoms=(
        "x509: certificate signed by unknown authority",
        "x509: failed to load system roots and no roots provided",
    ),
)
_INSTALL = {
    "debian": "apt-get install ca-certificates",
    "alpine": "apk add ca-certificates",
    "fedora": "dnf install ca-certificates",
}


def check(snapshot: Snapshot) -> Iterator[Finding]:
    checks = tuple(
        c
        for c in snapshot.network
        if not c.ok and c.step == "tls" and c.reason == "unknown-authority" and not c.trust_store
    )
    if checks:
        yield _finding(snapshot, checks)


def _finding(snapshot: Snapshot, checks: tuple[NetworkCheck, ...]) -> Finding:
    setting = next((c.trust_setting for c in checks if c.trust_setting is not None), None)
    hosts = ", ".join(dict.fromkeys(c.host for c in checks))
    contexts = tuple(dict.fromkeys(name for c in checks for name in c.contexts))
    named = next((n for n in ("SSL_CERT_FILE", "SSL_CERT_DIR") if setting is not None and n in setting.text), "")
    given = Setting(named, "", "environment", setting, contexts)
    actions = unset_actions(snapshot, given) if named else ()
    usual = Location("/etc/ssl/certs/ca-certificates.crt")
    return Finding(
        rule=RULE,
        subject="trust store",
        message=Text(
            "{place} names certificates that are not there, so no TLS certificate can be verified: {hosts} is refused",
            place=f"{setting.path}:{setting.line}",
            hosts=hosts,
        )
        if setting is not None
        else Text(
            "there is no file with certificates of authorities (CAs) where go looks, so no TLS certificate can be verified: {hosts} is refused",
            hosts=hosts,
        ),
        locations=(setting or usual, *dict.fromkeys(place for c in checks for place in locations(c))),
        evidence=("ls -l /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem",),
        contexts=contexts,
        severity=min((severity_of_refusal(c) for c in checks), key=SEVERITIES.index),
        explains=(Explains("GS606"), Explains("GS607")),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=commands_behind(given) if setting is not None else _commands(snapshot),
        advice=Text("Remove that line or correct the path.")
        if setting is not None
        else Text("Install the package ca-certificates; in an image it belongs into every stage that runs go."),
    )


def _commands(snapshot: Snapshot) -> tuple[str, ...]:
    names = (snapshot.machine.distribution, *snapshot.machine.distribution_like)
    return next(((command,) for name, command in _INSTALL.items() if name in names), ())
