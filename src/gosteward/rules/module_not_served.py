"""GS617: a module that a project needs is at none of the places that GOPROXY names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.downloads import lines_of, locations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import NetworkCheck, Snapshot

RULE = Rule(
    id="GS617",
    slug="module-not-served",
    title="no proxy of GOPROXY has a module that is needed",
    severity="error",
    needs=("network", "workspaces"),
    symptoms=(
        "reading http://goproxy.corp.example:3000/example.com/greet/@v/v1.0.0.mod: 404 Not Found",
        "reading https://nexus.corp.example/repository/go/example.com/greet/@v/v1.0.0.zip: 410 Gone",
        "reading file:///srv/goproxy/example.com/greet/@v/v1.0.0.mod: no such file or directory",
        "server response: not found: example.com/greet@v1.0.0: invalid version: unknown revision v1.0.0",
    ),
)
_SHOWN = 3


def check(snapshot: Snapshot) -> Iterator[Finding]:
    groups: dict[tuple[str, tuple[str, ...]], list[NetworkCheck]] = {}
    for found in snapshot.network:
        if found.kind == "module" and found.reason == "not-there":
            groups.setdefault((found.url, found.contexts), []).append(found)
    for checks in groups.values():
        yield _finding(snapshot, checks)


def _finding(snapshot: Snapshot, checks: list[NetworkCheck]) -> Finding:
    first = checks[0]
    names = tuple(dict.fromkeys(c.module for c in checks))
    return Finding(
        rule=RULE,
        subject=first.url,
        message=Text(
            "{modules} must come from {url}, which does not have it ({detail}); GOPROXY names nobody else who could",
            modules=", ".join(names[:_SHOWN]),
            url=first.url,
            detail=first.detail,
        ),
        locations=(*locations(first), *lines_of(snapshot, names)),
        evidence=(f"GOPROXY: {first.url}", f"{first.module}: {first.detail}"),
        contexts=first.contexts,
        advice=Text(
            "Check the path in GOPROXY, to the letter: a wrong repository path of Nexus or Artifactory answers like that for every module. If the path is right, the module or version has to be published there, by its author or by the operator; a list may also name a second proxy behind a comma. The checksum database stays switched on."
        ),
    )
