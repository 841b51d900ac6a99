"""GS304: go lies on a file system that is mounted noexec: no mode makes it executable."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, suspects
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS304",
    slug="noexec-goroot",
    title="go lies on a file system without the right to execute",
    severity="error",
    needs=("contexts", "toolchains", "mounts"),
    symptoms=("go: Permission denied", "bash: /mnt/usb/go/bin/go: Permission denied"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    seen: set[str] = set()
    for suspect in suspects(snapshot, _on_noexec):
        go = suspect.binary
        point = _mount_point(go)
        # A tree that nobody starts may lie there; programs that go installed are GS319's subject.
        if suspect.role not in ("go", "tool") or not suspect.impact.used or point in seen:
            continue
        seen.add(point)
        yield Finding(
            rule=RULE,
            subject=go.path,
            message=Text(
                "{path} lies on {point}, which is mounted noexec: nothing there may be executed, whatever its mode {mode} says",
                path=go.path,
                point=point,
                mode=f"{go.mode:04o}",
            ),
            locations=(Location(go.path),),
            evidence=(f"findmnt -T {quote(go.real_path or go.path)}", ",".join(go.mount_options)),
            contexts=suspect.impact.contexts,
            severity=suspect.impact.severity,
            explains=(*NO_GO_RUNS, Explains("GS301"), Explains("GS319"), Explains("GS408")),
            advice=Text(
                "Modes are not the cause. Keep the mount as it is and put the tree on a file system that may execute: `gosteward install VERSION --root /opt/go` does."
            ),
        )


def _on_noexec(binary: Binary) -> bool:
    blocked = binary.blocked_by is not None and binary.blocked_by.reason == "noexec"
    return blocked or (binary.kind in ("elf", "script") and "noexec" in binary.mount_options)


def _mount_point(binary: Binary) -> str:
    if binary.blocked_by is not None and binary.blocked_by.reason == "noexec":
        return binary.blocked_by.path
    return binary.mount_point
