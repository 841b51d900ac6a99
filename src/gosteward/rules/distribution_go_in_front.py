"""GS701: the go of a distribution package or snap stands before a newer one on PATH, so the newer one never runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.judgement import severity_of
from gosteward.reasoning.hidden_go import hidden_gos, lines_of, to_the_front, version_of
from gosteward.reasoning.remedies import risk
from gosteward.rules import go_line_unreadable, std_package_too_new, toolchain_local_too_old

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.hidden_go import HiddenGo
    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS701",
    slug="distribution-go-in-front",
    title="the go of a package hides a newer one",
    severity="warning",
    needs=("contexts", "toolchains"),
    symptoms=(
        "go version prints the distribution's release after an upgrade",
        "imported by a module that requires go 1.21",
        "note: module requires Go 1.21",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for hidden in hidden_gos(snapshot, _of_package):
        yield _finding(snapshot, hidden)


def _of_package(go: Binary) -> bool:
    return go.origin in ("distribution", "snap") or (bool(go.package) and go.origin not in ("gccgo", "version-manager"))


def _finding(snapshot: Snapshot, hidden: HiddenGo) -> Finding:
    first, newer, lines = hidden.first.go, hidden.newer.go, lines_of(hidden)
    actions = to_the_front(snapshot, hidden)
    if first is None or newer is None:
        raise ValueError(hidden.first.directory)
    return Finding(
        rule=RULE,
        subject=first.path,
        message=Text(
            "{first} ({old}, {package}) stands before {newer} ({new}) on PATH: the package's go runs, the newer one never does",
            first=first.path,
            old=version_of(snapshot, first),
            package=first.package or first.origin,
            newer=newer.path,
            new=version_of(snapshot, newer),
        ),
        locations=lines,
        evidence=("type -a go", f"{first.path} version", f"{newer.path} version"),
        contexts=hidden.contexts,
        severity=_severity(snapshot, first),
        explains=_explained(first),
        risk=risk(actions),
        actions=actions,
        advice=Text(
            "Put {directory} in front: by links in /usr/local/bin, which sudo and services find as well, or in the line that adds it ({line}). The package may stay: others may need it.",
            directory=hidden.newer.directory,
            line=f"{lines[0].path}:{lines[0].line}" if lines and lines[0].line else "PATH",
        ),
    )


def _severity(snapshot: Snapshot, first: Binary) -> str:
    """As bad as what follows from it: a module that this release cannot build is an error."""
    consequences = (go_line_unreadable, std_package_too_new, toolchain_local_too_old)
    found = (finding for rule in consequences for finding in rule.check(snapshot) if finding.subject == first.path)
    return "error" if any(severity_of(finding) == "error" for finding in found) else ""


def _explained(first: Binary) -> tuple[Explains, ...]:
    of_release = ("GS408", "GS409", "GS410", "GS411", "GS412", "GS413", "GS414", "GS417")
    return (*(Explains(rule, first.path) for rule in of_release), Explains("GS132"))
