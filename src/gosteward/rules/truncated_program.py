"""GS204: a program file ends before the end that its own header promises: a cut-off download, a disk that was full."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, suspects
from gosteward.reasoning.link_repair import instead_of_program
from gosteward.reasoning.remedies import installing
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS204",
    slug="truncated-program",
    title="a program of Go is cut off",
    severity="error",
    needs=("contexts", "toolchains", "binaries"),
    symptoms=("cannot execute binary file: Exec format error", "Bus error", "Segmentation fault", "file too short"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for suspect in suspects(snapshot, _is_cut):
        binary = suspect.binary
        root = binary.goroot or (suspect.tree.path if suspect.tree else "")
        actions = instead_of_program(snapshot, suspect)
        yield Finding(
            rule=RULE,
            subject=binary.path,
            message=Text(
                "{path} is truncated: it has {size} bytes, its header promises at least {expected}",
                path=binary.path,
                size=str(binary.size),
                expected=str(binary.elf.expected_size if binary.elf else 0),
            ),
            locations=(Location(binary.path),),
            evidence=(f"stat -L -c %s {quote(binary.path)}", f"readelf -h {quote(binary.path)}"),
            contexts=suspect.impact.contexts,
            severity=suspect.impact.severity,
            explains=(*NO_GO_RUNS, Explains("GS401"), Explains("GS403")) if suspect.role in ("go", "tool") else (),
            risk="confirm" if actions else "manual",
            actions=actions,
            commands=() if actions else installing(suspect.tree.version if suspect.tree else ""),
            advice=_advice(root),
        )


def _is_cut(binary: Binary) -> bool:
    return binary.elf is not None and binary.elf.truncated


def _advice(root: str) -> Text:
    if root:
        return Text(
            "The file is damaged, and others of {root} may be: check the free space, unpack the archive again beside it after comparing its SHA-256, then switch.",
            root=root,
        )
    return Text("The file is damaged: build or download it again, after a look at the free space.")
