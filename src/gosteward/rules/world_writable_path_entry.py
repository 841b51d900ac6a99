"""GS119: anybody may put programs into a directory of PATH."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import SetMode
from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.viewpoint import own_contexts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import PathEntry, Snapshot

RULE = Rule(
    id="GS119",
    slug="world-writable-path-entry",
    title="anybody may write to a directory of PATH",
    severity="warning",
    needs=("contexts",),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[str, tuple[PathEntry, tuple[str, ...]]] = {}
    for context in own_contexts(snapshot):
        for entry in context.search_path:
            # WSL shows every file of Windows as writable for all.
            if entry.world_writable and not (snapshot.machine.wsl and entry.directory.startswith("/mnt/")):
                first, names = found.get(entry.directory, (entry, ()))
                found[entry.directory] = (first, tuple(dict.fromkeys((*names, context.name))))
    for entry, names in found.values():
        yield _finding(entry, names)


def _finding(entry: PathEntry, contexts: tuple[str, ...]) -> Finding:
    # A directory with a sticky bit, such as /tmp, is open on purpose: there the entry is wrong, not the mode.
    by_mode = entry.mode & 0o1002 == 0o002 and entry.kind == "directory"
    return Finding(
        rule=RULE,
        subject=entry.directory,
        message=Text(
            "{directory} (mode {mode}) is on PATH, and every user of this host may put programs there or replace it",
            directory=entry.directory,
            mode=f"{entry.mode:04o}",
        ),
        locations=tuple(s for s in entry.sources[:1] if s.line),
        evidence=(f"namei -l {quote(entry.directory)}",),
        contexts=contexts,
        risk="confirm" if by_mode else "manual",
        actions=(SetMode(entry.directory, entry.mode, entry.mode & ~0o002),) if by_mode else (),
        advice=Text(
            "A program of that name runs with the rights of whoever types it, root's too. Take the right to write from others on this one directory, or take the directory off PATH."
        ),
    )
