"""GS214: the go that is found is a script that starts another go, and that one does not exist."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, suspects
from gosteward.reasoning.link_repair import trees_for
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.impact import Suspect
    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS214",
    slug="wrapper-of-missing-go",
    title="a script named go starts a program that does not exist",
    severity="error",
    needs=("contexts", "binaries"),
    symptoms=("/usr/local/bin/go: line 3: /opt/go1.20/bin/go: No such file or directory", "exec: not found"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for suspect in suspects(snapshot, _starts_nothing):
        yield _finding(snapshot, suspect)


def _starts_nothing(binary: Binary) -> bool:
    return binary.kind == "script" and binary.executable and bool(binary.starts) and not binary.starts_exists


def _finding(snapshot: Snapshot, suspect: Suspect) -> Finding:
    wrapper = suspect.binary
    target, _, line = wrapper.starts.rpartition(":")
    trees = trees_for(snapshot, wrapper.path)
    return Finding(
        rule=RULE,
        subject=wrapper.path,
        message=Text("{path} is a script that starts {target}, which does not exist", path=wrapper.path, target=target),
        locations=(Location(wrapper.path, int(line) if line.isdecimal() and len(line) < 9 else 0), Location(target)),
        evidence=(f"sed -n {line}p {quote(wrapper.path)}", f"ls -l {quote(target)}"),
        contexts=suspect.impact.contexts,
        severity=suspect.impact.severity,
        explains=NO_GO_RUNS if suspect.role == "go" else (),
        advice=Text(
            "Let the script start a go that is here, such as {example}, or put a link to that one in its place; a link needs no care at the next upgrade.",
            example=f"{trees[0].path}/bin/{wrapper.path.rpartition('/')[2]}" if trees else "/usr/local/go/bin/go",
        ),
    )
