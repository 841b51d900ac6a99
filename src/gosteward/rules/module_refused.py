"""GS618: the proxy that has to give a module refuses it, or fails with it, and go asks nobody else."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.downloads import lines_of, locations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import NetworkCheck, Snapshot

RULE = Rule(
    id="GS618",
    slug="module-refused",
    title="a module proxy does not give a module that is needed",
    severity="error",
    needs=("network", "workspaces"),
    symptoms=(
        "reading http://goproxy.corp.example:3000/example.com/greet/@v/v1.0.0.mod: 403 Forbidden",
        "server response: example.com/greet@v1.0.0 is refused by the policy",
        "reading http://goproxy.corp.example:3000/example.com/greet/@v/v1.0.0.info: 502 Bad Gateway",
        "reading http://goproxy.corp.example:3000/example.com/greet/@v/v1.0.0.zip: 503 Service Unavailable",
        "reading http://goproxy.corp.example:3000/example.com/greet/@v/v1.0.0.zip: 504 Gateway Timeout",
    ),
)
FORBIDDEN = (403, 451)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    # Where the proxy gives nothing at all, GS601 and its neighbours say so.
    broken = {(n.host, n.port) for n in snapshot.network if n.kind == "goproxy" and not n.ok}
    groups: dict[tuple[str, bool, tuple[str, ...]], list[NetworkCheck]] = {}
    for found in snapshot.network:
        if found.kind == "module" and found.reason == "not-given" and (found.host, found.port) not in broken:
            groups.setdefault((found.url, found.status in FORBIDDEN, found.contexts), []).append(found)
    for checks in groups.values():
        yield _finding(snapshot, checks)


def _finding(snapshot: Snapshot, checks: list[NetworkCheck]) -> Finding:
    first = checks[0]
    names = tuple(dict.fromkeys(c.module for c in checks))
    values = {"modules": ", ".join(names[:3]), "url": first.url, "what": first.detail}
    refuses = first.status in FORBIDDEN
    explained = [Explains("GS908")]
    if not refuses:
        explained += [Explains("GS606", contexts=first.contexts), Explains("GS607", contexts=first.contexts)]
    return Finding(
        rule=RULE,
        subject=first.url,
        message=Text("{url} refuses {modules} ({what}), and go asks nobody else", **values)
        if refuses
        else Text("{url} answers, and fails with {modules} ({what}); go asks nobody else", **values),
        locations=(*locations(first), *lines_of(snapshot, names)),
        evidence=(*(f"{c.module}: {c.detail}" for c in checks[:3]), f"curl -sS -m 5 {quote(first.url)}"),
        contexts=first.contexts,
        explains=tuple(explained),
        advice=_refusing(first) if refuses else _failing(first),
    )


def _refusing(found: NetworkCheck) -> Text:
    return Text(
        "The operator of {host} decides which modules it gives: its answer says why, where it says anything. Take a version that is allowed, or ask for this one. Going around it (`direct`, GOPRIVATE, another proxy) goes around that decision.",
        host=found.host,
    )


def _failing(found: NetworkCheck) -> Text:
    return Text(
        "{host} is there, and what it gets modules from is not, or it is full: its operator has to look. With gosteward, `gosteward proxy serve` writes each failure to its log (`journalctl -u gosteward-proxy`), and its page /-/ shows upstreams and the room that is left.",
        host=found.host,
    )
