"""GS205: a file named go holds a web page, an archive or text instead of a program."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, suspects
from gosteward.reasoning.link_repair import instead_of_program
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.reasoning.impact import Suspect
    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS205",
    slug="not-a-program",
    title="this go is no program",
    severity="error",
    needs=("contexts", "toolchains", "binaries"),
    symptoms=(
        "cannot execute binary file: Exec format error",
        "syntax error near unexpected token `newline'",
        "gzip: stdin: not in gzip format",
        "1: Syntax error: newline unexpected",
    ),
)
KINDS = ("html", "archive", "text")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for suspect in suspects(snapshot, lambda binary: binary.kind in KINDS):
        if suspect.role == "go" and not suspect.impact.contexts and not suspect.binary.executable:
            continue
        yield _finding(snapshot, suspect)


def _finding(snapshot: Snapshot, suspect: Suspect) -> Finding:
    binary = suspect.binary
    sources = tuple(
        source
        for context in snapshot.contexts
        for entry in context.search_path
        if entry.go is not None and entry.go.path == binary.path
        for source in entry.sources[:1]
    )
    actions = () if _may_be_script(binary) else instead_of_program(snapshot, suspect)
    return Finding(
        rule=RULE,
        subject=binary.path,
        message=_message(binary),
        locations=(Location(binary.path), *dict.fromkeys(sources)),
        evidence=(f"file -L {quote(binary.path)}", f"head -c 60 {quote(binary.path)}"),
        contexts=suspect.impact.contexts,
        severity="warning" if _may_be_script(binary) else suspect.impact.severity,
        confidence="medium" if _may_be_script(binary) else "high",
        explains=(*NO_GO_RUNS, Explains("GS401"), Explains("GS406", binary.path), Explains("GS408"))
        if suspect.role != "program"
        else (),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=_advice(snapshot, binary),
    )


def _may_be_script(binary: Binary) -> bool:
    """A wrapper without a `#!` line: shells run it, `make` and other programs do not."""
    return binary.kind == "text" and any(word in binary.head for word in ("exec ", "/bin/go", '"$@"'))


def _message(binary: Binary) -> Text:
    if binary.kind == "html":
        return Text(
            "{path} is a web page (HTML), not an executable program; it begins with: {head}",
            path=binary.path,
            head=binary.head,
        )
    if binary.kind == "archive":
        return Text("{path} is an archive that was never unpacked, not an executable program", path=binary.path)
    return Text(
        "{path} is a text file without a `#!` line, not an executable program; it begins with: {head}",
        path=binary.path,
        head=binary.head,
    )


def _advice(snapshot: Snapshot, binary: Binary) -> Text:
    if _may_be_script(binary):
        return Text("Put `#!/bin/sh` on its first line: without it only shells can start it.")
    behind = next(
        (
            e.go.path
            for c in snapshot.contexts
            for e in c.search_path
            if e.go is not None
            and e.go.kind == "elf"
            and e.go.executable
            and any(b.go is not None and b.go.path == binary.path for b in c.search_path)
        ),
        "",
    )
    if behind:
        return Text(
            "A download failed and its answer was saved under this name. With it out of the way, {behind} is found.",
            behind=behind,
        )
    return Text(
        "A download failed and its answer was saved under this name: download again with `curl -f`, and compare the SHA-256 before unpacking."
    )
