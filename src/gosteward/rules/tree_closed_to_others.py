"""GS316: programs of Go are executable for their owner or group only, and this user is neither."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import OpenTree, SetMode
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, suspects
from gosteward.reasoning.remedies import is_private
from gosteward.reasoning.viewpoint import tree_of
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.reasoning.impact import Suspect
    from gosteward.snapshot import Binary, Blocker, Snapshot

RULE = Rule(
    id="GS316",
    slug="tree-closed-to-others",
    title="the programs of Go are closed to this user",
    severity="error",
    needs=("contexts", "toolchains"),
    symptoms=("go: Permission denied", "fork/exec compile: permission denied"),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for suspect in suspects(snapshot, _closed):
        if suspect.role in ("go", "tool") and suspect.impact.used:
            yield _finding(snapshot, suspect)


def _closed(binary: Binary) -> bool:
    """Somebody may execute it (so the bits were not lost, GS301), this user may not, and no directory or list is the reason."""
    blocker = binary.blocked_by
    reason = blocker.reason if blocker is not None else ""
    return (
        binary.kind in ("elf", "script", "unreadable")
        and binary.origin != "toolchain-module"
        and not binary.executable
        and bool(binary.mode & 0o111)
        and reason in ("mode", "owner")
    )


def _finding(snapshot: Snapshot, suspect: Suspect) -> Finding:
    program, user = suspect.binary, snapshot.user.name or str(snapshot.user.uid)
    path = program.real_path or program.path
    blocker = program.blocked_by
    for_group = _for_a_group(blocker, program)
    actions = _actions(snapshot, suspect) if not for_group else ()
    return Finding(
        rule=RULE,
        subject=program.path,
        message=Text(
            "{path} has mode {mode} and belongs to {owner}, group {group}: {user} may not execute it",
            path=path,
            mode=f"{program.mode:04o}",
            owner=(blocker.owner if blocker else "") or str(program.uid),
            group=(blocker.group if blocker else "") or str(program.gid),
            user=user,
        ),
        locations=tuple(dict.fromkeys((Location(program.path), Location(path)))),
        evidence=(f"ls -lL {quote(program.path)}", f"id {quote(user)}"),
        contexts=suspect.impact.contexts,
        severity=suspect.impact.severity,
        explains=(*NO_GO_RUNS, Explains("GS408"), Explains("GS404")),
        risk="confirm" if actions else "manual",
        actions=actions,
        commands=(f"usermod -aG {quote(blocker.group)} {quote(user)}",) if for_group and blocker is not None else (),
        advice=_advice(blocker, program, user),
    )


def _for_a_group(blocker: Blocker | None, program: Binary) -> bool:
    return bool(program.mode & 0o010) and blocker is not None and blocker.group not in ("", "root")


def _actions(snapshot: Snapshot, suspect: Suspect) -> tuple[Action, ...]:
    """The whole tree opened: what closed the programs closed its sources too. Not for a tree that somebody else keeps in their home."""
    program = suspect.binary
    tree = suspect.tree or tree_of(snapshot, program)
    path = program.real_path or program.path
    if is_private(snapshot, path) and not path.startswith(f"{snapshot.user.home}/"):
        return ()
    if tree is not None:
        return (OpenTree(tree.real_path or tree.path, others=not is_private(snapshot, path)),)
    return (SetMode(path, program.mode, program.mode | 0o755),)


def _advice(blocker: Blocker | None, program: Binary, user: str) -> Text:
    if _for_a_group(blocker, program):
        return Text("The tree is meant for a group: membership takes effect at the next login of {user}.", user=user)
    return Text(
        "It was unpacked under a strict umask. Open the programs, and the directories and sources that others need to read; change no mode of anything outside of the tree."
    )
