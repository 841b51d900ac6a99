"""GS602: a server shows a certificate that this host does not trust: TLS inspection, or an authority of the company's own."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import SEVERITIES, Explains, Finding, Rule, Text
from gosteward.golang.proxyurls import PUBLIC_PROXY
from gosteward.reasoning.downloads import locations, severity_of_refusal
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import NetworkCheck, Snapshot

RULE = Rule(
    id="GS602",
    slug="unknown-authority",
    title="a server's certificate cannot be verified",
    severity="error",
    needs=("network",),
    symptoms=(
        "x509: certificate signed by unknown authority",
        "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        f"x509: certificate is valid for gateway.example, not {PUBLIC_PROXY}",
        "x509: certificate relies on legacy Common Name field, use SANs instead",
    ),
)
REDHAT = ("fedora", "rhel", "centos")
_STORES = {
    "redhat": ("/etc/pki/ca-trust/source/anchors", "update-ca-trust extract"),
    "suse": ("/etc/pki/trust/anchors", "update-ca-certificates"),
    "debian": ("/usr/local/share/ca-certificates/NAME.crt", "update-ca-certificates"),
}
SUSE = ("suse", "opensuse", "sles")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    groups: dict[tuple[str, str], list[NetworkCheck]] = {}
    for found in snapshot.network:
        if found.ok or found.step != "tls":
            continue
        if found.reason == "wrong-host":
            groups.setdefault(("", found.host), []).append(found)
        elif found.reason == "unknown-authority" and found.trust_store:
            # One gateway shows its certificates for every server: one fault.
            groups.setdefault((found.issuer, "" if found.issuer else found.host), []).append(found)
    for checks in groups.values():
        yield _finding(snapshot, checks)


def _finding(snapshot: Snapshot, checks: list[NetworkCheck]) -> Finding:
    first = checks[0]
    hosts = ", ".join(dict.fromkeys(f"{c.host}:{c.port}" for c in checks))
    authority = next((c.authority_file for c in checks if c.authority_file), "")
    store = first.trust_setting or Location(first.trust_store)
    settings = dict.fromkeys(place for c in checks for place in locations(c))
    contexts = tuple(dict.fromkeys(name for c in checks for name in c.contexts))
    return Finding(
        rule=RULE,
        subject=first.issuer or first.host,
        message=_message(first, hosts, authority),
        locations=(*((Location(authority),) if authority else ()), store, *settings),
        evidence=(
            f"openssl s_client -connect {quote(f'{first.host}:{first.port}')} -CAfile {quote(first.trust_store)} </dev/null",
            *((first.detail,) if first.detail else ()),
        ),
        contexts=contexts,
        severity=min((severity_of_refusal(c) for c in checks), key=SEVERITIES.index),
        explains=(Explains("GS606"), Explains("GS607")),
        commands=_commands(snapshot, first, authority),
        advice=_advice(snapshot, first, authority),
    )


def _message(first: NetworkCheck, hosts: str, authority: str) -> Text:
    if first.reason == "wrong-host":
        return Text(
            "the TLS certificate of {hosts} is for other names: {detail}",
            hosts=hosts,
            detail=first.detail or first.issuer,
        )
    issuer = first.issuer or "an authority without a name"
    if authority:
        return Text(
            "{hosts} shows a TLS certificate of {issuer}; that CA was delivered as {file}, but the store that go reads, {store}, lacks it",
            hosts=hosts,
            issuer=issuer,
            file=authority,
            store=first.trust_store,
        )
    return Text(
        "{hosts} shows a TLS certificate of {issuer}, a CA that is not in {store}",
        hosts=hosts,
        issuer=issuer,
        store=first.trust_store,
    )


def _family(snapshot: Snapshot) -> str:
    names = (snapshot.machine.distribution, *snapshot.machine.distribution_like)
    if any(name in REDHAT for name in names):
        return "redhat"
    return "suse" if any(name.startswith(SUSE) for name in names) else "debian"


def _commands(snapshot: Snapshot, first: NetworkCheck, authority: str) -> tuple[str, ...]:
    if first.reason != "unknown-authority" or not authority or first.trust_setting is not None:
        return ()
    return (_STORES[_family(snapshot)][1],)


def _advice(snapshot: Snapshot, first: NetworkCheck, authority: str) -> Text:
    if first.reason == "wrong-host":
        return Text("Use the name that the certificate is for, or tell the operator of {host}.", host=first.host)
    if first.trust_setting is not None:
        return Text(
            "{place} makes go read {store} alone: add the authority there, or remove that line, so that the system's store counts.",
            place=f"{first.trust_setting.path}:{first.trust_setting.line}",
            store=first.trust_store,
        )
    if authority:
        return Text("Rebuild the system's store from the delivered files. Do not switch verification off instead.")
    place, command = _STORES[_family(snapshot)]
    return Text(
        "If it is the company's own authority: get its certificate from the administrators, compare the fingerprint, put it into {place} and run `{command}`. If nobody knows it, somebody reads the connection. Do not switch verification off.",
        place=place,
        command=command,
    )
