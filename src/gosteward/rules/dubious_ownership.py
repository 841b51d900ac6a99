"""GS905: the repository around a module belongs to somebody else, so git refuses to speak, and go cannot stamp its programs."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import LAST, EditLines, LineEdit
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.modules_in_use import stamped_modules
from gosteward.reasoning.settings_in_force import sessions
from gosteward.reasoning.viewpoint import variable
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Snapshot, Workspace

RULE = Rule(
    id="GS905",
    slug="dubious-ownership",
    title="git refuses the repository of another owner",
    severity="error",
    needs=("workspaces", "c_toolchain", "go_settings"),
    symptoms=(
        "error obtaining VCS status: exit status 128",
        "fatal: detected dubious ownership in repository at '/home/dev/src/app'",
        "Use -buildvcs=false to disable VCS stamping.",
    ),
)
_NAMES = {0: "root", 65534: "nobody"}


def check(snapshot: Snapshot) -> Iterator[Finding]:
    found: dict[str, list[Workspace]] = {}
    for workspace in stamped_modules(snapshot) if has_git(snapshot) else ():
        if workspace.vcs_uid != snapshot.user.uid and not workspace.safe_directory:
            found.setdefault(workspace.vcs, []).append(workspace)
    for vcs, workspaces in found.items():
        yield _finding(snapshot, vcs, tuple(workspaces))


def has_git(snapshot: Snapshot) -> bool:
    """Whether a git is found. Without one, go leaves the stamp out and builds."""
    gits = tuple(tool for tool in snapshot.c_toolchain.tools if tool.role == "git")
    return not gits or any(tool.path for tool in gits)


def _finding(snapshot: Snapshot, vcs: str, workspaces: tuple[Workspace, ...]) -> Finding:
    uid, user = workspaces[0].vcs_uid, snapshot.user
    actions = _actions(snapshot, vcs)
    return Finding(
        rule=RULE,
        subject=vcs,
        message=Text(
            "the repository {vcs} belongs to {owner}, not to {user}: git calls that dubious ownership and stops, and with it `go build` in {modules}",
            vcs=vcs,
            owner=_NAMES.get(uid, f"uid {uid}"),
            user=user.name or f"uid {user.uid}",
            modules=", ".join(w.root for w in workspaces[:3]),
        ),
        locations=(Location(f"{vcs.rstrip('/')}/.git"),),
        evidence=(
            f"stat -c '%U %n' {quote(vcs)} {quote(f'{vcs.rstrip(chr(47))}/.git')}",
            f"git -C {quote(vcs)} status",
        ),
        explains=tuple(Explains("GS911", w.root) for w in workspaces),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "If you trust whoever owns {vcs}, allow exactly that path with safe.directory, as the user who builds; or give the directory back to that user. Never allow every directory at once. -buildvcs=false is the second choice: programs then do not say from which revision they come.",
            vcs=vcs,
        ),
    )


def _actions(snapshot: Snapshot, vcs: str) -> tuple[Action, ...]:
    """A section behind the others of the user's own file of git: exactly this repository."""
    files = {v.value for c in sessions(snapshot) if (v := variable(c, "GIT_CONFIG_GLOBAL")) and v.exported and v.value}
    home = snapshot.user.home.rstrip("/")
    path = files.pop() if len(files) == 1 else f"{home}/.gitconfig" if home and not files else ""
    if not path.startswith("/") or path.startswith("/dev/") or "\n" in vcs:
        return ()
    plain = re.fullmatch(r"[A-Za-z0-9_@%+=:,./-]+", vcs) is not None
    written = vcs if plain else '"' + vcs.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return (EditLines(path, (LineEdit(LAST, after=("[safe]", f"\tdirectory = {written}")),)),)
