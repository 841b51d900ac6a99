"""GS301: a program of a Go tree has no execute bit, so the shell skips it and finds an older one, or none."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import OpenTree, SetMode
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.impact import NO_GO_RUNS, belongs_to, distinct_trees, of_program, of_tree
from gosteward.reasoning.remedies import is_private
from gosteward.reasoning.viewpoint import programs_named_go
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Binary, GoTree, Snapshot

RULE = Rule(
    id="GS301",
    slug="go-not-executable",
    title="programs of the Go tree are not executable",
    severity="error",
    needs=("toolchains", "contexts"),
    symptoms=(
        "go: Permission denied",
        "fork/exec compile: permission denied",
        "go: error obtaining buildID for go tool compile",
    ),
)
MOST_PROGRAMS = 60


def check(snapshot: Snapshot) -> Iterator[Finding]:
    # A toolchain of the module cache is unpacked without execute bits; go sets them when it first needs it.
    trees = tuple(t for t in distinct_trees(snapshot) if t.not_executable and t.origin != "toolchain-module")
    for tree in trees:
        yield _of_tree(snapshot, tree)
    for go in programs_named_go(snapshot):
        if go.origin != "toolchain-module" and not any(belongs_to(go, tree) for tree in trees) and _has_no_x(go):
            yield _of_program(snapshot, go)


def _has_no_x(go: Binary) -> bool:
    return go.kind in ("elf", "script", "unreadable") and not go.mode & 0o111 and not go.executable


def _of_tree(snapshot: Snapshot, tree: GoTree) -> Finding:
    paths = tuple(f"{tree.path}/{name}" for name in tree.not_executable)
    impact = of_tree(snapshot, tree)
    return Finding(
        rule=RULE,
        subject=tree.path,
        message=Text(
            "{count} programs of {tree} have no execute bit, {first} among them",
            count=str(len(paths)),
            tree=tree.path,
            first=paths[0],
        ),
        locations=tuple(Location(path) for path in paths[:10]),
        evidence=(f"ls -l {quote(paths[0])}",),
        contexts=impact.contexts or tree.on_path_of,
        severity=impact.severity,
        explains=(*NO_GO_RUNS, Explains("GS408"), Explains("GS316", tree.path)),
        risk="safe",
        actions=_actions(snapshot, tree),
        advice=Text(
            "Restore the execute bits of all programs of the tree, and of nothing else: a lone change of bin/go leaves compile and link broken."
        ),
    )


def _of_program(snapshot: Snapshot, go: Binary) -> Finding:
    impact = of_program(snapshot, go)
    return Finding(
        rule=RULE,
        subject=go.path,
        message=Text("{path} has no execute bit: its mode is {mode}", path=go.path, mode=f"{go.mode:04o}"),
        locations=(Location(go.path),),
        evidence=(f"ls -lL {quote(go.path)}",),
        contexts=impact.contexts,
        severity=impact.severity,
        explains=(*NO_GO_RUNS, Explains("GS408")),
        risk="safe",
        actions=(SetMode(go.real_path or go.path, go.mode, executable(go.mode)),),
        advice=Text("Give execute to whoever may read it, and look at the programs beside it too."),
    )


def _actions(snapshot: Snapshot, tree: GoTree) -> tuple[Action, ...]:
    """Execute for whoever may read each program; the whole tree where directories lost their bits too, or the modes are not known."""
    root = tree.real_path or tree.path
    inner = tuple(name for name in tree.unsearchable if not name.startswith("/"))
    if inner or len(tree.not_executable) != len(tree.not_executable_modes) or len(tree.not_executable) > MOST_PROGRAMS:
        return (OpenTree(root, others=not is_private(snapshot, root)),)
    modes = zip(tree.not_executable, tree.not_executable_modes)
    return tuple(SetMode(f"{root}/{name}", mode, executable(mode)) for name, mode in modes)


def executable(mode: int) -> int:
    """The mode with execute for everybody who may read: 0640 becomes 0750. Where nobody may, it is that of the distribution."""
    return mode | ((mode & 0o444) >> 2 or 0o755)
